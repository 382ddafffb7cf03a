"""``scrapersky requeue`` and ``scrapersky cancel``: rows into a queue, and out of it. Plain SQL could do the same."""

from collections.abc import Callable
from typing import Any

import click

from scrapersky.cli.database import connect
from scrapersky.cli.output import Command, confirm, counting, examples, json_option, print_counts
from scrapersky.cli.selection import find_ids, update_in_batches
from scrapersky.cli.tables import TABLES
from scrapersky.queue.queues import QUEUES, Queue

QUEUE = click.Choice(list(QUEUES))
CANCELLED = "cancelled: by an operator"


def _selecting(meant: str, shape: str) -> Callable[[Command], Command]:
    """The arguments that say which rows; ``meant`` are those that the command is about, ``shape`` is its JSON."""
    like = f"Rows {meant} whose error has TEXT in it; % stands for anything."

    def add(command: Command) -> Command:
        for option in (
            json_option(shape),
            click.option("--yes", is_flag=True, help="Do not ask before --held and --all."),
            click.option("--all", "everything", is_flag=True, help=f"All rows {meant}."),
            click.option("--held", is_flag=True, help="Every row that `scrapersky add --no-queue` holds."),
            click.option("--error-like", metavar="TEXT", help=like),
            click.argument("ids", nargs=-1, metavar="[ID]..."),
            click.argument("name", type=QUEUE, metavar="QUEUE"),
        ):
            command = option(command)
        return command

    return add


@click.command(
    epilog=examples(
        "requeue domains joesplumbing.com", "requeue domains --error-like http-503", "requeue deep-scans --all --yes"
    )
)
@_selecting("in Error", "queue, requeued")
def requeue(name: str, ids: tuple[str, ...], *, as_json: bool, **which: Any) -> None:  # noqa: ANN401
    """Give rows of QUEUE another go: due at once, with all their attempts.

    QUEUE: place-searches, deep-scans, domain-extractions, domains, sitemap-analysis, sitemap-jobs, sitemap-imports.

    With IDs, whatever their status; a row in work is taken from its worker. An ID may also be the domain of a domain,
    or the place_id of a place or business; - reads them from stdin.
    """
    queue = QUEUES[name]
    values = (
        f"{queue.status} = 'Queued', {queue.due_at} = now(), {queue.attempts} = 0, {queue.claim} = NULL,"
        f" {queue.error} = NULL"
    )
    changed = _update("Requeue", queue, values, "true" if ids else f"{queue.status} = 'Error'", ids, **which)
    print_counts({"queue": name, "requeued": changed}, f"{changed:,} requeued in {name}", as_json=as_json)


@click.command(epilog=examples("cancel place-searches 17", "cancel domains --all --yes"))
@_selecting("that are Queued or in work", "queue, cancelled")
def cancel(name: str, ids: tuple[str, ...], *, as_json: bool, **which: Any) -> None:  # noqa: ANN401
    """Take rows out of QUEUE, also from a worker that has them: its result is dropped.

    QUEUE: place-searches, deep-scans, domain-extractions, domains, sitemap-analysis, sitemap-jobs, sitemap-imports.

    Only rows that are Queued or in work; others are left alone. Jobs become Cancelled. The other tables have no such
    status: their rows become Error, with the cause `cancelled`. IDs are as for `scrapersky requeue`.
    """
    queue = QUEUES[name]
    status = "Cancelled" if queue.table == "jobs" else "Error"
    values = f"{queue.status} = '{status}', {queue.error} = '{CANCELLED}', {queue.claim} = NULL, {queue.due_at} = NULL"
    changed = _update("Cancel", queue, values, f"{queue.status} IN ('Queued', '{queue.processing}')", ids, **which)
    print_counts({"queue": name, "cancelled": changed}, f"{changed:,} cancelled in {name}", as_json=as_json)


def _update(
    verb: str,
    queue: Queue,
    assignments: str,
    condition: str,
    ids: tuple[str, ...],
    *,
    error_like: str | None,
    held: bool,
    everything: bool,
    yes: bool,
) -> int:
    if bool(ids) + bool(error_like) + held + everything != 1:
        raise click.UsageError("give IDs, or --error-like, or --held, or --all")
    if held or everything:
        confirm(f"{verb} every {'held ' if held else ''}row of {queue.name} that it applies to?", yes=yes)
    if held:
        condition = f"{queue.status} = 'Queued' AND {queue.due_at} = 'infinity'"
    elif error_like:
        condition += f" AND {queue.error} ILIKE %(like)s"
    pattern = error_like if error_like and "%" in error_like else f"%{error_like}%"
    view, changed = TABLES[queue.table], 0
    with connect() as connection, counting("rows") as count:
        keys = find_ids(connection, view, ids) if ids else []
        chosen = " AND ".join(filter(None, [condition, queue.where, "id = ANY(%(ids)s)" if ids else None]))
        for rows in update_in_batches(
            connection, view, queue.status, assignments, chosen, {"ids": keys, "like": pattern}
        ):
            changed += len(rows)
            count(len(rows))
    return changed
