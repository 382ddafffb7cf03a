"""COPY in the transaction of a session; SQLAlchemy has no words for it, so it goes to the driver."""

from collections.abc import Iterable

from psycopg import AsyncConnection
from sqlalchemy.ext.asyncio import AsyncSession


async def copy_rows(session: AsyncSession, target: str, blocks: Iterable[str]) -> None:
    """Write rows by one COPY.

    Args:
        session: In a transaction.
        target: A table, and its columns in parentheses if not all of them.
        blocks: Whole lines, any number in each, in COPY's text format.

    Raises:
        psycopg.Error: As the server answers; the transaction, or its savepoint, is to be rolled back.
    """
    connection = await session.connection()
    driver: AsyncConnection[object] | None = (await connection.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101
    async with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN".encode()) as copy:
        for block in blocks:
            await copy.write(block)
