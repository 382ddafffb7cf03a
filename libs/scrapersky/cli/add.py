"""``scrapersky add`` and ``scrapersky search``: what the pipeline begins with."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO
from uuid import UUID

import click

from scrapersky.cli.database import Connection, connect, fetch
from scrapersky.errors import InputError
from scrapersky.settings import Settings
from scrapersky.web.urls import domain_of

BATCH = 2_000
MOST_REFUSALS_SHOWN = 50
LONGEST_RADIUS_KM = 50


@dataclass
class Added:
    """What became of the inputs: ``refused`` holds each with the reason."""

    new: int = 0
    known: int = 0
    repeated: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)


@click.command(
    epilog="Examples: scrapersky add joesplumbing.com https://www.example.org/   scrapersky add --file leads.csv"
)
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--file",
    "source",
    type=click.File(errors="replace"),
    help="Text, a domain a line, or CSV with a domain or url column; - is stdin.",
)
@click.option(
    "--queue/--no-queue", default=True, show_default=True, help="Whether to queue new domains for their scan at once."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: new, known, repeated, refused.")
def add(urls: tuple[str, ...], source: IO[str] | None, *, queue: bool, as_json: bool) -> None:
    """Add domains: normalised, each once.

    URLs count as their domain. Says how many were new and how many known already, and names each input that is no
    domain, with the reason. A domain that is added with --no-queue waits until `scrapersky requeue domains ID`.
    """
    if not urls and source is None:
        raise click.UsageError("give URLs, or --file")
    settings = Settings.load()
    added = Added()
    inputs = [*urls] if source is None else _inputs(source)
    with connect(settings) as connection:
        seen: set[str] = set()
        domains = _domains(inputs, seen, added)
        while batch := [*islice(domains, BATCH)]:
            new = _insert(connection, batch, settings.default_tenant_id, due=queue)
            added.new += new
            added.known += len(batch) - new
    _report(added, as_json=as_json)


def _inputs(source: IO[str]) -> Iterator[str]:
    lines = iter(source)
    first = next(lines, "").removeprefix("\ufeff")
    names = [name.strip().lower() for name in next(csv.reader([first]), [])]
    column = next((names.index(name) for name in ("domain", "url", "website") if name in names), None)
    if column is None:
        if len(names) > 1:
            raise InputError(f"{source.name}: its first line names no column domain or url: {first.strip()[:200]!r}")
        yield from filter(str.strip, [first, *lines] if first else lines)
        return
    for row in csv.reader(lines):
        if len(row) > column and row[column].strip():
            yield row[column]


def _domains(inputs: Iterable[str], seen: set[str], added: Added) -> Iterator[str]:
    for given in inputs:
        try:
            domain = domain_of(given)
        except InputError as error:
            added.refused.append({"input": given.strip()[:500], "reason": str(error)})
            continue
        if domain in seen:
            added.repeated += 1
            continue
        seen.add(domain)
        yield domain


def _insert(connection: Connection, domains: list[str], tenant: UUID, *, due: bool) -> int:
    rows = fetch(
        connection,
        "INSERT INTO domains (domain, tenant_id, scan_due_at)"
        " SELECT domain, %s, CASE WHEN %s THEN now() ELSE 'infinity' END FROM unnest(%s::text[]) AS given(domain)"
        " ORDER BY domain ON CONFLICT (domain) DO NOTHING RETURNING id",
        tenant,
        due,
        domains,
    )
    return len(rows)


def _report(added: Added, *, as_json: bool) -> None:
    if as_json:
        document = {"new": added.new, "known": added.known, "repeated": added.repeated, "refused": added.refused}
        click.echo(json.dumps(document))
        return
    for refusal in added.refused[:MOST_REFUSALS_SHOWN]:
        click.echo(f"refused: {refusal['reason']}", err=True)
    more = len(added.refused) - MOST_REFUSALS_SHOWN
    if more > 0:
        click.echo(f"refused: {more} more; --json names them all", err=True)
    click.echo(f"{added.new} new, {added.known} known, {added.repeated} repeated, {len(added.refused)} refused")


@click.command(epilog='Example: scrapersky search plumbers --location "Austin, TX" --radius-km 20')
@click.argument("business_type")
@click.option("--location", required=True, help='Where: a city, an address, a region; e.g. "Austin, TX".')
@click.option(
    "--radius-km", type=click.FloatRange(0, LONGEST_RADIUS_KM, min_open=True), help="Keep only places this near."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: search_id, job_id.")
def search(business_type: str, location: str, radius_km: float | None, *, as_json: bool) -> None:
    """Queue a Google Places search for BUSINESS_TYPE.

    The next run of local-business-enrichment asks Google; what it finds is in `scrapersky list places_staging`.
    """
    if not business_type.strip() or not location.strip():
        raise InputError("a search needs a business type and a location")
    settings = Settings.load()
    tenant = settings.default_tenant_id
    metadata: dict[str, object] = {"business_type": business_type.strip(), "location": location.strip()}
    if radius_km is not None:
        metadata["radius_km"] = radius_km
    with connect(settings) as connection, connection.transaction():
        [asked] = fetch(
            connection,
            "INSERT INTO place_searches (tenant_id, business_type, location, params, status)"
            " VALUES (%s, %s, %s, %s, 'Queued') RETURNING id",
            tenant,
            business_type.strip()[:100],
            location.strip()[:255],
            json.dumps(metadata),
        )
        metadata["search_id"] = str(asked["id"])
        [queued] = fetch(
            connection,
            "INSERT INTO jobs (job_type, tenant_id, tenant_id_uuid, job_metadata)"
            " VALUES ('places_search', %s, %s, %s) RETURNING id, job_id",
            str(tenant),
            tenant,
            json.dumps(metadata),
        )
    if as_json:
        click.echo(json.dumps({"search_id": str(asked["id"]), "job_id": str(queued["job_id"]), "id": queued["id"]}))
    else:
        click.echo(f"queued as job {queued['id']}: scrapersky run local-business-enrichment asks Google")
