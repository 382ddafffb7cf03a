"""Services caught in the middle of a row, at a request that is held: to be killed, or told to stop, there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapersky.queue.queues import QUEUES, Queue
from tests.internet.crowd import crowd
from tests.internet.network import SmallInternet
from tests.internet.server import Answer, Request
from tests.support.services import start

Sql = Callable[..., list[dict[str, Any]]]
Start = Callable[[str, Mapping[str, str]], Awaitable[asyncio.subprocess.Process]]
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
async def caught(
    step: Step, tmp_path: Path, database_url: str, sql: Sql, start: Start = start, **settings: str
) -> AsyncIterator[Any]:
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
            "FETCH_TOTAL_TIMEOUT": "60",
            "FETCH_READ_TIMEOUT": "60",
            **settings,
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
