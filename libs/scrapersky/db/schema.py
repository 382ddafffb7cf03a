"""Whether the database's schema is the one that this code works with: one cheap query, without Alembic."""

from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.errors import DatabaseUnavailableError

HEAD = "0001"
"""The revision that this code works with; a test compares it with the newest file in ``migrations/versions``."""
VERSION_TABLE = "scrapersky_schema"
"""Not Alembic's default: a database that exists already may have one of its own."""


async def require_current(engine: AsyncEngine) -> None:
    """Raise unless the database answers and its schema is current.

    Raises:
        DatabaseUnavailableError: One line that says what to do.
    """
    try:
        async with engine.begin() as connection:
            found = (await connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    except ProgrammingError:
        found = None
    except (OperationalError, OSError) as error:
        at = f"{engine.url.host or 'the local socket'}:{engine.url.port or 5432}/{engine.url.database or ''}"
        reason = str(getattr(error, "orig", error)).strip().splitlines()[-1]
        raise DatabaseUnavailableError(
            f"DATABASE_URL: the database at {at} cannot be used: {reason}; is it running and reachable?"
        ) from error
    if found != HEAD:
        raise DatabaseUnavailableError(
            f"the database's schema is {found or 'not there'}, this version needs {HEAD}: run `scrapersky db upgrade`"
        )
