"""``scrapersky runs`` and ``scrapersky errors``: what happened."""

import click

from scrapersky.cli.database import connect, fetch
from scrapersky.cli.output import print_rows
from scrapersky.queue.queues import QUEUES
from scrapersky.service import SETTINGS_PREFIX

RUN_COLUMNS = (
    "started_at",
    "service",
    "seconds",
    "claimed",
    "completed",
    "retried",
    "failed",
    "released",
    "error",
    "pod",
)


@click.command(epilog="Example: scrapersky runs --service sitemap-import --limit 5")
@click.option("--service", type=click.Choice(list(SETTINGS_PREFIX)), help="Runs of this service only.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def runs(service: str | None, limit: int, *, as_json: bool) -> None:
    """Show recent runs, the newest first. A run without seconds is going on, or was killed."""
    with connect() as connection:
        rows = fetch(
            connection,
            "SELECT *, extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM service_runs"
            " WHERE %s::text IS NULL OR service = %s ORDER BY started_at DESC LIMIT %s",
            service,
            service,
            limit,
        )
    print_rows(rows, RUN_COLUMNS, as_json=as_json)


@click.command(epilog="Example: scrapersky errors domains --json")
@click.argument("queue", type=click.Choice(list(QUEUES)), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def errors(queue: str | None, *, as_json: bool) -> None:
    """Group the rows in Error by cause, with an example of each. Without QUEUE, of every queue.

    docs/operating.md says what each cause means and what to do about it.
    """
    found = []
    with connect() as connection:
        for each in [QUEUES[queue]] if queue else QUEUES.values():
            narrowed = f"AND {each.where}" if each.where else ""
            found += fetch(
                connection,
                f"SELECT %s AS queue, split_part({each.error}, ':', 1) AS cause, count(*) AS rows,"
                f" min({each.key}::text) AS example_id, min({each.error}) AS example FROM {each.table}"
                f" WHERE {each.status} = 'Error' {narrowed} GROUP BY 2 ORDER BY 3 DESC, 2",
                each.name,
            )
    print_rows(found, ("queue", "cause", "rows", "example_id", "example"), as_json=as_json)
