"""One connection for one command: short transactions, no prepared statements, errors in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from scrapersky.db.engine import conninfo, database_url, explaining_unavailability
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.settings import Settings

Connection = psycopg.Connection[DictRow]


@contextmanager
def connect(settings: Settings | None = None) -> Iterator[Connection]:
    """A connection in autocommit mode; open transactions with ``connection.transaction()``.

    Raises:
        DatabaseUnavailableError: It cannot be reached, the connection broke, or the schema is missing.
        ConfigurationError: DATABASE_URL is wrong.
    """
    settings = settings or Settings.load()
    try:
        with (
            explaining_unavailability(database_url(settings)),
            psycopg.connect(
                conninfo(settings), autocommit=True, prepare_threshold=None, row_factory=dict_row
            ) as connection,
        ):
            yield connection
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        missing = str(error).splitlines()[0]
        raise DatabaseUnavailableError(f"the schema is not current ({missing}): run `scrapersky db upgrade`") from None


def fetch(connection: Connection, sql: str, *values: Any) -> list[DictRow]:  # noqa: ANN401
    """Run one statement and return its rows."""
    cursor = connection.execute(sql.encode(), values or None)
    return cursor.fetchall() if cursor.description else []
