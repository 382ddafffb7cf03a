"""One connection for one command: short transactions, no prepared statements, and errors in one line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.sql import Composed

from scrapersky.cli.output import Json
from scrapersky.db.conninfo import conninfo
from scrapersky.db.engine import database_url, explaining_unavailability
from scrapersky.db.revision import VERSION_TABLE
from scrapersky.db.schema import refuse_unless_current
from scrapersky.settings import Settings

Connection = psycopg.Connection[DictRow]
Parameters = Mapping[str, object]


@contextmanager
def connect(settings: Settings | None = None) -> Iterator[Connection]:
    """A connection in autocommit mode to a database of the current schema.

    Raises:
        DatabaseUnavailableError: It cannot be reached, the connection broke, or the schema is not current.
        ConfigurationError: A setting is wrong.
    """
    settings = settings or Settings.load()
    with (
        explaining_unavailability(database_url(settings)),
        psycopg.connect(
            conninfo(settings), autocommit=True, prepare_threshold=None, row_factory=dict_row
        ) as connection,
    ):
        refuse_unless_current(_revision(connection))
        yield connection


def _revision(connection: Connection) -> str | None:
    try:
        [row] = fetch(connection, f"SELECT version_num FROM {VERSION_TABLE}")
    except (psycopg.errors.UndefinedTable, ValueError):
        return None
    return str(row["version_num"])


def make_default_tenant(connection: Connection, settings: Settings) -> None:
    """Make sure that rows of DEFAULT_TENANT_ID have a tenant to belong to."""
    fetch(
        connection,
        "INSERT INTO tenants (id, name) VALUES (%(tenant)s, 'default') ON CONFLICT (id) DO NOTHING",
        {"tenant": settings.default_tenant_id},
    )


def fetch(connection: Connection, sql: str | Composed, parameters: Parameters | None = None) -> list[DictRow]:
    """Run one statement, with parameters by name, and return its rows."""
    cursor = connection.execute(sql.encode() if isinstance(sql, str) else sql, parameters)
    return cursor.fetchall() if cursor.description else []


def fetch_json(connection: Connection, sql: str | Composed, parameters: Parameters | None = None) -> list[Json]:
    """Rows of a SELECT as the server's JSON has them: ISO 8601, and ``infinity``, which Python's datetime lacks."""
    query = sql if isinstance(sql, str) else sql.as_string(connection)
    rows = fetch(connection, f"SELECT to_json(found) AS row FROM ({query}) AS found", parameters)
    return [row["row"] for row in rows]
