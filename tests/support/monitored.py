"""Real runs of all five services that pushed to a real Pushgateway, which a real Prometheus scraped.

Made once for all checks that ask Prometheus something; `make dashboards` draws its pictures from the same.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from scrapersky.demo import play
from tests.internet.crowd import crowd
from tests.internet.hostile import hostile_sites
from tests.internet.network import SmallInternet
from tests.internet.site import Site
from tests.internet.sites import friendly_sites
from tests.support.prometheus import Prometheus, running_prometheus
from tests.support.pushgateway import Pushgateway, running_pushgateway
from tests.support.services import MODULES, run

RULES = Path(__file__).parents[2] / "charts" / "scrapersky" / "files" / "rules.yaml"
CROWD = 20
QUICK_FAILURES = ("circlesplumbing.example", "keepoutplumbing.example", "wrongname.example", "trapdoorplumbing.example")


@dataclass(frozen=True)
class Monitored:
    """What was left: servers that still answer, the database, and when it began (seconds since the epoch)."""

    pushgateway: Pushgateway
    prometheus: Prometheus
    database_url: str
    began: float


@contextmanager
def monitored(database_url: str, directory: Path, rounds: int = 1) -> Iterator[Monitored]:
    """Run the pipeline on a migrated database, Prometheus looking on.

    Args:
        database_url: Where the services work.
        directory: For what the servers write.
        rounds: The first brings thirty businesses and their websites, each further one `CROWD` plain websites.
    """
    with (
        running_pushgateway() as gateway,
        running_prometheus(gateway, directory, RULES) as prometheus,
    ):
        whole = Monitored(gateway, prometheus, database_url, time.time())
        asyncio.run(_pipeline(whole, directory, rounds))
        yield whole


async def _pipeline(whole: Monitored, directory: Path, rounds: int) -> None:
    some = [*friendly_sites()[:4], *(site for site in hostile_sites() if site.host in QUICK_FAILURES)]
    plain = crowd(CROWD * rounds)
    async with SmallInternet(directory, [*some, *plain]) as internet:
        environment = {
            **internet.environment,
            "DATABASE_URL": whole.database_url,
            "PUSHGATEWAY_URL": whole.pushgateway.url,
        }
        await asyncio.gather(*(run(service, environment) for service in MODULES))
        await _until(lambda: whole.prometheus.scalar("count(scrapersky_build_info)") == len(MODULES))
        for number in range(rounds):
            _queue(whole.database_url, plain[CROWD * number : CROWD * (number + 1)])
            await play(whole.database_url, directory, lambda _: None, environment)
        await _fail(whole, environment)
        await asyncio.gather(*(run(service, environment) for service in MODULES))
    runs = sum(count for count in _runs(whole.database_url).values())
    await _until(lambda: whole.prometheus.scalar("sum(scrapersky_runs_total)") == runs)


async def _fail(whole: Monitored, environment: dict[str, str]) -> None:
    with psycopg.connect(whole.database_url) as connection:
        connection.execute("""INSERT INTO jobs (job_type, job_metadata) VALUES
            ('places_search', '{"business_type": "x", "location": "y"}')""")
    code, words = await run("local-business-enrichment", {**environment, "GOOGLE_MAPS_API_KEY": ""})
    assert code == 78, words
    with psycopg.connect(whole.database_url) as connection:
        connection.execute("UPDATE jobs SET status = 'Error', job_due_at = NULL WHERE status = 'Queued'")


def _queue(database_url: str, sites: list[Site]) -> None:
    with psycopg.connect(database_url) as connection:
        for site in sites:
            connection.execute("INSERT INTO domains (domain) VALUES (%s) ON CONFLICT DO NOTHING", [site.host])


def _runs(database_url: str) -> dict[str, int]:
    with psycopg.connect(database_url) as connection:
        return dict(connection.execute("SELECT service, count(*) FROM service_runs GROUP BY service").fetchall())


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
