"""DATABASE_URL in any of its usual spellings, as libpq's parameters; cheap to import, for it knows no SQLAlchemy."""

from urllib.parse import parse_qsl, unquote, urlsplit

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from scrapersky.errors import ConfigurationError
from scrapersky.settings import Settings

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg", "postgresql+psycopg2")
FOREIGN = frozenset(
    {"command_timeout", "pgbouncer", "prepared_statement_cache_size", "prepared_statement_name_func"}
    | {"statement_cache_size", "connection_limit", "pool_timeout", "schema"}
)
"""Parameters that asyncpg, SQLAlchemy's dialect for it and Prisma read from a URL, and libpq does not know."""


def address(settings: Settings) -> dict[str, str]:
    """Where the database is and who asks: ``host``, ``port``, ``user``, ``password``, ``dbname``, as far as given.

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
    given = {
        "host": parts.hostname and unquote(parts.hostname),
        "port": port and str(port),
        "user": parts.username and unquote(parts.username),
        "password": parts.password and unquote(parts.password),
        "dbname": unquote(parts.path.lstrip("/")),
    }
    return {name: str(value) for name, value in given.items() if value}


def options(settings: Settings) -> dict[str, str]:
    """How to connect: the URL's own parameters over our defaults.

    ``?ssl=`` is asyncpg's name for ``sslmode``. A peer that went silent is noticed within a minute, unless the URL says
    otherwise.

    Raises:
        ConfigurationError: A parameter that nobody knows.
    """
    ours = {
        "application_name": "scrapersky",
        "connect_timeout": str(max(2, round(settings.database_connect_timeout))),
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }
    return ours | _given(urlsplit(settings.database_url.get_secret_value().strip()).query)


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
    """All of it as one connection string, for psycopg.

    Raises:
        ConfigurationError: As `address` and `options`.
    """
    return make_conninfo(**{**address(settings), **options(settings)})
