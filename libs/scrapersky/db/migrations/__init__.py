"""Migrations: safe to run twice and from two pods at once, and through a transaction-mode pooler.

All of an upgrade is one transaction, behind a transaction-level advisory lock: whoever comes second waits and finds
nothing to do, and a failed upgrade leaves the old schema whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from scrapersky.db.engine import database_url, where
from scrapersky.db.models import Base
from scrapersky.db.schema import HEAD, VERSION_TABLE
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.settings import Settings

ADVISORY_LOCK = 0x5C4A_9E25


def upgrade(settings: Settings) -> tuple[str | None, str]:
    """Bring the schema to `HEAD`; return the revisions before and after.

    Raises:
        DatabaseUnavailableError: The database cannot be reached.
    """
    with _transaction(settings) as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        before = _revision(connection)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before, HEAD


def current(settings: Settings) -> str | None:
    """The database's revision, or None where there is none.

    Raises:
        DatabaseUnavailableError: The database cannot be reached.
    """
    with _transaction(settings) as connection:
        return _revision(connection)


def missing(settings: Settings) -> list[str]:
    """What the schema lacks, or has otherwise than the models say: one line each.

    Tables and columns that are not ours are of no concern.

    Raises:
        DatabaseUnavailableError: The database cannot be reached.
    """
    with _transaction(settings) as connection:
        revision = _revision(connection)
        found = (
            [] if revision == HEAD else [f"revision is {revision or 'none'}, not {HEAD}: run `scrapersky db upgrade`"]
        )
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _ours, "version_table": VERSION_TABLE}
        )
        for difference in compare_metadata(context, Base.metadata):
            changes = difference if isinstance(difference, list) else [difference]
            found += [" ".join(str(part) for part in change if part is not None) for change in changes]
        return found


def _ours(_object: object, _name: str | None, _type: str, reflected: bool, compare_to: object) -> bool:  # noqa: FBT001
    return not (reflected and compare_to is None)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return revision


@contextmanager
def _transaction(settings: Settings) -> Iterator[Connection]:
    timeout = max(2, round(settings.database_connect_timeout))
    engine = create_engine(
        database_url(settings),
        poolclass=NullPool,
        connect_args={"prepare_threshold": None, "connect_timeout": timeout},
    )
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[-1]
        raise DatabaseUnavailableError(
            f"DATABASE_URL: the database at {where(settings)} cannot be used: {reason}; is it running and reachable?"
        ) from error
    finally:
        engine.dispose()
