"""Sessions and connections, fit for transaction-mode pooling (PgBouncer, Supavisor).

Nothing here uses session state: no prepared statements, no ``SET`` beyond a transaction, no start-up options that a
pooler would refuse. A pod holds two connections at the most, and only for short transactions.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from scrapersky.db.conninfo import address, options
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.settings import Settings

POOL_SIZE = 2
DRIVER_ARGUMENTS = {"prepare_threshold": None}
"""A prepared statement lives in a session, and behind a pooler the next transaction may get another one."""


def database_url(settings: Settings) -> URL:
    """DATABASE_URL for SQLAlchemy with psycopg, sync and async alike; see `scrapersky.db.conninfo`.

    Raises:
        ConfigurationError: It is no PostgreSQL URL. The message does not repeat it: it holds a password.
    """
    given = address(settings)
    return URL.create(
        "postgresql+psycopg",
        username=given.get("user"),
        password=given.get("password"),
        host=given.get("host"),
        port=int(given["port"]) if "port" in given else None,
        database=given.get("dbname"),
        query=options(settings),
    )


def create_engine(settings: Settings) -> AsyncEngine:
    """An engine with at most two connections, without prepared statements.

    Connections are not tested before use: a drain repeats a transaction that a lost connection broke, and a test would
    cost each of them a round trip.

    Raises:
        ConfigurationError: As `database_url`.
    """
    return create_async_engine(
        database_url(settings),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=settings.database_connect_timeout,
        use_native_hstore=False,
        connect_args=DRIVER_ARGUMENTS,
    )


@asynccontextmanager
async def get_background_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session with one transaction: committed when the block ends, rolled back when it raises.

    Raises:
        DatabaseUnavailableError: The database cannot be reached, or was lost on the way.
    """
    with explaining_unavailability(engine.url):
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session


@contextmanager
def explaining_unavailability(url: URL) -> Iterator[None]:
    """Translate what SQLAlchemy or psycopg raise about a database that cannot be used: one line with what to do.

    Raises:
        DatabaseUnavailableError: The database cannot be reached, refuses us, or was lost on the way. The password is
            not in the message.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(f"the database at {where(url)} gave no connection in time") from error
    except UnicodeError as error:  # from the resolver, of a host that cannot be a name
        raise DatabaseUnavailableError(f"the database at {where(url)} {_reason(str(error))}") from error
    except (DBAPIError, psycopg.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(original, (psycopg.OperationalError, psycopg.InterfaceError)):
            reason = _reason(original.diag.message_primary or str(original))
        elif isinstance(original, psycopg.errors.InsufficientPrivilege):
            reason = f"refuses: {str(original).splitlines()[0]}; grant it to the user of DATABASE_URL"
        else:
            raise
        raise DatabaseUnavailableError(f"the database at {where(url)} {reason}") from error


def _reason(message: str) -> str:
    lines = [line for line in message.splitlines() if line.strip() and not line.startswith("\t")]
    last = lines[-1].rpartition(" failed: ")[2] if lines else "the connection was lost"
    if last.startswith("FATAL:"):
        return f"refuses: {last.removeprefix('FATAL:').strip()}; check user, password and name in DATABASE_URL"
    return f"cannot be used: {last}; is it running and reachable from here? DATABASE_URL says where it is looked for"


def where(url: URL) -> str:
    """Where a database is, for people: host, port and name, never the password."""
    host = url.host or url.query.get("host") or "the local socket"
    return f"{host}:{url.port or 5432}/{url.database or url.username or ''}"
