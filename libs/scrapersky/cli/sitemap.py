"""``scrapersky sitemap``: read a sitemap as the import does, and find a domain's sitemaps."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import click

from scrapersky.cli.output import print_rows
from scrapersky.errors import InputError, PermanentError
from scrapersky.settings import Settings
from scrapersky.sitemaps.read import Entry, SitemapReader

BLOCK = 65_536
FORMAT = click.Choice(["jsonl", "table"])
Line = dict[str, Any]
Take = Callable[[list[Entry]], None]
COLUMNS = ("kind", "loc", "lastmod", "changefreq", "priority", "same_site")


@click.group(epilog="Example: scrapersky sitemap parse sitemap.xml.gz --base-url https://example.com/")
def sitemap() -> None:
    """Read and find sitemaps."""


@sitemap.command("parse", epilog="Example: scrapersky sitemap parse https://example.com/sitemap.xml --format table")
@click.argument("source", metavar="FILE or URL or -")
@click.option("--base-url", help="Where the file is from: relative URLs and same_site are judged by it.")
@click.option("--format", "form", type=FORMAT, default="jsonl", show_default=True, help="An object a line, or a table.")
def parse_command(source: str, base_url: str | None, form: str) -> None:
    """Print the entries of a sitemap: kind, loc, lastmod, changefreq, priority, same_site.

    XML, text, RSS and Atom, gzipped or not, whatever its name says. What had to be repaired is said on stderr.
    same_site is null where it is not known where the file is from. Exit code 65: it is no sitemap.
    """
    is_remote = "://" in source
    line = _describing(source if is_remote else base_url)
    rows: list[Line] = []
    print_or_keep = rows.extend if form == "table" else _print_lines

    def take(entries: list[Entry]) -> None:
        print_or_keep([line(entry) for entry in entries])

    if is_remote:
        asyncio.run(_read_remote(source, take))
    else:
        _read_local(source, base_url, take)
    if form == "table":
        print_rows(rows, COLUMNS, as_json=False)


def _print_lines(lines: list[Line]) -> None:
    if lines:
        click.echo("\n".join(map(json.dumps, lines)))


def _read_local(source: str, base_url: str | None, take: Take) -> None:
    reader = SitemapReader(base_url)
    try:
        file = click.open_file(source, "rb")
    except OSError as error:
        raise InputError(f"{source}: {error.strerror}") from None
    try:
        with file as stream:
            while not reader.is_exhausted and (block := stream.read(BLOCK)):
                take(reader.feed(block))
        take(reader.close())
    except PermanentError as error:
        raise InputError(f"{source}: {error}") from None
    finally:
        _warn(reader)


async def _read_remote(url: str, take: Take) -> None:
    from scrapersky.web.fetcher import Fetcher

    settings = Settings.load_offline()
    most, seconds = settings.sitemap_max_bytes, settings.sitemap_total_timeout
    async with Fetcher(settings) as fetcher, fetcher.stream(url, max_bytes=most, total_timeout=seconds) as response:
        response.raise_for_status()
        reader = SitemapReader(response.final_url)
        try:
            async for block in response.chunks():
                take(reader.feed(block))
                if reader.is_exhausted:
                    break
            take(reader.close())
        except PermanentError as error:
            raise InputError(f"{url}: {error}") if error.cause == "not-a-sitemap" else error from None
        finally:
            _warn(reader)


def _warn(reader: SitemapReader) -> None:
    for warning in reader.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    if reader.repaired:
        sys.stderr.write("warning: the file is not as it should be, and was repaired\n")


def _describing(base_url: str | None) -> Callable[[Entry], Line]:
    from scrapersky.web.urls import host_of, registrable

    site = registrable(host_of(base_url)) if base_url else None

    def line(entry: Entry) -> Line:
        return {
            "kind": entry.kind,
            "loc": entry.loc,
            "lastmod": entry.lastmod.isoformat() if entry.lastmod else None,
            "changefreq": entry.changefreq,
            "priority": entry.priority,
            "same_site": registrable(host_of(entry.loc)) == site if site else None,
        }

    return line


@sitemap.command("discover", epilog="Example: scrapersky sitemap discover https://example.com/ --format table")
@click.argument("url")
@click.option("--format", "form", type=FORMAT, default="jsonl", show_default=True, help="An object a line, or a table.")
def discover_command(url: str, form: str) -> None:
    """Find the sitemaps of URL's domain: url, discovery_method, sitemap_type, status_code."""
    columns = ("url", "discovery_method", "sitemap_type", "status_code")
    rows = [{name: getattr(found, name) for name in columns} for found in asyncio.run(_discover(url))]
    if form == "table":
        print_rows(rows, columns, as_json=False)
        return
    for row in rows:
        click.echo(json.dumps(row))


async def _discover(url: str) -> list[Any]:
    from scrapersky.sitemaps.discover import discover
    from scrapersky.web.fetcher import Fetcher
    from scrapersky.web.urls import domain_of

    settings = Settings.load_offline()
    async with Fetcher(settings) as fetcher:
        found: list[Any] = (await discover(fetcher, domain_of(url), settings)).sitemaps
    return found
