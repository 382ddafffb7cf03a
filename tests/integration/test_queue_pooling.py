"""The drain and the services through a real PgBouncer in transaction mode, which lends two connections in all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.db.engine import create_engine
from scrapersky.errors import TransientError
from scrapersky.queue.drain import drain
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.settle import Retries
from scrapersky.queue.stage import Lease
from scrapersky.queue.tally import Tally
from tests.internet.crowd import PAGES, crowd
from tests.internet.network import SmallInternet
from tests.support.counting_worker import Counted, Counting
from tests.support.pgbouncer import StrictPooler
from tests.support.postgres import make_settings
from tests.support.services import MODULES, run

Sql = Callable[..., list[dict[str, Any]]]
LIMITS = Limits(batch=20, concurrency=8, lease=30, row_timeout=20, grace=1, retries=Retries(3, 0.01, 0.01))


@pytest.fixture
async def pods(pooled_url: str) -> AsyncIterator[list[AsyncEngine]]:
    """The engines of three pods, which want six connections and get two."""
    engines = [create_engine(make_settings(pooled_url)) for _ in range(3)]
    yield engines
    for engine in engines:
        await engine.dispose()


async def drained(engine: AsyncEngine, stage: Any, limits: Limits = LIMITS, **more: Any) -> Tally:
    tally, slots = Tally(), asyncio.Semaphore(limits.concurrency)
    given = {"allowance": Allowance(None), "stop": Stop.never(), **more}
    await drain(stage, engine, limits, slots=slots, tally=tally, **given)
    return tally


def queue_domains(sql: Sql, count: int) -> None:
    sql("INSERT INTO domains (domain) SELECT 'd' || n || '.example' FROM generate_series(1, %s::int) n", count)


async def test_three_pods_share_a_queue_behind_a_pooler(pods: list[AsyncEngine], sql: Sql) -> None:
    queue_domains(sql, 300)
    for _ in range(3):
        await asyncio.gather(*(drained(pod, Counting()) for pod in pods))
        sql("UPDATE domains SET scan_due_at = now() WHERE status = 'Queued'")
    assert sql("SELECT DISTINCT status::text, total_sitemaps AS settled FROM domains") == [
        {"status": "Completed", "settled": 1}
    ]
    assert sql("SELECT count(*) AS differ FROM domains WHERE title <> description") == [{"differ": 0}]


@dataclass
class Waiting(Counting):
    """Holds every row in work until it is told to finish."""

    started: asyncio.Event
    finish: asyncio.Event

    async def work(self, row: Counted, lease: Lease) -> str:  # noqa: ARG002
        self.started.set()
        await self.finish.wait()
        async with lease.transaction() as session:
            await session.execute(text("SELECT 1"))
        raise TransientError("http-503", "come again", retry_after=60)


async def test_leases_are_renewed_fenced_and_released_behind_a_pooler(pods: list[AsyncEngine], sql: Sql) -> None:
    queue_domains(sql, 4)
    stage, stop = Waiting(asyncio.Event(), asyncio.Event()), Stop.never()
    working = asyncio.create_task(drained(pods[0], stage, replace(LIMITS, lease=1.0, concurrency=3), stop=stop))
    await stage.started.wait()
    due = "SELECT min(scan_due_at) AS at FROM domains WHERE status = 'Processing'"
    [before] = sql(due)
    async with asyncio.timeout(10):
        while sql(due) == [before]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    sql("UPDATE domains SET scan_claim = gen_random_uuid() WHERE domain = 'd1.example'")
    stop.now()
    stage.finish.set()
    tally = await working
    assert (tally.claimed, tally.lost, tally.retried + tally.released) == (4, 1, 3)


async def test_no_connection_is_held_while_rows_are_in_work(pods: list[AsyncEngine], sql: Sql) -> None:
    queue_domains(sql, 20)
    stage = Waiting(asyncio.Event(), asyncio.Event())
    working = [asyncio.create_task(drained(pod, stage)) for pod in pods]
    await stage.started.wait()
    busy = """SELECT count(*) AS busy FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"""
    async with asyncio.timeout(10):
        while sql(busy) != [{"busy": 0}]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert sql("SELECT count(*) AS held FROM domains WHERE status = 'Processing'") == [{"held": 20}]
    stage.finish.set()
    assert sum(tally.retried for tally in await asyncio.gather(*working)) == 20


async def test_the_pipeline_through_a_pooler(tmp_path: Path, pooled_url: str, sql: Sql) -> None:
    sql("""INSERT INTO local_businesses (place_id, website_url, status)
        SELECT 'p' || n, 'https://plumber' || lpad(n::text, 4, '0') || '.example/', 'Selected'
        FROM generate_series(1, 5) AS n""")
    async with SmallInternet(tmp_path, crowd(5)) as internet:
        environment = {**internet.environment, "DATABASE_URL": pooled_url, "AUTO_SELECT": "true"}
        for service in ("local-business-enrichment", *MODULES):
            code, words = await run(service, environment)
            assert code == 0, words
        for service in ("domain-sitemap-submission", "sitemap-import"):
            code, words = await run(service, environment)
            assert code == 0, words
    assert sql("SELECT count(*) AS n FROM pages") == [{"n": 5 * PAGES}]
    assert sql("SELECT count(*) AS runs FROM service_runs WHERE error IS NULL") == [{"runs": 8}]


async def test_two_runs_of_a_service_at_once_through_a_pooler(tmp_path: Path, pooled_url: str, sql: Sql) -> None:
    sql(
        "INSERT INTO domains (domain) SELECT 'plumber' || lpad(n::text, 4, '0') || '.example'"
        " FROM generate_series(1, 30) n"
    )
    async with SmallInternet(tmp_path, crowd(30)) as internet:
        environment = {**internet.environment, "DATABASE_URL": pooled_url, "DOMAIN_SCHEDULER_BATCH_SIZE": "3"}
        ended = await asyncio.gather(*(run("domain-scheduler", environment) for _ in range(2)))
    assert [code for code, _ in ended] == [0, 0], ended
    assert sql("SELECT DISTINCT status::text, scan_attempts AS n FROM domains") == [{"status": "Completed", "n": 1}]


SPELLINGS = (
    "postgres://{}?sslmode=require",
    "postgresql://{}?sslmode=require&pgbouncer=true&connection_limit=1",
    "postgresql+asyncpg://{}?ssl=require&prepared_statement_cache_size=0",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_supabase_urls_reach_a_pooler_as_strict_as_supabases(
    spelling: str, strict_pooler: StrictPooler, sql: Sql
) -> None:
    """TLS, a user name with a dot, a percent-encoded password: claimed, worked and settled through all of it."""
    password = quote(strict_pooler.password, safe="")
    where = f"{strict_pooler.user}:{password}@127.0.0.1:{strict_pooler.port}/{strict_pooler.database}"
    queue_domains(sql, 20)
    engine = create_engine(make_settings(spelling.format(where)))
    tally = await drained(engine, Counting())
    await engine.dispose()
    assert (tally.claimed, tally.lost, tally.failed) == (tally.completed + tally.retried, 0, 0)
    assert tally.completed > 10
    code, words = await run("sitemap-import", {"DATABASE_URL": spelling.format(where)})
    assert (code, words) == (0, "")
    code, words = await run("sitemap-import", {"DATABASE_URL": f"postgresql://{where}?sslmode=disable"})
    assert code == 75
    assert "SSL required" in words
    assert password not in words
