"""``scrapersky export``: a table as CSV or JSON lines, streamed, whatever its size."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from psycopg.sql import SQL, Composed, Identifier

from scrapersky.cli.database import Connection, connect
from scrapersky.cli.output import counting, examples
from scrapersky.cli.selection import BAD_VALUE, refuse_bad_values, where_clause
from scrapersky.cli.tables import TableView, table_argument

CANNOT_WRITE = 74
"""As ``EX_IOERR`` of sysexits.h."""
CSV = SQL("COPY (SELECT * FROM {table}{where}) TO STDOUT (FORMAT csv, HEADER)")
# COPY's text format would double every backslash. CSV with a quote and a delimiter that JSON never holds changes
# nothing; the only line ends that JSON may hold are white space of columns of type json.
JSONL = SQL(
    "COPY (SELECT translate(row_to_json(found)::text, E'\\n\\r', '  ') FROM (SELECT * FROM {table}{where}) AS found)"
    " TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
)


class CannotWriteError(click.ClickException):
    """The disk is full, or the file may not be written."""

    exit_code = CANNOT_WRITE


@click.command(
    epilog=examples(
        "export domains --format csv --where-status Completed -o domains.csv",
        "export pages --format jsonl --where domain_id=5f0c2c1e-… | gzip > pages.jsonl.gz",
    )
)
@table_argument()
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl"]),
    required=True,
    help="CSV with a header, or a JSON object a line.",
)
@click.option("--where", "wheres", multiple=True, metavar="COLUMN=VALUE", help="Only such rows; may be repeated.")
@click.option("--where-status", metavar="STATUS", help="Only rows with this status, as for `scrapersky list`.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    default="-",
    help="File to write, whole or not at all; else stdout.",
)
def export(view: TableView, kind: str, wheres: tuple[str, ...], where_status: str | None, output: Path) -> None:
    """Write TABLE as CSV or JSON lines. Memory does not grow with the table.

    TABLE as for `scrapersky list`. The rows are those of one moment. While a large export goes on, vacuum cannot clean
    up: export at a quiet hour.
    """
    with connect() as connection:
        clause = where_clause(connection, view, where_status, wheres)
        query = (CSV if kind == "csv" else JSONL).format(table=Identifier(view.name), where=clause)
        with _target(output) as target, counting("rows") as count:
            try:
                rows = _copy(connection, query, target, count)
            except BAD_VALUE as error:
                raise refuse_bad_values(error) from None
    click.echo(f"{rows:,} rows", err=True)


def _copy(connection: Connection, query: Composed, target: IO[bytes], count: Callable[[int], None]) -> int:
    with connection.cursor() as cursor:
        with cursor.copy(query) as copy:
            for block in copy:
                target.write(block)
                count(1)
        return max(cursor.rowcount, 0)


@contextmanager
def _target(output: Path) -> Iterator[IO[bytes]]:
    try:
        if str(output) == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif output.exists() and not output.is_file():
            with output.open("wb") as device:
                yield device
        else:
            with _whole_or_not_at_all(output) as target:
                yield target
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotWriteError(f"{output}: {error.strerror or error}") from None


@contextmanager
def _whole_or_not_at_all(output: Path) -> Iterator[IO[bytes]]:
    number, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(number, "wb") as target:
            yield target
        Path(name).chmod(output.stat().st_mode & 0o777 if output.exists() else 0o666 & ~_umask())
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
