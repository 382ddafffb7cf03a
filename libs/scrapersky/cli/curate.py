"""``scrapersky curate``: decisions in bulk."""

import click

from scrapersky.cli.database import Connection, connect, fetch
from scrapersky.cli.output import confirm
from scrapersky.cli.tables import CURATED, TABLES, TableView
from scrapersky.db.curation import COUPLINGS
from scrapersky.db.enums import CurationStatus

BATCH = 1_000
STATUS = click.Choice([status.value for status in CurationStatus], case_sensitive=False)


@click.command(epilog="Example: scrapersky curate places_staging --where-status New --set Selected")
@click.argument("table", type=CURATED, metavar="TABLE")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--where-status", type=STATUS, help="Every row that has this curation status.")
@click.option("--all", "everything", is_flag=True, help="Every row of the table.")
@click.option("--set", "status", type=STATUS, required=True, help="The decision.")
@click.option("--yes", is_flag=True, help="Do not ask before changing --all.")
def curate(
    table: str, ids: tuple[str, ...], where_status: str | None, status: str, *, everything: bool, yes: bool
) -> None:
    """Set the curation status of rows of TABLE. Selected queues a row for the next service.

    \b
    places_staging     Selected queues the deep scan
    local_businesses   Selected queues the extraction of the domain
    domains            Selected queues the sitemap analysis
    sitemap_files      Selected queues the import
    """  # noqa: D301
    if bool(ids) + bool(where_status) + everything != 1:
        raise click.UsageError("give IDs, or --where-status, or --all")
    view = TABLES[table]
    condition, value = _condition(view, ids, where_status)
    if everything:
        confirm(f"Set every row of {table} to {status}?", yes=yes)
    with connect() as connection:
        changed, queued = _set(connection, view, status, condition, value)
    click.echo(f"{changed} changed, {queued} queued for the next service")


def _condition(view: TableView, ids: tuple[str, ...], where_status: str | None) -> tuple[str, list[object]]:
    if ids:
        return f"id = ANY(%s::{view.key_type}[])", [list(ids)]
    if where_status:
        return f'{view.curation} = %s::text::"SitemapCurationStatusEnum"', [where_status]
    return "true", []


def _set(connection: Connection, view: TableView, status: str, condition: str, value: list[object]) -> tuple[int, int]:
    """In batches of short transactions, in id order, each beginning after the last id of the one before."""
    queue = next(c.queue for c in COUPLINGS if c.queue.table == view.name and c.status == view.curation)
    changed = queued = 0
    last: object = None
    while True:
        rows = fetch(
            connection,
            f'UPDATE {view.name} SET {view.curation} = %s::text::"SitemapCurationStatusEnum"'
            f" WHERE id = ANY(ARRAY(SELECT id FROM {view.name} WHERE {condition}"
            f' AND {view.curation} IS DISTINCT FROM %s::text::"SitemapCurationStatusEnum"'
            f" AND (%s::{view.key_type} IS NULL OR id > %s::{view.key_type})"
            f" ORDER BY id LIMIT {BATCH} FOR NO KEY UPDATE))"
            f" RETURNING id, {queue.status} = 'Queued' AS queued",
            status,
            *value,
            status,
            last,
            last,
        )
        changed += len(rows)
        queued += sum(bool(row["queued"]) for row in rows)
        if len(rows) < BATCH:
            return changed, queued if status == CurationStatus.SELECTED else 0
        last = max(row["id"] for row in rows)
