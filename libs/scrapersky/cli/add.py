"""``scrapersky add``: domains, from arguments, a text or a CSV file."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import IO

import click

from scrapersky.cli.database import Connection, connect, fetch, make_default_tenant
from scrapersky.cli.output import counting, examples, json_option, print_json
from scrapersky.errors import InputError
from scrapersky.settings import Settings
from scrapersky.web.urls import domain_of

BATCH = 5_000
COLUMNS = ("domain", "url", "website", "website_url")
LONGEST_SHOWN = 500
# In the order of the names, so that two of these at once do not wait for each other in a circle.
INSERT = """
INSERT INTO domains (domain, tenant_id, scan_due_at)
SELECT domain, %(tenant)s, CASE WHEN %(queue)s THEN now() ELSE 'infinity' END
FROM unnest(%(domains)s::text[]) AS given(domain)
ORDER BY domain ON CONFLICT (domain) DO NOTHING RETURNING id"""


@dataclass
class Added:
    """What became of the inputs.

    Attributes:
        new: Domains that were added.
        known: Domains that the database had already.
        repeated: Inputs that name the same domain as an earlier one.
        refused: Each input that names no domain: ``input`` and ``reason``.
    """

    new: int = 0
    known: int = 0
    repeated: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)


@click.command(
    epilog=examples("add joesplumbing.com https://www.example.org/", "add --file leads.csv", "add --no-queue - < list")
)
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--file",
    "source",
    type=click.File(encoding="utf-8", errors="replace"),
    help="Text with a domain or URL a line, or CSV with a column domain or url; - is stdin.",
)
@click.option("--queue/--no-queue", default=True, show_default=True, help="Queue new domains for their scan at once.")
@json_option("new, known, repeated, refused: [{input, reason}]")
def add(urls: tuple[str, ...], source: IO[str] | None, *, queue: bool, as_json: bool) -> None:
    """Add domains. A URL counts as its domain, and each domain is added once.

    Says how many were new and how many known already, and names each input that is no domain on stderr, with the
    reason. Exit code 65 when every input was refused.

    With --no-queue a new domain is held: its scan is Queued, but not due until `scrapersky requeue domains` names it,
    or says --held.
    """
    if "-" in urls:
        source = source or click.open_file("-", encoding="utf-8", errors="replace")
        urls = tuple(url for url in urls if url != "-")
    if not urls and source is None:
        raise click.UsageError("give URLs, or --file")
    settings, added = Settings.load(), Added()
    domains = _domains(chain(urls, _inputs(source) if source else ()), added)
    with connect(settings) as connection, counting("domains") as count:
        make_default_tenant(connection, settings)
        while batch := [*islice(domains, BATCH)]:
            new = _insert(connection, batch, settings, queue=queue)
            added.new += new
            added.known += len(batch) - new
            count(len(batch))
    _report(added, as_json=as_json)


def _inputs(source: IO[str]) -> Iterator[str]:
    lines, name = iter(source), getattr(source, "name", "stdin")
    first = next(lines, "").removeprefix("\ufeff")
    if "\0" in first:
        raise InputError(f"{name}: not UTF-8 text")
    delimiter = max(",;\t", key=first.count)
    names = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
    places = [names.index(column) for column in COLUMNS if column in names]
    if places:
        yield from _cells(name, csv.reader(lines, delimiter=delimiter), places)
    elif len(names) > 1:
        raise InputError(f"{name}: its first line names no column domain or url: {first.strip()[:200]!r}")
    else:
        yield from filter(str.strip, chain([first], lines))


def _cells(name: str, rows: Iterable[list[str]], places: list[int]) -> Iterator[str]:
    try:
        for row in rows:
            given = (row[place] for place in places if place < len(row) and row[place].strip())
            if (cell := next(given, None)) is not None:
                yield cell
    except csv.Error as error:
        raise InputError(f"{name}: not CSV: {error}") from None


def _domains(inputs: Iterable[str], added: Added) -> Iterator[str]:
    seen: set[str] = set()
    for given in inputs:
        try:
            domain = domain_of(given)
        except InputError as error:
            added.refused.append({"input": given.strip()[:LONGEST_SHOWN], "reason": str(error)})
            click.echo(f"refused: {error}", err=True)
            continue
        if domain in seen:
            added.repeated += 1
            continue
        seen.add(domain)
        yield domain


def _insert(connection: Connection, domains: list[str], settings: Settings, *, queue: bool) -> int:
    given = {"tenant": settings.default_tenant_id, "queue": queue, "domains": domains}
    return len(fetch(connection, INSERT, given))


def _report(added: Added, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(added))
    else:
        repeated = f", {added.repeated:,} repeated" if added.repeated else ""
        click.echo(f"{added.new:,} new, {added.known:,} known{repeated}, {len(added.refused):,} refused")
    if added.refused and not added.new + added.known:
        raise InputError("every input was refused")
