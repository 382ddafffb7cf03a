"""Operating a queue: ``requeue``, ``cancel``, ``pause``, ``resume``, and ``prune``. All of it is plain SQL."""

import click

from scrapersky.cli.database import connect, fetch
from scrapersky.cli.output import confirm
from scrapersky.queue.queues import QUEUES, Queue
from scrapersky.settings import Settings

BATCH = 1_000
QUEUE = click.Choice(list(QUEUES))


@click.command(epilog="Example: scrapersky requeue domains --error-like 'http-503%'")
@click.argument("queue", type=QUEUE, metavar="QUEUE")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--error-like", help="Rows in Error whose error matches this SQL LIKE pattern.")
@click.option("--all", "everything", is_flag=True, help="Every row in Error.")
@click.option("--yes", is_flag=True, help="Do not ask before --all.")
def requeue(queue: str, ids: tuple[str, ...], error_like: str | None, *, everything: bool, yes: bool) -> None:
    """Give rows of QUEUE another go: due at once, with all their attempts.

    With IDs, whatever their status; a row in work is taken from its worker.
    """
    if bool(ids) + bool(error_like) + everything != 1:
        raise click.UsageError("give IDs, or --error-like, or --all")
    if everything:
        confirm(f"Requeue every row in Error of {queue}?", yes=yes)
    target = QUEUES[queue]
    condition = f"{target.key}::text = ANY(%s)" if ids else f"{target.status} = 'Error' AND {target.error} LIKE %s"
    changed = _update(
        target,
        f"{target.status} = 'Queued', {target.due_at} = now(), {target.attempts} = 0, {target.claim} = NULL,"
        f" {target.error} = NULL",
        condition,
        [*ids] if ids else error_like or "%",
    )
    click.echo(f"{changed} requeued")


@click.command(epilog="Example: scrapersky cancel place-searches 17")
@click.argument("queue", type=QUEUE, metavar="QUEUE")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Every row that waits or is in work.")
@click.option("--yes", is_flag=True, help="Do not ask before --all.")
def cancel(queue: str, ids: tuple[str, ...], *, everything: bool, yes: bool) -> None:
    """Take rows out of QUEUE, also from a worker that has them.

    Jobs become Cancelled; the other tables have no such status: their rows become Error, with the cause `cancelled`.
    """
    if bool(ids) == everything:
        raise click.UsageError("give IDs, or --all")
    if everything:
        confirm(f"Cancel every row that waits in {queue}?", yes=yes)
    target = QUEUES[queue]
    status = "Cancelled" if target.table == "jobs" else "Error"
    waiting = f"{target.status} IN ('Queued', '{target.processing}')"
    changed = _update(
        target,
        f"{target.status} = '{status}', {target.error} = 'cancelled: by an operator', {target.claim} = NULL,"
        f" {target.due_at} = NULL",
        f"{waiting} AND {target.key}::text = ANY(%s)" if ids else f"{waiting} AND %s::text IS NULL",
        [*ids] if ids else None,
    )
    click.echo(f"{changed} cancelled")


def _update(queue: Queue, assignments: str, condition: str, value: object) -> int:
    """In batches, each a short transaction; rows that were changed no longer meet the condition, or lie behind."""
    narrowed = f"AND {queue.where}" if queue.where else ""
    kind = "int" if queue.table in {"jobs", "places_staging"} else "uuid"
    changed, last = 0, None
    with connect() as connection:
        while True:
            rows = fetch(
                connection,
                f"UPDATE {queue.table} SET {assignments} WHERE {queue.key} = ANY(ARRAY("
                f"SELECT {queue.key} FROM {queue.table} WHERE {condition} {narrowed}"
                f" AND (%s::{kind} IS NULL OR {queue.key} > %s::{kind})"
                f" ORDER BY {queue.key} LIMIT {BATCH} FOR NO KEY UPDATE)) RETURNING {queue.key}",
                value,
                last,
                last,
            )
            changed += len(rows)
            if len(rows) < BATCH:
                return changed
            last = max(row[queue.key] for row in rows)


@click.command(epilog="Example: scrapersky pause domains --reason 'moving house'")
@click.argument("queue", type=QUEUE, metavar="QUEUE")
@click.option("--reason", help="For whoever wonders.")
def pause(queue: str, reason: str | None) -> None:
    """Claim nothing more from QUEUE, in any pod, until `scrapersky resume`. Rows in work are finished."""
    with connect() as connection:
        fetch(
            connection,
            "INSERT INTO paused_queues (queue, reason) VALUES (%s, %s) ON CONFLICT (queue) DO NOTHING",
            queue,
            reason,
        )
    click.echo(f"{queue} is paused")


@click.command(epilog="Example: scrapersky resume domains")
@click.argument("queue", type=QUEUE, metavar="QUEUE")
def resume(queue: str) -> None:
    """Claim from QUEUE again."""
    with connect() as connection:
        fetch(connection, "DELETE FROM paused_queues WHERE queue = %s", queue)
    click.echo(f"{queue} is not paused")


@click.command(epilog="Example: scrapersky prune --older-than 90 --dry-run")
@click.option("--older-than", type=click.IntRange(1), help="Days; RUN_HISTORY_DAYS without it.")
@click.option("--dry-run", is_flag=True, help="Only say how many rows it would delete.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(older_than: int | None, *, dry_run: bool, yes: bool) -> None:
    """Delete runs, and jobs that are Completed or Cancelled, older than so many days.

    Totals in the metrics do not change. Businesses, domains, sitemaps and pages are never deleted.
    """
    settings = Settings.load()
    days = older_than or settings.run_history_days
    if not dry_run:
        confirm(f"Delete runs and finished jobs older than {days} days?", yes=yes)
    old = "make_interval(days => %s)"
    conditions = {
        "service_runs": f"started_at < now() - {old}",
        "jobs": f"status IN ('Completed', 'Cancelled') AND updated_at < timezone('utc', now()) - {old}",
    }
    with connect(settings) as connection:
        for table, condition in conditions.items():
            if dry_run:
                rows = fetch(connection, f"SELECT id FROM {table} WHERE {condition}", days)
            else:
                rows = fetch(connection, f"DELETE FROM {table} WHERE {condition} RETURNING id", days)
            click.echo(f"{table}: {len(rows)} {'would be ' if dry_run else ''}deleted")
