"""``scrapersky sitemap``: read a sitemap as the import does, and find a domain's sitemaps."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import click

from scrapersky.cli.output import print_rows
from scrapersky.errors import InputError, PermanentError
from scrapersky.settings import Settings
from scrapersky.sitemaps.read import Entry, SitemapReader

BLOCK = 65_536
FORMAT = click.Choice(["jsonl", "table"])
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
    entries = _remote(source) if "://" in source else _local(source, base_url)
    lines = (_line(entry, source if "://" in source else base_url) for entry in entries)
    if form == "table":
        print_rows([*lines], COLUMNS, as_json=False)
        return
    for line in lines:
        click.echo(json.dumps(line))


def _local(source: str, base_url: str | None) -> Iterator[Entry]:
    reader = SitemapReader(base_url)
    try:
        with click.open_file(source, "rb") as stream:
            while block := stream.read(BLOCK):
                yield from reader.feed(block)
                if reader.is_exhausted:
                    break
        yield from reader.close()
    except OSError as error:
        raise InputError(f"{source}: {error.strerror}") from None
    except PermanentError as error:
        raise InputError(f"{source}: {error}") from None
    finally:
        _warn(reader)


def _remote(url: str) -> list[Entry]:
    async def read() -> list[Entry]:
        async with _opened(url) as chunks:
            reader, entries = SitemapReader(url), list[Entry]()
            try:
                async for block in chunks:
                    entries += reader.feed(block)
                return entries + reader.close()
            except PermanentError as error:
                raise InputError(f"{url}: {error}") if error.cause == "not-a-sitemap" else error from None
            finally:
                _warn(reader)

    return asyncio.run(read())


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[AsyncIterator[bytes]]:
    from scrapersky.web.fetcher import Fetcher

    settings = Settings.load_offline()
    async with (
        Fetcher(settings) as fetcher,
        fetcher.stream(
            url, max_bytes=settings.sitemap_max_bytes, total_timeout=settings.sitemap_total_timeout
        ) as response,
    ):
        response.raise_for_status()
        yield response.chunks()


def _warn(reader: SitemapReader) -> None:
    for warning in reader.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    if reader.repaired:
        sys.stderr.write("warning: the file is not as it should be, and was repaired\n")


def _line(entry: Entry, base_url: str | None) -> dict[str, Any]:
    from scrapersky.web.urls import same_site

    return {
        "kind": entry.kind,
        "loc": entry.loc,
        "lastmod": entry.lastmod.isoformat() if entry.lastmod else None,
        "changefreq": entry.changefreq,
        "priority": entry.priority,
        "same_site": same_site(entry.loc, base_url) if base_url else None,
    }


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
