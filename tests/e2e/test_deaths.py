"""Services that die or are told to stop in the middle of a row: nothing is lost, and the result is the same."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scrapersky.queue.queues import QUEUES, Queue
from tests.internet.crowd import crowd
from tests.internet.network import SmallInternet
from tests.internet.server import Answer, Request
from tests.support.services import run, start

Sql = Callable[..., list[dict[str, Any]]]
HOST = "plumber0001.example"


@dataclass(frozen=True)
class Step:
    """A service with one row queued for it, and the request in whose middle it is caught."""

    queue: str
    prepare: tuple[str, ...]
    held: str
    result: str

    @property
    def service(self) -> str:
        return QUEUES[self.queue].service


DOMAIN = f"INSERT INTO domains (domain, scan_due_at) VALUES ('{HOST}', 'infinity')"
FILE = (
    f"INSERT INTO sitemap_files (domain_id, tenant_id, url, sitemap_type, deep_scrape_curation_status)"
    f" SELECT id, tenant_id, 'https://{HOST}/sitemap.xml', 'standard', 'Selected' FROM domains"
)
PLACE = "INSERT INTO places_staging (place_id, name, status) VALUES ('ChIJ0000plumberAustinTX', 'x', 'Selected')"
SEARCH = (
    "INSERT INTO jobs (job_type, job_metadata) VALUES"
    """ ('places_search', '{"business_type": "plumbers", "location": "Austin, TX"}')"""
)
JOB = f"""INSERT INTO jobs (job_type, job_metadata) VALUES ('sitemap', '{{"domain": "{HOST}"}}')"""

STEPS = (
    Step("domains", (DOMAIN.replace("'infinity'", "now()"),), "/", "SELECT domain, title, status FROM domains"),
    Step(
        "sitemap-analysis",
        (DOMAIN, "UPDATE domains SET sitemap_curation_status = 'Selected'"),
        "/sitemap.xml",
        "SELECT url, sitemap_type, url_count FROM sitemap_files",
    ),
    Step("sitemap-jobs", (JOB,), "/sitemap.xml", "SELECT url, sitemap_import_status FROM sitemap_files"),
    Step("sitemap-imports", (DOMAIN, FILE), "/sitemap.xml", "SELECT url, last_modified FROM pages ORDER BY url"),
    Step(
        "place-searches",
        (SEARCH,),
        "/v1/places:searchText",
        "SELECT place_id, name FROM places_staging ORDER BY place_id",
    ),
    Step(
        "deep-scans",
        (PLACE,),
        "/v1/places/ChIJ0000plumberAustinTX",
        "SELECT place_id, business_name, phone, monday_hours FROM local_businesses",
    ),
)


class Gate:
    """Holds the answers to one path until it is opened; tells when the first was asked for."""

    def __init__(self, path: str) -> None:
        self.asked, self.open = asyncio.Event(), asyncio.Event()
        self._path = path

    def hold(self, answer: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        """A handler that answers as ``answer`` does, but not before the gate is open."""

        def held(request: Request) -> Answer:
            found = answer(request)
            if request.path != self._path or self.open.is_set() or found.status >= 300:
                return found
            self.asked.set()

            async def later() -> AsyncIterator[bytes]:
                await self.open.wait()
                yield found.body

            return Answer(found.status, found.content_type, b"", found.headers, stream=later)

        return held


@asynccontextmanager
async def caught(step: Step, tmp_path: Path, database_url: str, sql: Sql) -> AsyncIterator[Any]:
    """A service in the middle of the step's row: yields its process, the gate and its environment."""
    gate = Gate(step.held)
    internet = SmallInternet(tmp_path, crowd(1))
    for server in (internet._server, internet.places._server):
        server._handler = gate.hold(server._handler)
    async with internet:
        for statement in step.prepare:
            sql(statement)
        environment = {
            **internet.environment,
            "DATABASE_URL": database_url,
            "LEASE_SECONDS": "1",
            "GRACE_SECONDS": "0.5",
            "FETCH_TOTAL_TIMEOUT": "60",
            "FETCH_READ_TIMEOUT": "60",
        }
        process = await start(step.service, environment)
        async with asyncio.timeout(20):
            await gate.asked.wait()
        yield process, gate, environment
        if process.returncode is None:
            process.kill()
            await process.wait()


def row_of(queue: Queue, sql: Sql) -> dict[str, Any]:
    columns = f"{queue.status}::text AS status, {queue.attempts} AS attempts, {queue.due_at} <= now() AS due"
    [row] = sql(f"SELECT {columns} FROM {queue.table} WHERE {queue.where or 'true'} AND {queue.status} IS NOT NULL")
    return row


async def undisturbed(step: Step, environment: dict[str, str], sql: Sql) -> list[dict[str, Any]]:
    """The result of a run that nobody disturbs, once the lease of the dead one has run out."""
    queue = QUEUES[step.queue]
    async with asyncio.timeout(10):
        while not row_of(queue, sql)["due"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    code, words = await run(step.service, environment)
    assert code == 0, words
    return sql(step.result)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.queue)
async def test_a_killed_service_is_made_up_for_by_the_next(
    step: Step, tmp_path: Path, database_url: str, sql: Sql
) -> None:
    queue = QUEUES[step.queue]
    async with caught(step, tmp_path, database_url, sql) as (process, gate, environment):
        process.send_signal(signal.SIGKILL)
        await process.wait()
        assert row_of(queue, sql)["status"] == queue.processing
        gate.open.set()
        after_death = await undisturbed(step, environment, sql)
        assert row_of(queue, sql) == {"status": "Completed", "attempts": 2, "due": None}
        assert after_death
        sql(f"UPDATE {queue.table} SET {queue.status} = 'Queued' WHERE {queue.status} = 'Completed'")
        assert await undisturbed(step, environment, sql) == after_death


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.queue)
async def test_a_service_that_is_told_to_stop_gives_its_row_back(
    step: Step, tmp_path: Path, database_url: str, sql: Sql
) -> None:
    async with caught(step, tmp_path, database_url, sql) as (process, _, _):
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            _, words = await process.communicate()
        assert process.returncode == 0, words
        assert row_of(QUEUES[step.queue], sql) == {"status": "Queued", "attempts": 0, "due": True}
        [history] = sql("SELECT claimed, released, error, finished_at IS NOT NULL AS ended FROM service_runs")
        assert history == {"claimed": 1, "released": 1, "error": None, "ended": True}


async def test_a_service_that_is_told_to_stop_finishes_what_it_can(tmp_path: Path, database_url: str, sql: Sql) -> None:
    async with caught(STEPS[0], tmp_path, database_url, sql) as (process, gate, _):
        process.send_signal(signal.SIGTERM)
        gate.open.set()
        async with asyncio.timeout(10):
            await process.communicate()
        assert process.returncode == 0
        assert row_of(QUEUES["domains"], sql)["status"] == "Completed"
