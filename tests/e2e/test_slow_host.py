"""A host that hangs, with 30 sitemaps due at the head of the queue, before the sitemaps of 30 other hosts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.internet.crowd import PAGES, crowd
from tests.internet.network import SmallInternet
from tests.internet.server import Answer, Request
from tests.support.services import start

Sql = Callable[..., list[dict[str, Any]]]
HUNG = "plumber0001.example"
AT_ONCE = 2


class Hanging:
    """The sitemaps of one host: their bodies do not come before it recovers."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        self.recovered = asyncio.Event()
        self.asked = self.at_once = self.most_at_once = 0

    def __call__(self, request: Request) -> Answer:
        found = self._answer(request)
        if request.host != HUNG or not request.path.startswith("/sitemap"):
            return found

        async def later() -> AsyncIterator[bytes]:
            self.asked += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await self.recovered.wait()
            self.at_once -= 1
            yield found.body

        return replace(found, body=b"", stream=later)


def queue_sitemaps(sql: Sql, first: int, last: int, each: int) -> None:
    domains = (
        f"generate_series({first}, {last}) AS s, lateral (SELECT 'plumber' || lpad(s::text, 4, '0') || '.example')"
    )
    sql(f"INSERT INTO domains (domain, scan_due_at) SELECT name, 'infinity' FROM {domains} AS d (name)")
    sql(
        "INSERT INTO sitemap_files (domain_id, tenant_id, url, sitemap_type, deep_scrape_curation_status)"
        " SELECT d.id, d.tenant_id, 'https://' || name || '/sitemap.xml?' || n, 'standard', 'Selected'"
        f" FROM {domains} AS s2 (name) JOIN domains d ON d.domain = name, generate_series(1, {each}) AS n"
    )


async def test_a_hung_host_holds_up_itself_alone(tmp_path: Path, database_url: str, sql: Sql) -> None:
    queue_sitemaps(sql, 1, 1, each=30)
    queue_sitemaps(sql, 2, 31, each=1)
    internet = SmallInternet(tmp_path, crowd(31))
    hanging = Hanging(internet._server._handler)
    internet._server._handler = hanging
    async with internet:
        environment = {**internet.environment, "DATABASE_URL": database_url, "FETCH_READ_TIMEOUT": "120"}
        process = await start("sitemap-import", {**environment, "FETCH_TOTAL_TIMEOUT": "120"})
        done = "SELECT count(*) AS n FROM sitemap_files WHERE sitemap_import_status = 'Completed'"
        async with asyncio.timeout(60):
            while sql(done) != [{"n": 30}]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert hanging.asked == hanging.at_once == AT_ONCE
        hanging.recovered.set()
        _, words = await process.communicate()
    assert process.returncode == 0, words.decode()
    assert sql(
        "SELECT DISTINCT sitemap_import_status::text AS status, sitemap_import_attempts AS n FROM sitemap_files"
    ) == [{"status": "Completed", "n": 1}]
    assert hanging.most_at_once <= AT_ONCE
    assert sql("SELECT count(*) AS n FROM pages") == [{"n": 31 * PAGES}]
    [run] = sql("SELECT claimed, completed, released FROM service_runs")
    assert run == {"claimed": 60, "completed": 60, "released": 0}
