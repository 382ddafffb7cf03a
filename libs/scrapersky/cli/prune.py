"""``scrapersky prune``: retention."""

import re

import click

from scrapersky.cli.database import Connection, connect, fetch
from scrapersky.cli.output import confirm, counting, examples, json_option, print_counts
from scrapersky.settings import Settings

BATCH = 1_000
OLD = {
    "service_runs": "started_at < now() - make_interval(hours => %(hours)s)",
    "jobs": "status IN ('Completed', 'Cancelled')"
    " AND updated_at < timezone('utc', now()) - make_interval(hours => %(hours)s)",
}
"""Table → which of its rows go."""
HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def age(value: str) -> int:
    """Hours from ``30``, ``30d``, ``12h`` or ``4w``; days where no unit is named.

    Raises:
        click.BadParameter: It is none of these.
    """
    read = re.fullmatch(r"([1-9][0-9]{0,4})([hdw]?)", value)
    if read is None:
        raise click.BadParameter(f"{value!r} is no age: write 30 or 30d for days, 12h, or 4w")
    return int(read[1]) * HOURS[read[2] or "d"]


@click.command(epilog=examples("prune --dry-run", "prune --older-than 90d --yes"))
@click.option("--older-than", "hours", type=age, metavar="D", help="Days, or 12h, 30d, 4w; else RUN_HISTORY_DAYS.")
@click.option("--dry-run", is_flag=True, help="Only say how many rows it would delete.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option("rows of service_runs, rows of jobs, dry_run")
def prune(hours: int | None, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete runs, and jobs that are Completed or Cancelled, when they are old.

    The totals in the metrics do not change. Searches, places, businesses, domains, sitemaps and pages are never
    deleted, nor jobs in Error. A run of a service deletes runs older than RUN_HISTORY_DAYS by itself.
    """
    settings = Settings.load()
    hours = hours or settings.run_history_days * HOURS["d"]
    if not dry_run:
        confirm(f"Delete runs and finished jobs older than {hours / HOURS['d']:g} days?", yes=yes)
    counts: dict[str, int] = {}
    with connect(settings) as connection:
        for table in OLD:
            counts[table] = _count(connection, table, hours) if dry_run else _delete(connection, table, hours)
    verb = "would be deleted" if dry_run else "deleted"
    lines = "\n".join(f"{table}: {count:,} {verb}" for table, count in counts.items())
    print_counts({**counts, "dry_run": dry_run}, lines, as_json=as_json)


def _count(connection: Connection, table: str, hours: int) -> int:
    [row] = fetch(connection, f"SELECT count(*) FROM {table} WHERE {OLD[table]}", {"hours": hours})
    return int(row["count"])


def _delete(connection: Connection, table: str, hours: int) -> int:
    deleted = 0
    with counting(f"rows of {table}") as count:
        while True:
            rows = fetch(
                connection,
                f"DELETE FROM {table} WHERE id = ANY(ARRAY("
                f"SELECT id FROM {table} WHERE {OLD[table]} LIMIT {BATCH} FOR UPDATE SKIP LOCKED)) RETURNING id",
                {"hours": hours},
            )
            deleted += len(rows)
            count(len(rows))
            if len(rows) < BATCH:
                return deleted
