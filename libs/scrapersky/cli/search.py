"""``scrapersky search``: a Places search, which the pipeline begins with."""

import json

import click

from scrapersky.cli.database import connect, fetch, make_default_tenant
from scrapersky.cli.output import examples, json_option, print_counts
from scrapersky.errors import InputError
from scrapersky.settings import Settings

LARGEST_RADIUS_KM = 50
LONGEST_BUSINESS_TYPE, LONGEST_LOCATION = 100, 255
# One statement: the search as a person asked for it, and the row of jobs that a service claims.
INSERT = """
WITH search AS (
    INSERT INTO place_searches (tenant_id, business_type, location, params, status)
    VALUES (%(tenant)s, %(business_type)s, %(location)s, %(search)s::json, 'Queued') RETURNING id)
INSERT INTO jobs (job_type, tenant_id, tenant_id_uuid, job_metadata)
SELECT 'places_search', %(tenant)s::text, %(tenant)s, %(search)s::jsonb || jsonb_build_object('search_id', search.id)
FROM search RETURNING id, job_id, job_metadata->>'search_id' AS search_id"""


@click.command(
    epilog=examples('search plumbers --location "Austin, TX"', "search dentist --location 78701 --radius-km 5 --json")
)
@click.argument("business_type")
@click.option("--location", required=True, help='Where: a city, an address, a region; e.g. "Austin, TX".')
@click.option(
    "--radius-km", type=click.FloatRange(0, LARGEST_RADIUS_KM, min_open=True), help="Keep only places this near."
)
@json_option("search_id, job_id, id")
def search(business_type: str, location: str, radius_km: float | None, *, as_json: bool) -> None:
    """Queue a Google Places search for BUSINESS_TYPE.

    The next run of local-business-enrichment asks Google; what it finds is in `scrapersky list places`. Google serves
    60 places a search at the most: search by district, or with a radius, for more.
    """
    asked: dict[str, object] = {
        "business_type": _text("BUSINESS_TYPE", business_type, LONGEST_BUSINESS_TYPE),
        "location": _text("--location", location, LONGEST_LOCATION),
    }
    params = asked if radius_km is None else {**asked, "radius_km": radius_km}
    settings = Settings.load()
    with connect(settings) as connection:
        make_default_tenant(connection, settings)
        [job] = fetch(connection, INSERT, {**asked, "tenant": settings.default_tenant_id, "search": json.dumps(params)})
    queued = {"search_id": job["search_id"], "job_id": str(job["job_id"]), "id": job["id"]}
    print_counts(queued, f"queued as job {job['id']}, search {job['search_id']}", as_json=as_json)
    click.echo("`scrapersky run local-business-enrichment` asks Google now; its CronJob does by itself", err=True)


def _text(name: str, given: str, longest: int) -> str:
    text = given.strip()
    if not text or len(text) > longest:
        raise InputError(f"{name}: must be 1 to {longest} characters long")
    return text
