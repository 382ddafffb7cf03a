"""Sessions and connections, fit for transaction-mode pooling (PgBouncer, Supavisor).

Nothing here uses session state: no prepared statements, no ``SET`` beyond a transaction, no start-up options that a
pooler would refuse. A pod holds two connections at the most, and only for short transactions.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg.pq import Conninfo
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from scrapersky.errors import ConfigurationError, DatabaseUnavailableError
from scrapersky.settings import Settings

POOL_SIZE = 2
SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg", "postgresql+psycopg2")
FOREIGN = frozenset(
    {"command_timeout", "pgbouncer", "prepared_statement_cache_size", "prepared_statement_name_func"}
    | {"statement_cache_size", "connection_limit", "pool_timeout", "schema"}
)
"""Parameters that asyncpg, SQLAlchemy's dialect for it and Prisma read from a URL, and libpq does not know."""
DRIVER_ARGUMENTS = {"prepare_threshold": None}
"""A prepared statement lives in a session, and behind a pooler the next transaction may get another one."""


def database_url(settings: Settings) -> URL:
    """DATABASE_URL in any of its usual spellings, as a URL for SQLAlchemy with psycopg, sync and async alike.

    ``?ssl=`` is asyncpg's name for ``sslmode``. A peer that went silent is noticed within a minute, unless the URL's
    own parameters say otherwise.

    Raises:
        ConfigurationError: It is no PostgreSQL URL. The message does not repeat it: it holds a password.
    """
    try:
        parts = urlsplit(settings.database_url.get_secret_value().strip())
        port = parts.port
    except ValueError:
        raise ConfigurationError(
            "DATABASE_URL: cannot be read; percent-encode special characters of the password (: / @ # ?)"
        ) from None
    if parts.scheme not in SCHEMES or not (parts.netloc or parts.path.startswith("/")):
        raise ConfigurationError("DATABASE_URL: must look like postgresql://user:password@host:port/name")
    return URL.create(
        "postgresql+psycopg",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        host=unquote(parts.hostname) if parts.hostname else None,
        port=port,
        database=unquote(parts.path.lstrip("/")) or None,
        query=_defaults(settings) | _given(parts.query),
    )


def _defaults(settings: Settings) -> dict[str, str]:
    return {
        "application_name": "scrapersky",
        "connect_timeout": str(max(2, round(settings.database_connect_timeout))),
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }


def _given(query: str) -> dict[str, str]:
    given = {name: value for name, value in parse_qsl(query) if name not in FOREIGN}
    if "ssl" in given:
        ssl = given.pop("ssl")
        given.setdefault("sslmode", {"true": "require", "false": "disable"}.get(ssl.lower(), ssl))
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise ConfigurationError(f"DATABASE_URL: unknown parameter {', '.join(unknown)}; libpq's are understood")
    return given


def conninfo(settings: Settings) -> str:
    """The same as a libpq connection URI, for psycopg without SQLAlchemy.

    Raises:
        ConfigurationError: As `database_url`.
    """
    return database_url(settings).set(drivername="postgresql").render_as_string(hide_password=False)


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
