"""``scrapersky pause`` and ``scrapersky resume``: a row of ``paused_queues``, which every claim asks for."""

import click

from scrapersky.cli.database import connect, fetch
from scrapersky.cli.output import examples
from scrapersky.cli.queues import QUEUE


@click.command(epilog=examples("pause domains --reason 'moving to another cluster'"))
@click.argument("queue", type=QUEUE, metavar="QUEUE")
@click.option("--reason", help="For whoever wonders; `scrapersky status` shows it.")
def pause(queue: str, reason: str | None) -> None:
    """Claim nothing more from QUEUE, in any pod, until `scrapersky resume`. Rows in work are finished.

    QUEUE: place-searches, deep-scans, domain-extractions, domains, sitemap-analysis, sitemap-jobs, sitemap-imports.
    """
    with connect() as connection:
        fetch(
            connection,
            "INSERT INTO paused_queues (queue, reason) VALUES (%(queue)s, %(reason)s)"
            " ON CONFLICT (queue) DO UPDATE SET reason = coalesce(EXCLUDED.reason, paused_queues.reason)",
            {"queue": queue, "reason": reason},
        )
    click.echo(f"{queue} is paused", err=True)


@click.command(epilog=examples("resume domains"))
@click.argument("queue", type=QUEUE, metavar="QUEUE")
def resume(queue: str) -> None:
    """Claim from QUEUE again.

    QUEUE: place-searches, deep-scans, domain-extractions, domains, sitemap-analysis, sitemap-jobs, sitemap-imports.
    """
    with connect() as connection:
        was = fetch(connection, "DELETE FROM paused_queues WHERE queue = %(queue)s RETURNING queue", {"queue": queue})
    click.echo(f"{queue} is not paused any more" if was else f"{queue} was not paused", err=True)
