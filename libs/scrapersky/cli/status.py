"""``scrapersky status``: every queue at a glance."""

import json
import time
from typing import Any

import click

from scrapersky.cli.database import Connection, connect, fetch
from scrapersky.cli.output import print_rows
from scrapersky.queue.depth import OLDEST_SNAPSHOT_SQL, depth_sql
from scrapersky.queue.queues import QUEUES, Queue

RATE_SQL = """
SELECT queue.key AS queue,
    sum((queue.value->>'completed')::float8 + (queue.value->>'failed')::float8)
        / greatest(extract(epoch FROM now() - min(started_at)) / 60, 1) AS rows_per_minute
FROM service_runs, jsonb_each(figures->'queues') AS queue
WHERE started_at > now() - interval '1 hour' AND finished_at IS NOT NULL GROUP BY 1"""

COLUMNS = (
    "queue",
    "queued",
    "due",
    "processing",
    "expired",
    "errors",
    "oldest_due_seconds",
    "rows_per_minute",
    "minutes_to_empty",
    "paused",
)


@click.command(epilog="Example: scrapersky status --json")
@click.option("--watch", is_flag=True, help="Show it anew every two seconds, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(*, watch: bool, as_json: bool) -> None:
    """Show every queue: what waits, what is due, what is in work, and for how long.

    expired: rows in work whose worker died; the next run takes them up. The oldest snapshot is the longest transaction
    of the whole server: while it is open, vacuum cannot clean up and claims become slow.
    """
    with connect() as connection:
        while True:
            queues, oldest = _measure(connection)
            if watch:
                click.clear()
            if as_json:
                click.echo(json.dumps({"queues": queues, "oldest_snapshot_seconds": oldest}, default=str))
            else:
                print_rows(queues, COLUMNS, as_json=False)
                click.echo(f"oldest snapshot: {oldest:.0f} s", err=True)
            if not watch:
                return
            time.sleep(2)


def _measure(connection: Connection) -> tuple[list[dict[str, Any]], float]:
    rates = {row["queue"]: row["rows_per_minute"] for row in fetch(connection, RATE_SQL)}
    paused = {row["queue"] for row in fetch(connection, "SELECT queue FROM paused_queues")}
    queues = [_queue(connection, queue, rates.get(queue.name, 0.0), queue.name in paused) for queue in QUEUES.values()]
    [oldest] = fetch(connection, OLDEST_SNAPSHOT_SQL)
    return queues, float(next(iter(oldest.values())))


def _queue(connection: Connection, queue: Queue, rate: float, paused: bool) -> dict[str, Any]:  # noqa: FBT001
    [depth] = fetch(connection, depth_sql(queue))
    narrowed = f"AND {queue.where}" if queue.where else ""
    [failed] = fetch(
        connection, f"SELECT count(*) AS errors FROM {queue.table} WHERE {queue.status} = 'Error' {narrowed}"
    )
    waiting = depth["queued"] + depth["processing"]
    return {
        "queue": queue.name,
        **depth,
        **failed,
        "rows_per_minute": round(rate, 1),
        "minutes_to_empty": round(waiting / rate, 1) if rate and waiting else None,
        "paused": paused,
    }
