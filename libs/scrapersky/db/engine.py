"""Sessions and connections, fit for transaction-mode pooling (PgBouncer, Supavisor).

Nothing here uses session state: no prepared statements, no ``SET`` beyond a transaction, no start-up options that a
pooler would refuse. A pod holds two connections at the most, and only for short transactions.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from scrapersky.errors import ConfigurationError
from scrapersky.settings import Settings

POOL_SIZE = 2
SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg", "postgresql+psycopg2")


def database_url(settings: Settings) -> URL:
    """DATABASE_URL in any of its usual spellings, as a URL for psycopg.

    ``?ssl=`` is asyncpg's name for ``sslmode``; parameters that only other drivers know are dropped.

    Raises:
        ConfigurationError: It is no PostgreSQL URL. The message does not repeat it: it holds a password.
    """
    given = settings.database_url.get_secret_value().strip()
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise ConfigurationError(
            "DATABASE_URL: cannot be read; percent-encode special characters of the password (: / @ # ?)"
        ) from None
    if parts.scheme not in SCHEMES:
        raise ConfigurationError("DATABASE_URL: must look like postgresql://user:password@host:port/name")
    return URL.create(
        "postgresql+psycopg",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        host=parts.hostname,
        port=port,
        database=unquote(parts.path.lstrip("/")) or None,
        query=_query(parts.query),
    )


def _query(text: str) -> dict[str, str]:
    foreign = {"prepared_statement_cache_size", "statement_cache_size", "pgbouncer", "prepared_statement_name_func"}
    query = {name: value for name, value in parse_qsl(text) if name not in foreign}
    if "ssl" in query:
        query.setdefault("sslmode", {"true": "require", "false": "disable"}.get(query["ssl"], query["ssl"]))
        del query["ssl"]
    return query


def conninfo(settings: Settings) -> str:
    """The same as a libpq connection URI, for psycopg without SQLAlchemy."""
    uri = database_url(settings).set(drivername="postgresql")
    uri = uri.update_query_dict(_connect_arguments(settings))
    return uri.render_as_string(hide_password=False)


def _connect_arguments(settings: Settings) -> dict[str, str]:
    return {
        "connect_timeout": str(max(2, round(settings.database_connect_timeout))),
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }


def create_engine(settings: Settings) -> AsyncEngine:
    """An engine with at most two connections, without prepared statements.

    Raises:
        ConfigurationError: As `database_url`.
    """
    return create_async_engine(
        database_url(settings),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=settings.database_connect_timeout,
        connect_args={"prepare_threshold": None, **_connect_arguments(settings)},
    )


@asynccontextmanager
async def get_background_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session with one transaction: committed when the block ends, rolled back when it raises."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        yield session


def where(settings: Settings) -> str:
    """Where the database is, for people: host, port and name, never the password."""
    url = database_url(settings)
    return f"{url.host or 'the local socket'}:{url.port or 5432}/{url.database or ''}"
