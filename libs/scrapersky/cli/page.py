"""``scrapersky page``: what a home page says, without fetching anything."""

import json
from dataclasses import asdict

import click

from scrapersky.errors import InputError
from scrapersky.metadata import Page, extract
from scrapersky.web.urls import normalise

LONGEST_PAGE = 5 * 1024 * 1024


@click.group(epilog="Example: scrapersky page extract home.html --url https://example.com/")
def page() -> None:
    """Read web pages."""


@page.command(
    "extract", epilog="Example: curl -s https://example.com/ | scrapersky page extract - --url https://example.com/"
)
@click.argument("file")
@click.option("--url", required=True, help="Where the page is from.")
def extract_command(file: str, url: str) -> None:
    """Print what a home page says, as JSON: the metadata columns of `domains`, by their names.

    FILE may be - for stdin. The first 5 MiB are read.
    """
    try:
        with click.open_file(file, "rb") as stream:
            body = stream.read(LONGEST_PAGE)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    click.echo(json.dumps(asdict(extract([Page(normalise(url), body, {})])), indent=2, default=str))
