"""``scrapersky demo``: the whole pipeline on an embedded database and the loopback Internet."""

import asyncio
import shlex
import shutil
import signal
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Self

import click
import psycopg
from psycopg.rows import dict_row
from pydantic import SecretStr
from rich.console import Console
from rich.live import Live

from scrapersky.cli.database import Connection, connect
from scrapersky.cli.output import print_json, print_rows
from scrapersky.cli.report import write_page
from scrapersky.db.conninfo import conninfo
from scrapersky.db.migrations import upgrade
from scrapersky.demo import QUESTION, DemoReport, loopback_internet, play, watch
from scrapersky.embedded import EmbeddedPostgres
from scrapersky.report import render
from scrapersky.settings import Settings

LINE_SECONDS = 2.0
words = Console(stderr=True)


@click.command(epilog="Example: scrapersky demo --keep")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document at the end.")
@click.option("--keep", is_flag=True, help="Leave the database running, and say how to look around in it and stop it.")
@click.option("--watch", "watching", is_flag=True, help="Watch the demo that runs in a cluster, on DATABASE_URL.")
@click.option("--report", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page about it too.")
def demo(*, as_json: bool, keep: bool, watching: bool, page: Path | None) -> None:
    """Ask for plumbers in Austin, TX, and watch the pipeline work, without any preparation.

    Starts an embedded PostgreSQL and a small Internet on the loopback interface (websites of every kind, well-behaved
    and hostile, and a stand-in for Google Places), runs the five services until nothing is due, and prints what they
    found. Nothing leaves this machine, and no process stays behind.

    With --watch it starts nothing, and looks at a pipeline that others run, until nothing is queued or in work.
    """
    if watching:
        if keep:
            raise click.UsageError("--watch starts no database that --keep could leave running")
        _watch(as_json=as_json, page=page)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    work = Path(tempfile.mkdtemp(prefix="scrapersky-demo-"))
    try:
        with EmbeddedPostgres(keep=keep) as postgres:
            upgrade(Settings(database_url=SecretStr(postgres.url)))
            with _Progress(f"Asking for {' in '.join(QUESTION)}; five services on an embedded PostgreSQL") as progress:
                report = asyncio.run(_play(postgres.url, work, progress))
            _print(report, as_json=as_json)
            if page is not None:
                with psycopg.connect(postgres.url, row_factory=dict_row) as connection:
                    _write_page(connection, page)
            if keep:
                _say_how_to_look_around(postgres)
            else:
                words.print("To keep the database and look around in it: scrapersky demo --keep")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _watch(*, as_json: bool, page: Path | None) -> None:
    settings = Settings.load()
    with connect(settings) as connection:
        with _Progress("Watching the five services") as progress:
            report = asyncio.run(watch(conninfo(settings), progress.show))
        _print(report, as_json=as_json)
        if page is not None:
            _write_page(connection, page)


def _write_page(connection: Connection, page: Path) -> None:
    write_page(page, render(connection, datetime.now(UTC) - timedelta(days=1), "ScraperSky's demo"))


async def _play(url: str, work: Path, progress: "_Progress") -> DemoReport:
    async with loopback_internet(work) as internet:
        return await play(url, work, progress.show, internet)


class _Progress:
    """Rows per table while the services work: a live line in a terminal, a line now and then elsewhere."""

    def __init__(self, beginning: str) -> None:
        self._beginning = beginning
        self._live = Live(console=words, refresh_per_second=8, transient=True) if words.is_terminal else None
        self._next = 0.0
        self._last: dict[str, int] = {}

    def __enter__(self) -> Self:
        words.print(f"{self._beginning} …")
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, funnel: dict[str, int]) -> None:
        """Show the rows per table."""
        line = " → ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in funnel.items())
        if self._live is not None:
            self._live.update(line)
        elif funnel != self._last and monotonic() >= self._next:
            words.print(line, soft_wrap=True)
            self._last = funnel
            self._next = monotonic() + LINE_SECONDS


def _print(report: DemoReport, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(report))
        return
    click.echo(f"{report.question}: what is in the database after {report.seconds:.0f} s")
    funnel = [{"table": table, "rows": f"{count:,}"} for table, count in report.funnel.items()]
    print_rows(funnel, ("table", "rows"), as_json=False)
    click.echo("\nWhat became of every queued row")
    stages = [{**asdict(stage), "causes": _listed(stage.causes)} for stage in report.stages]
    print_rows(stages, ("service", "queue", "completed", "errors", "causes"), as_json=False)
    click.echo("\nHow long each service took")
    print_rows(report.services, ("service", "runs", "claimed", "retried", "seconds"), as_json=False)
    click.echo("\nRows in Error")
    print_rows(report.rows_in_error, ("queue", "row", "error"), as_json=False)


def _listed(causes: dict[str, int]) -> str:
    return ", ".join(cause if count == 1 else f"{cause} ({count})" for cause, count in causes.items())


def _say_how_to_look_around(postgres: EmbeddedPostgres) -> None:
    url = shlex.quote(postgres.url)
    words.print(
        f"The database is running. Look around:\n"
        f"  export DATABASE_URL={url}\n"
        f"  scrapersky status\n"
        f"  scrapersky list domains --limit 5\n"
        f"  scrapersky export pages --format csv -o pages.csv\n"
        f"Stop it and delete it:\n  {postgres.stop_command}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
