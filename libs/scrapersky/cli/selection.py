"""Which rows a command means: IDs, a status, ``COLUMN=VALUE``; and updates of many rows in short transactions."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import click
from psycopg import DataError
from psycopg.errors import UndefinedFunction
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier, Literal

from scrapersky.cli.database import Connection, Parameters, fetch
from scrapersky.cli.tables import TableView
from scrapersky.errors import InputError

BATCH = 1_000
LARGEST_INT = 2**31 - 1


def find_ids(connection: Connection, view: TableView, given: Iterable[str]) -> list[object]:
    """The keys of rows that were named on the command line; ``-`` reads names from stdin, the first word of each line.

    A name is an id, or what the table's natural key holds. Each that no row has is named on stderr.

    Raises:
        InputError: No row has any of them.
    """
    names = list(dict.fromkeys(_names(given)))
    keys = [key for name in names if (key := _key(view, name)) is not None]
    natural = view.natural or "id"
    rows = fetch(
        connection,
        f"SELECT id, {natural}::text AS natural FROM {view.name} WHERE id = ANY(%(keys)s::{view.key_type}[])"
        f" UNION SELECT id, {natural}::text FROM {view.name} WHERE {natural}::text = ANY(%(names)s)",
        {"keys": keys, "names": names if view.natural else []},
    )
    known = {str(row["id"]) for row in rows} | {row["natural"] for row in rows}
    unknown = [name for name in names if name not in known and str(_key(view, name)) not in known]
    if not rows:
        raise InputError(f"{view.name} has no row {', '.join(unknown[:10]) or 'without a name'}")
    for name in unknown:
        click.echo(f"{view.name} has no row {name}", err=True)
    return sorted(row["id"] for row in rows)


def _names(given: Iterable[str]) -> Iterator[str]:
    for name in given:
        if name == "-":
            yield from (line.split()[0] for line in sys.stdin if line.strip())
        else:
            yield name


def _key(view: TableView, name: str) -> object:
    if view.key_type == "int":
        return int(name) if name.isascii() and name.isdigit() and int(name) <= LARGEST_INT else None
    try:
        return UUID(name)
    except ValueError:
        return None


def where_clause(connection: Connection, view: TableView, status: str | None, wheres: Sequence[str]) -> Composed:
    """A WHERE clause from ``--status`` and ``--where COLUMN=VALUE``, or nothing.

    Raises:
        click.UsageError: No such status or column.
    """
    conditions = [] if status is None else [(view.status_column(status), status)]
    columns = [
        column.name for column in connection.execute(f"SELECT * FROM {view.name} LIMIT 0".encode()).description or ()
    ]
    for where in wheres:
        column, equals, value = where.partition("=")
        if not equals or column not in columns:
            raise click.UsageError(f"--where {where}: must be COLUMN=VALUE, with a column of {', '.join(columns)}")
        conditions.append((column, value))
    if not conditions:
        return Composed([])
    filters = [SQL("{} = {}").format(Identifier(column), Literal(value)) for column, value in conditions]
    return SQL(" WHERE ") + SQL(" AND ").join(filters)


def refuse_bad_values(error: Exception) -> InputError:
    """What the server says of a value that a column cannot be compared with."""
    return InputError(f"--where: {str(error).splitlines()[0]}")


BAD_VALUE = (DataError, UndefinedFunction)


def update_in_batches(
    connection: Connection, view: TableView, status: str, assignments: str, condition: str, parameters: Parameters
) -> Iterator[list[DictRow]]:
    """Update the rows that meet a condition: a thousand a transaction, in id order, so that nobody waits for long.

    Args:
        connection: In autocommit mode.
        view: The table.
        status: A status column, returned as it was ``before`` and is ``after``.
        assignments: SQL after SET.
        condition: SQL after WHERE.
        parameters: Of both, by name.

    Yields:
        The rows of each batch: id, before, after.
    """
    last: object = None
    while True:
        rows = fetch(
            connection,
            f"WITH chosen AS MATERIALIZED (SELECT id, {status}::text AS before FROM {view.name} WHERE {condition}"
            f" AND (%(last)s::{view.key_type} IS NULL OR id > %(last)s::{view.key_type})"
            f" ORDER BY id LIMIT {BATCH} FOR NO KEY UPDATE)"
            f" UPDATE {view.name} AS changed SET {assignments} FROM chosen WHERE changed.id = chosen.id"
            f" RETURNING changed.id, before, changed.{status}::text AS after",
            {**parameters, "last": last},
        )
        yield rows
        if len(rows) < BATCH:
            return
        last = max(row["id"] for row in rows)
