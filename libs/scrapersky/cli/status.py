"""``scrapersky status``: every queue at a glance."""

import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

import click
from psycopg.rows import tuple_row

from scrapersky.cli.database import Connection, connect, fetch, fetch_json
from scrapersky.cli.output import Json, duration, examples, json_option, print_json, print_rows
from scrapersky.queue.depth import Depth, depth_sql
from scrapersky.queue.queues import QUEUES, Queue

# The rows of runs that ended within the hour, over the time since the first of them began.
RATE_SQL = """
SELECT each.key AS queue, sum((each.value->>'completed')::float8 + (each.value->>'failed')::float8)
    / greatest(extract(epoch FROM now() - min(started_at)) / 60, 1) AS rows_per_minute
FROM service_runs, jsonb_each(figures->'queues') AS each
WHERE started_at > now() - interval '2 hours' AND finished_at > now() - interval '1 hour' GROUP BY 1"""
# Vacuum cannot remove what such a transaction might still see; a prepared transaction outlives its connection.
SNAPSHOT_SQL = """
SELECT extract(epoch FROM now() - since)::float8 AS seconds, holder FROM (
    SELECT xact_start AS since, concat_ws(' ', 'pid', pid, usename, application_name, state) AS holder
    FROM pg_stat_activity
    WHERE (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND pid <> pg_backend_pid()
    UNION ALL SELECT prepared, concat_ws(' ', 'prepared transaction', gid, owner) FROM pg_prepared_xacts) AS open
WHERE since IS NOT NULL ORDER BY since LIMIT 1"""
COLUMNS = (
    "queue",
    "queued",
    "held",
    "due",
    "processing",
    "expired",
    "errors",
    "oldest_due",
    "rows_per_minute",
    "time_to_empty",
    "paused",
)
SHORTEST_PAUSE = 2.0
LARGEST_SHARE = 0.1


@click.command(epilog=examples("status", "status --watch", "status --json"))
@click.option("--watch", is_flag=True, help="Show it anew every two seconds or so, until Ctrl-C.")
@json_option("queues: [{queue, …}], oldest_snapshot_seconds, oldest_snapshot")
def status(*, watch: bool, as_json: bool) -> None:
    """Show every queue: what waits, what is due, what is in work, and for how long.

    \b
    queued            rows that wait, due or not; held: those of `scrapersky add --no-queue`
    processing        rows in work; expired: those whose worker died, which the next run takes up
    oldest due        how long the oldest due row has been waiting
    rows per minute   rows completed or failed by runs that ended within the last hour
    time to empty     what waits and is in work, at that rate

    The oldest snapshot is the longest open transaction of the whole server: while it is open, vacuum cannot clean up,
    and claims become slow. With --watch and --json: a document a line.
    """  # noqa: D301
    with connect() as connection:
        if watch and not as_json and sys.stdout.isatty():
            _watch_in_terminal(connection)
        for place, document in enumerate(_looks(connection, watch=watch)):
            if as_json:
                print_json(document)
                continue
            click.echo("" if place else None, nl=bool(place))
            print_rows(_for_people(document), COLUMNS, as_json=False)
            click.echo(_oldest(document))


def _watch_in_terminal(connection: Connection) -> None:
    from rich.console import Group
    from rich.live import Live

    from scrapersky.cli.terminal import table

    with Live(screen=True) as live:
        for document in _looks(connection, watch=True):
            queues = table(_for_people(document), COLUMNS, live.console.width)
            live.update(Group(queues, _oldest(document)), refresh=True)


def _looks(connection: Connection, *, watch: bool) -> Iterator[Json]:
    """One look, or one after the other: counting large tables keeps the server busy a tenth of the time at the most."""
    while True:
        began = time.monotonic()
        yield _look(connection)
        if not watch:
            return
        time.sleep(max(SHORTEST_PAUSE, (time.monotonic() - began) * (1 / LARGEST_SHARE - 1)))


def _look(connection: Connection) -> Json:
    rates = {row["queue"]: row["rows_per_minute"] for row in fetch(connection, RATE_SQL)}
    paused = {row["queue"]: row["reason"] for row in fetch(connection, "SELECT queue, reason FROM paused_queues")}
    queues = []
    for queue in QUEUES.values():
        row = _measure(connection, queue)
        rate = rates.get(queue.name, 0.0)
        left = row["queued"] - row["held"] + row["processing"]
        row |= {"rows_per_minute": round(rate, 1), "seconds_to_empty": round(left / rate * 60) if rate else None}
        queues.append(row | {"paused": queue.name in paused, "pause_reason": paused.get(queue.name)})
    oldest = fetch_json(connection, SNAPSHOT_SQL) or [{"seconds": 0.0, "holder": None}]
    return {"queues": queues, "oldest_snapshot_seconds": oldest[0]["seconds"], "oldest_snapshot": oldest[0]["holder"]}


def _measure(connection: Connection, queue: Queue) -> Json:
    narrowed = f"AND {queue.where}" if queue.where else ""
    with connection.cursor(row_factory=tuple_row) as cursor:
        depth = Depth(*cursor.execute(depth_sql(queue).encode()).fetchall()[0])
    waiting = f"{queue.status} IN ('Queued', '{queue.processing}') AND {queue.due_at} = 'infinity'"
    [counts] = fetch(
        connection,
        f"SELECT (SELECT count(*) FROM {queue.table} WHERE {waiting} {narrowed}) AS held,"
        f" (SELECT count(*) FROM {queue.table} WHERE {queue.status} = 'Error' {narrowed}) AS errors",
    )
    return {"queue": queue.name, **asdict(depth), **counts}


def _for_people(document: Json) -> list[Json]:
    return [
        {
            **row,
            "oldest_due": duration(row["oldest_due_seconds"]) if row["due"] else "",
            "time_to_empty": duration(row["seconds_to_empty"]),
            "paused": f"yes: {row['pause_reason']}" if row["pause_reason"] else row["paused"],
        }
        for row in document["queues"]
    ]


def _oldest(document: Json) -> str:
    holder = document["oldest_snapshot"]
    age = duration(document["oldest_snapshot_seconds"])
    return f"oldest snapshot: {age} ({holder})" if holder else "oldest snapshot: none"
