"""``scrapersky report``: one self-contained page for people."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from scrapersky.cli.database import connect
from scrapersky.cli.export import CannotWriteError
from scrapersky.cli.output import examples
from scrapersky.report import render

DAYS = 7


@click.command(epilog=examples("report -o report.html --since 2026-11-01"))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@click.option("--since", type=click.DateTime(), help="Runs from this time on, in UTC.  [default: a week ago]")
def report(output: Path, since: datetime | None) -> None:
    """Write a page about the pipeline: funnel, runs over time, errors by cause, slowest sites.

    It is one HTML file that loads nothing from anywhere.
    """
    start = since.replace(tzinfo=UTC) if since else datetime.now(UTC) - timedelta(days=DAYS)
    with connect() as connection:
        write_page(output, render(connection, start, "ScraperSky"))


def write_page(output: Path, page: str) -> None:
    """Write a page and say so.

    Raises:
        CannotWriteError: The file may not be written.
    """
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CannotWriteError(f"{output}: {error.strerror or error}") from None
    click.echo(f"wrote {output}", err=True)
