"""Whether the database's schema is the one that this code works with: one cheap query, without Alembic."""

from psycopg.errors import UndefinedTable
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.db.engine import explaining_unavailability
from scrapersky.db.revision import HEAD, VERSION_TABLE
from scrapersky.errors import NotMigratedError


async def require_current(engine: AsyncEngine) -> None:
    """Raise unless the database answers and its schema is current.

    Raises:
        DatabaseUnavailableError: It does not answer; or, as NotMigratedError, what to do about its schema.
    """
    with explaining_unavailability(engine.url):
        found = await _revision(engine)
    refuse_unless_current(found)


def refuse_unless_current(found: str | None) -> None:
    """Raise unless this is the revision that this code works with; None stands for no schema.

    Raises:
        NotMigratedError: One line that says what to do.
    """
    if found != HEAD:
        state = f"is at revision {found}" if found else "is not migrated"
        raise NotMigratedError(f"the database {state}, this version needs {HEAD}: run `scrapersky db upgrade`")


async def _revision(engine: AsyncEngine) -> str | None:
    try:
        async with engine.begin() as connection:
            answer = await connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
            return answer.scalar()
    except ProgrammingError as error:
        if isinstance(error.orig, UndefinedTable):
            return None
        raise
