"""``scrapersky list``: rows of a table."""

import click
from psycopg.sql import SQL, Composed, Identifier, Literal

from scrapersky.cli.database import connect, fetch_json
from scrapersky.cli.output import examples, json_option, print_rows
from scrapersky.cli.selection import BAD_VALUE, refuse_bad_values, where_clause
from scrapersky.cli.tables import TableView, table_argument


@click.command(
    "list",
    epilog=examples("list domains --status Error --limit 5 --json", "list pages --where domain_id=5f0c2c1e-…"),
)
@table_argument()
@click.option("--status", help="Only rows with this status, e.g. Queued, Error, Selected.")
@click.option("--where", "wheres", multiple=True, metavar="COLUMN=VALUE", help="Only such rows; may be repeated.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@json_option("an array of rows, with every column")
def list_rows(view: TableView, status: str | None, wheres: tuple[str, ...], limit: int, *, as_json: bool) -> None:
    """List rows of TABLE by id; with --json every column of them. `scrapersky export` writes all rows.

    \b
    TABLE: place_searches (searches), jobs, places_staging (places), local_businesses (businesses),
    domains, sitemap_files (sitemaps), pages, service_runs (runs), tenants, batch_jobs, sitemap_urls

    --status means the status of the table's queue where it has the label, else the curation status.
    """  # noqa: D301
    with connect() as connection:
        clause = where_clause(connection, view, status, wheres)
        columns = SQL("*") if as_json else SQL(", ").join(map(Identifier, view.columns))
        query: Composed = SQL("SELECT {} FROM {}{} ORDER BY id LIMIT {}").format(
            columns, Identifier(view.name), clause, Literal(limit)
        )
        try:
            rows = fetch_json(connection, query)
        except BAD_VALUE as error:
            raise refuse_bad_values(error) from None
    print_rows(rows, view.columns, as_json=as_json)
