"""Migrations: safe to run twice and from two pods at once, and through a transaction-mode pooler.

An upgrade is one transaction, behind a transaction-level advisory lock: whoever comes second waits and finds nothing to
do, and a failed upgrade leaves the old schema whole. Tables of the original backend are made ready for it first, see
`scrapersky.db.migrations.adoption`. Triggers are made anew after the revisions, so that
they fit the queues as they are now. At the end the schema is compared with the models: what an upgrade could not bring
to that form, it refuses as a whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from scrapersky.db.curation import trigger_statements
from scrapersky.db.engine import DRIVER_ARGUMENTS, database_url, explaining_unavailability, where
from scrapersky.db.migrations.adoption import Say, is_legacy, prepare
from scrapersky.db.migrations.adoption.conversion import convert
from scrapersky.db.migrations.adoption.readings import UnreadError
from scrapersky.db.migrations.adoption.steps import Steps, alone
from scrapersky.db.migrations.differences import differences
from scrapersky.db.revision import HEAD, VERSION_TABLE
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.queue.queues import QUEUES
from scrapersky.settings import Settings

ADVISORY_LOCK = 0x5C4A_9E25
WAIT_FOR_ANOTHER_UPGRADE = "60s"
WAIT_FOR_A_TABLE = "1s"
"""A waiting ALTER makes everybody queue up behind it: rather give up, and try again later."""


class UnlikeError(Exception):
    """The upgraded schema is not the one that the models declare."""


def upgrade(settings: Settings, say: Say = lambda _line: None) -> tuple[str | None, str]:
    """Bring the schema to `HEAD`; return the revisions before and after.

    Args:
        settings: Where the database is, and its default tenant.
        say: Told, a line each, what was merged while tables that were there already were adopted.

    Raises:
        DatabaseUnavailableError: The database cannot be reached, or holds what this version cannot upgrade; nothing was
            changed then.
    """
    engine = _engine(settings)
    with explaining_unavailability(engine.url):
        if _is_legacy(engine):
            with alone(engine):
                if _is_legacy(engine):
                    return _adopt(engine, settings, say)
        with _all_or_nothing(engine), engine.begin() as connection:
            return _upgrade(connection, settings)


def _adopt(engine: Engine, settings: Settings, say: Say) -> tuple[str | None, str]:
    with _all_or_nothing(engine), Steps(engine, WAIT_FOR_A_TABLE) as steps:
        prepare(steps, say)
        return steps.retried(lambda connection: _upgrade(connection, settings))


def _is_legacy(engine: Engine) -> bool:
    with engine.begin() as connection:
        return is_legacy(connection)


def _upgrade(connection: Connection, settings: Settings) -> tuple[str | None, str]:
    _wait_at_most(connection, WAIT_FOR_ANOTHER_UPGRADE)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    _wait_at_most(connection, WAIT_FOR_A_TABLE)
    before = _revision(connection)
    if before != HEAD:
        _migrate(connection, settings)
        unlike = differences(connection)
        if unlike:
            raise UnlikeError("; ".join(unlike))
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
    convert(connection)
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
def _all_or_nothing(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None:
            raise
        why = str(error.orig).splitlines()[0]
    except CommandError as error:
        why = f"{error}: it is a newer version's"
    except (UnlikeError, UnreadError) as error:
        why = str(error)
    else:
        return
    raise DatabaseUnavailableError(
        f"the database at {where(engine.url)} cannot be upgraded, and nothing was changed: {why}"
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
    engine = _engine(settings)
    with explaining_unavailability(engine.url), engine.begin() as connection:
        yield connection


def _engine(settings: Settings) -> Engine:
    return create_engine(
        database_url(settings), poolclass=NullPool, use_native_hstore=False, connect_args=DRIVER_ARGUMENTS
    )
