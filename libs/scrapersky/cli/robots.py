"""``scrapersky robots``: what a robots.txt allows, and the sitemaps it names."""

import asyncio
import json
from pathlib import Path

import click

from scrapersky.errors import InputError
from scrapersky.settings import Settings
from scrapersky.web.robots import LONGEST_FILE, UNREACHABLE, Robots, parse


@click.group(epilog="Example: scrapersky robots check --robots robots.txt --agent MyBot https://example.com/page")
def robots() -> None:
    """Read robots.txt files as RFC 9309 says."""


@robots.command(epilog="Example: scrapersky robots check --robots https://example.com/robots.txt --agent MyBot /page")
@click.option("--robots", "source", required=True, metavar="FILE or URL", help="The robots.txt; - is stdin.")
@click.option("--agent", required=True, help="Product token of the robot, e.g. Googlebot.")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
def check(source: str, agent: str, urls: tuple[str, ...]) -> None:
    """Say for each URL whether the robot may fetch it: a JSON object a line with url, allowed, crawl_delay."""
    found = asyncio.run(_fetched(source, agent)) if "://" in source else parse(_read(source), agent)
    for url in urls:
        click.echo(json.dumps({"url": url, "allowed": found.allowed(url), "crawl_delay": found.crawl_delay}))


@robots.command(epilog="Example: scrapersky robots sitemaps robots.txt")
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def sitemaps(file: str, *, as_json: bool) -> None:
    """List the sitemaps that a robots.txt names, one a line; - is stdin."""
    named = parse(_read(file), "*").sitemaps
    click.echo(json.dumps(named) if as_json else "\n".join(named), nl=bool(named) or as_json)


def _read(file: str) -> bytes:
    try:
        with click.open_file(file, "rb") as stream:
            body: bytes = stream.read(LONGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{Path(file)}: {error.strerror}") from None
    return body


async def _fetched(url: str, agent: str) -> Robots:
    from scrapersky.web.fetcher import Fetcher

    async with Fetcher(Settings.load_offline()) as fetcher:
        found = await fetcher.read_robots(url, agent)
    if found is UNREACHABLE:
        click.echo(f"{url}: unreachable: everything is disallowed", err=True)
    return found
