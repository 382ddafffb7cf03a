"""``scrapersky run``: one run of a service, exactly what its container does."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from importlib.metadata import entry_points

import click

from scrapersky.service import RunSummary
from scrapersky.settings import SETTINGS_PREFIX

JobFunction = Callable[[int | None], Awaitable[RunSummary]]


@click.command(epilog="Example: scrapersky run domain-scheduler --limit 10 --json")
@click.argument("service", type=click.Choice(list(SETTINGS_PREFIX)), metavar="SERVICE")
@click.option("--limit", type=click.IntRange(min=1), help="Claim at most this many rows; without it, all that are due.")
@click.option(
    "--time-budget", type=click.FloatRange(min=0, min_open=True), help="Stop claiming after this many seconds."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document about the run.")
def run(service: str, limit: int | None, time_budget: float | None, *, as_json: bool) -> None:
    """Run SERVICE once: claim what is due, work it, settle it, exit.

    This is what the service's CronJob starts, and what `python -m services.<service>` does. Exit code 0 also when there
    was nothing to do, and when single rows failed: `scrapersky errors` says why.
    """
    if time_budget is not None:
        os.environ["TIME_BUDGET_SECONDS"] = str(time_budget)
    job_function: JobFunction = entry_points(group="scrapersky.services")[service].load()

    async def once() -> RunSummary:
        return await job_function(limit)

    summary = asyncio.run(once())
    if as_json:
        click.echo(json.dumps(asdict(summary), default=str))
    else:
        click.echo(
            f"{service}: claimed {summary.claimed}, completed {summary.completed}, retried {summary.retried},"
            f" failed {summary.failed}, released {summary.released} in {summary.seconds:.1f} s"
        )
