"""``scrapersky curate``: decisions in bulk."""

import click

from scrapersky.cli.database import connect
from scrapersky.cli.output import confirm, counting, examples, json_option, print_counts
from scrapersky.cli.selection import find_ids, update_in_batches
from scrapersky.cli.tables import TableView, table_argument
from scrapersky.db.curation import COUPLINGS
from scrapersky.db.enums import CurationStatus

STATUS = click.Choice([status.value for status in CurationStatus], case_sensitive=False)


@click.command(
    epilog=examples(
        "curate places --where-status New --set Selected",
        "curate domains joesplumbing.com example.org --set 'Not a Fit'",
        "curate sitemaps --all --set Selected --yes",
    )
)
@table_argument(curated=True)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--where-status", type=STATUS, metavar="STATUS", help="Every row that has this curation status.")
@click.option("--all", "everything", is_flag=True, help="Every row of the table.")
@click.option("--set", "status", type=STATUS, metavar="STATUS", required=True, help="The decision.")
@click.option("--yes", is_flag=True, help="Do not ask before --all.")
@json_option("table, set, changed, queue, queued")
def curate(
    view: TableView,
    ids: tuple[str, ...],
    where_status: str | None,
    status: str,
    *,
    everything: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Set the curation status of rows of TABLE; Selected queues a row for the next service.

    \b
    places_staging (places)         Selected queues the deep scan
    local_businesses (businesses)   Selected queues the extraction of the domain
    domains                         Selected queues the analysis of the sitemaps
    sitemap_files (sitemaps)        Selected queues the import

    STATUS: New, Selected, Maybe, 'Not a Fit', Archived. An ID may also be the domain of a domain, or the place_id of a
    place or business; - reads them from stdin. A row that has the status already is not changed, nor queued again: that
    is `scrapersky requeue`.
    """  # noqa: D301
    if bool(ids) + bool(where_status) + everything != 1:
        raise click.UsageError("give IDs, or --where-status, or --all")
    if everything:
        confirm(f"Set every row of {view.name} to {status}?", yes=yes)
    queue = next(it.queue for it in COUPLINGS if it.queue.table == view.name)
    chosen = "id = ANY(%(ids)s)" if ids else f"{view.curation} = %(only)s" if where_status else "true"
    condition = f"({chosen}) AND {view.curation} IS DISTINCT FROM %(set)s"
    changed = queued = 0
    with connect() as connection, counting("rows") as count:
        keys = find_ids(connection, view, ids) if ids else []
        values = {"set": status, "only": where_status, "ids": keys}
        for rows in update_in_batches(connection, view, queue.status, f"{view.curation} = %(set)s", condition, values):
            changed += len(rows)
            queued += sum(row["after"] == "Queued" != row["before"] for row in rows)
            count(len(rows))
    counts = {"table": view.name, "set": status, "changed": changed, "queue": queue.name, "queued": queued}
    print_counts(counts, f"{changed:,} changed, {queued:,} newly queued in {queue.name}", as_json=as_json)
