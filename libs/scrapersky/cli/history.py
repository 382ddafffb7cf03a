"""``scrapersky runs`` and ``scrapersky errors``: what happened."""

import click

from scrapersky.cli.database import Connection, connect, fetch_json
from scrapersky.cli.output import Json, duration, examples, json_option, print_rows
from scrapersky.cli.queues import QUEUE
from scrapersky.cli.tables import TABLES
from scrapersky.queue.queues import QUEUES, Queue
from scrapersky.settings import SETTINGS_PREFIX

COUNTS = ("claimed", "completed", "retried", "failed", "released")


@click.command(epilog=examples("runs --service sitemap-import --limit 5"))
@click.option("--service", type=click.Choice(list(SETTINGS_PREFIX)), help="Runs of this service only.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@json_option("an array of runs")
def runs(service: str | None, limit: int, *, as_json: bool) -> None:
    """Show recent runs and what they did, the newest first.

    A run without an end is going on, or was killed. The counts are rows by outcome.
    """
    with connect() as connection:
        found = fetch_json(
            connection,
            "SELECT *, extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM service_runs"
            " WHERE %(service)s::text IS NULL OR service = %(service)s ORDER BY started_at DESC, id LIMIT %(limit)s",
            {"service": service, "limit": limit},
        )
    rows = found if as_json else [{**run, "took": duration(run["seconds"])} for run in found]
    print_rows(rows, ("started_at", "service", "took", *COUNTS, "error", "pod"), as_json=as_json)


@click.command(epilog=examples("errors", "errors domains --json"))
@click.argument("queue", type=QUEUE, required=False, metavar="[QUEUE]")
@json_option("an array of queue, cause, rows, retrying, example_id, example")
def errors(queue: str | None, *, as_json: bool) -> None:
    """Group the rows in Error by cause, with an example of each. Without QUEUE, of every queue.

    QUEUE: place-searches, deep-scans, domain-extractions, domains, sitemap-analysis, sitemap-jobs, sitemap-imports.

    retrying: rows that failed for this cause and wait for another attempt. docs/operating.md says what the causes mean
    and what to do about them; `scrapersky requeue QUEUE --error-like CAUSE` gives the rows another go.
    """
    with connect() as connection:
        queues = [QUEUES[queue]] if queue else QUEUES.values()
        found = [row for each in queues for row in _causes(connection, each)]
    print_rows(found, ("queue", "cause", "rows", "retrying", "example_id", "example"), as_json=as_json)


def _causes(connection: Connection, queue: Queue) -> list[Json]:
    narrowed = f"AND {queue.where}" if queue.where else ""
    failed = f"{queue.status} = 'Error'"
    return fetch_json(
        connection,
        f"""
SELECT '{queue.name}' AS queue, cause, rows, retrying,
    example.{queue.key} AS example_id, example.{queue.error} AS example
FROM (SELECT split_part(coalesce({queue.error}, 'unknown'), ':', 1) AS cause,
        count(*) FILTER (WHERE {failed}) AS rows, count(*) FILTER (WHERE NOT {failed}) AS retrying,
        coalesce(min({queue.key}::text) FILTER (WHERE {failed}), min({queue.key}::text)) AS chosen
    FROM {queue.table}
    WHERE ({failed} OR {queue.status} = 'Queued' AND {queue.error} IS NOT NULL) {narrowed} GROUP BY 1) AS causes
JOIN {queue.table} AS example ON example.{queue.key} = chosen::{TABLES[queue.table].key_type}
ORDER BY rows DESC, retrying DESC, cause""",
    )
