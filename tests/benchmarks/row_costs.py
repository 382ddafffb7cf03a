"""What a row costs of a pod's CPU, and a page of the database's disk: the figures that `make capacity` reckons with.

`make bench-rows` prints them. CPU time is that of the services' own processes less an idle run's; the websites are the
small Internet's plain ones, and one with a long sitemap. Read `docs/capacity.md` for what follows from it.
"""

import asyncio
import resource
import tempfile
from dataclasses import replace
from pathlib import Path

import psycopg

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from tests.benchmarks.report import figure, report
from tests.internet import files
from tests.internet.crowd import PAGES, crowd
from tests.internet.network import SmallInternet
from tests.internet.site import Site, xml
from tests.support.postgres import make_settings
from tests.support.services import run

SITES = 300
LONG = 50_000


def long_site() -> Site:
    """A plain website whose sitemap lists `LONG` pages with addresses of the usual length."""
    site = crowd(1)[0]
    urls = [f"https://{site.host}/services/water-heater-repair/austin/{number}/" for number in range(LONG)]
    return replace(site, routes={**site.routes, "/sitemap.xml": xml(files.urlset(urls))})


async def cpu(service: str, environment: dict[str, str]) -> float:
    """CPU seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code, words = await run(service, environment)
    assert code == 0, words
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def measure(database_url: str, directory: Path) -> dict[str, float]:
    """CPU seconds by what for, and bytes a page."""
    plain = crowd(SITES)[1:]
    async with SmallInternet(directory, [long_site(), *plain]) as internet:
        environment = {**internet.environment, "DATABASE_URL": database_url, "AUTO_SELECT": "true"}
        idle = await cpu("sitemap-import", environment)
        cost = {"idle run": idle}
        with psycopg.connect(database_url, autocommit=True) as connection:
            for site in plain:
                connection.execute("INSERT INTO domains (domain) VALUES (%s)", [site.host])
            for service in ("domain-scheduler", "domain-sitemap-submission", "sitemap-import"):
                cost[service] = (await cpu(service, environment) - idle) / len(plain)
            connection.execute("INSERT INTO domains (domain) VALUES (%s)", [long_site().host])
            for service in ("domain-scheduler", "domain-sitemap-submission"):
                await run(service, environment)
            cost["page"] = (await cpu("sitemap-import", environment) - idle) / LONG
            [pages, octets] = connection.execute(
                "SELECT count(*), pg_total_relation_size('pages') FROM pages"
            ).fetchone() or (0, 0)
    assert pages == LONG + PAGES * len(plain)
    return {**cost, "bytes": octets / pages}


def main() -> None:
    """Print them."""
    with tempfile.TemporaryDirectory() as directory, EmbeddedPostgres() as postgres:
        upgrade(make_settings(postgres.url))
        cost = asyncio.run(measure(postgres.url, Path(directory)))
    idle = cost.pop("idle run")
    octets = cost.pop("bytes")
    figures = [figure(f"CPU of a row, {name}", seconds, "s", "idle run", idle) for name, seconds in cost.items()]
    report("row-costs", [*figures, figure("disk of a page, indexes included", octets, "bytes", "its URL", 80)])


if __name__ == "__main__":
    main()
