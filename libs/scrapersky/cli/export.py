"""``scrapersky export``: a table to CSV or JSON lines, streamed, whatever its size."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from psycopg import DataError
from psycopg.sql import SQL, Composed, Identifier, Literal

from scrapersky.cli.database import Connection, connect
from scrapersky.cli.tables import TABLE, TABLES
from scrapersky.errors import InputError


@click.command(epilog="Example: scrapersky export pages --format csv --where domain_id=5f0c… -o pages.csv")
@click.argument("table", type=TABLE, metavar="TABLE")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl"]),
    required=True,
    help="CSV with a header, or an object a line.",
)
@click.option(
    "--where", "wheres", multiple=True, metavar="COLUMN=VALUE", help="Only rows with this value; may be repeated."
)
@click.option("--where-status", metavar="STATUS", help="Only rows whose queue's status is this.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, at once or not at all; else stdout.",
)
def export(table: str, kind: str, wheres: tuple[str, ...], where_status: str | None, output: Path | None) -> None:
    """Write TABLE as CSV or JSON lines. Memory does not grow with the table."""
    conditions = [_condition(table, where) for where in wheres]
    if where_status is not None:
        if TABLES[table].status is None:
            raise click.UsageError(f"{table} has no status to filter by")
        conditions.append((TABLES[table].status or "", where_status))
    with connect() as connection, _target(output) as target:
        try:
            rows = _copy(connection, _query(table, kind, conditions), target)
        except DataError as error:
            raise InputError(str(error).splitlines()[0]) from None
    click.echo(f"{rows:,} rows", err=True)


def _condition(table: str, where: str) -> tuple[str, str]:
    column, equals, value = where.partition("=")
    if not equals or not column.isidentifier():
        raise click.UsageError(f"--where {where}: must look like COLUMN=VALUE, with a column of {table}")
    return column, value


def _query(table: str, kind: str, conditions: list[tuple[str, str]]) -> Composed:
    filters = [SQL("{}::text = {}").format(Identifier(column), Literal(value)) for column, value in conditions]
    where = SQL(" WHERE ") + SQL(" AND ").join(filters) if filters else SQL("")
    rows = SQL("SELECT * FROM {}").format(Identifier(table)) + where
    if kind == "csv":
        return SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(rows)
    # CSV's quoting undone by characters that JSON never holds: COPY's text format would double every backslash.
    objects = SQL("SELECT row_to_json(found) FROM ({}) AS found").format(rows)
    return SQL("COPY ({}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')").format(objects)


def _copy(connection: Connection, query: Composed, target: IO[bytes]) -> int:
    with connection.cursor() as cursor:
        with cursor.copy(query) as copy:
            for block in copy:
                target.write(block)
        return max(cursor.rowcount, 0)


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    handle, name = tempfile.mkstemp(dir=output.parent or Path(), prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
