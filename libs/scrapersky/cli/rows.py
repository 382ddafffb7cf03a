"""``scrapersky list`` and ``scrapersky show``: rows of a table."""

import json

import click
from psycopg import DataError

from scrapersky.cli.database import connect, fetch
from scrapersky.cli.output import print_rows
from scrapersky.cli.tables import TABLE, TABLES
from scrapersky.errors import InputError


@click.command("list", epilog="Example: scrapersky list domains --status Error --limit 5 --json")
@click.argument("table", type=TABLE, metavar="TABLE")
@click.option("--status", help="Rows whose queue's status is this, e.g. Queued, Completed, Error.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, with every column.")
def list_rows(table: str, status: str | None, limit: int, *, as_json: bool) -> None:
    """List rows of TABLE. `scrapersky export` writes all of them."""
    view = TABLES[table]
    if status is not None and view.status is None:
        raise click.UsageError(f"{table} has no status to filter by")
    columns = "*" if as_json else ", ".join(view.columns)
    condition = f"{view.status}::text = %s" if status else "%s::text IS NULL"
    with connect() as connection:
        rows = fetch(connection, f"SELECT {columns} FROM {table} WHERE {condition} ORDER BY id LIMIT %s", status, limit)
    print_rows(rows, view.columns, as_json=as_json)


@click.command(epilog="Example: scrapersky show domains 5f0c2c1e-5d0c-4a7e-8f57-0d6c3f0c7a11")
@click.argument("table", type=TABLE, metavar="TABLE")
@click.argument("row_id", metavar="ID")
def show(table: str, row_id: str) -> None:
    """Show one row of TABLE, with every column, as JSON."""
    with connect() as connection:
        try:
            rows = fetch(connection, f"SELECT * FROM {table} WHERE id = %s::{TABLES[table].key_type}", row_id)
        except DataError:
            raise InputError(f"{row_id!r} is not an id of {table}") from None
    if not rows:
        raise InputError(f"{table} has no row {row_id}")
    click.echo(json.dumps(rows[0], default=str, indent=2))
