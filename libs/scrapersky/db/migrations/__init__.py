"""Migrations: safe to run twice and from two pods at once, and through a transaction-mode pooler.

All of an upgrade is one transaction, behind a transaction-level advisory lock: whoever comes second waits and finds
nothing to do, and a failed upgrade leaves the old schema whole. Triggers are made anew after the revisions, so that
they fit the queues as they are now. At the end the schema is compared with the models: what an upgrade could not bring
to that form, it refuses as a whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from scrapersky.db.curation import trigger_statements
from scrapersky.db.engine import DRIVER_ARGUMENTS, database_url, explaining_unavailability, where
from scrapersky.db.migrations.differences import differences
from scrapersky.db.revision import HEAD, VERSION_TABLE
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.queue.queues import QUEUES
from scrapersky.settings import Settings

ADVISORY_LOCK = 0x5C4A_9E25
WAIT_FOR_ANOTHER_UPGRADE = "60s"
WAIT_FOR_A_TABLE = "5s"
"""A waiting ALTER makes everybody queue up behind it: rather fail, and be run again."""


def upgrade(settings: Settings) -> tuple[str | None, str]:
    """Bring the schema to `HEAD`; return the revisions before and after.

    Raises:
        DatabaseUnavailableError: The database cannot be reached, or holds what this version cannot upgrade; nothing was
            changed then.
    """
    with _transaction(settings) as connection:
        _wait_at_most(connection, WAIT_FOR_ANOTHER_UPGRADE)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        _wait_at_most(connection, WAIT_FOR_A_TABLE)
        before = _revision(connection)
        if before != HEAD:
            with _all_or_nothing(connection):
                _migrate(connection, settings)
        return before, HEAD


def current(settings: Settings) -> str | None:
    """The database's revision, or None where there is none.

    Raises:
        DatabaseUnavailableError: The database cannot be reached.
    """
    with _transaction(settings) as connection:
        return _revision(connection)


def missing(settings: Settings) -> list[str]:
    """What the schema lacks, or has otherwise than the models say: one line each, none when all is well.

    Raises:
        DatabaseUnavailableError: The database cannot be reached.
    """
    with _transaction(settings) as connection:
        revision = _revision(connection)
        if revision is None:
            return ["the schema: run `scrapersky db upgrade`"]
        stale = [] if revision == HEAD else [f"revision {HEAD}: it is {revision}; run `scrapersky db upgrade`"]
        return stale + differences(connection)


def _migrate(connection: Connection, settings: Settings) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    for statement in trigger_statements():
        connection.exec_driver_sql(statement)
    for queue in QUEUES.values():
        # The trigger fills in when they are due: rows that the original backend left have no such time.
        connection.exec_driver_sql(
            f"UPDATE {queue.table} SET {queue.due_at} = NULL"  # noqa: S608
            f" WHERE {queue.status} IN ('Queued', '{queue.processing}') AND {queue.due_at} IS NULL"
        )
    connection.execute(
        text("INSERT INTO tenants (id, name) VALUES (:id, 'default') ON CONFLICT DO NOTHING"),
        {"id": settings.default_tenant_id},
    )


@contextmanager
def _all_or_nothing(connection: Connection) -> Iterator[None]:
    try:
        yield
        unlike = differences(connection)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        unlike = [str(error.orig).splitlines()[0]]
    except CommandError as error:
        unlike = [f"{error}: it is a newer version's"]
    if unlike:
        raise DatabaseUnavailableError(
            f"the database at {where(connection.engine.url)} cannot be upgraded, and nothing was changed: "
            + "; ".join(unlike)
        )


def _wait_at_most(connection: Connection, duration: str) -> None:
    connection.execute(text("SELECT set_config('lock_timeout', :duration, true)"), {"duration": duration})


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return revision


@contextmanager
def _transaction(settings: Settings) -> Iterator[Connection]:
    engine = create_engine(
        database_url(settings), poolclass=NullPool, use_native_hstore=False, connect_args=DRIVER_ARGUMENTS
    )
    with explaining_unavailability(engine.url), engine.begin() as connection:
        yield connection
