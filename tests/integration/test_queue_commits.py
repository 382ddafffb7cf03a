"""Workers that die, and connections that break, in the middle of a COMMIT: done on the server, or never arrived."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import make_url

from scrapersky.db.engine import create_engine
from scrapersky.queue.drain import drain
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.settle import Retries
from scrapersky.queue.tally import Tally
from tests.support.counting_worker import Counting, CountingInOne, start_worker
from tests.support.postgres import make_settings
from tests.support.tcp_proxy import Fate, TcpProxy

Sql = Callable[..., list[dict[str, Any]]]
LIMITS = Limits(batch=10, concurrency=4, lease=30, row_timeout=20, grace=1, retries=Retries(100, 0.01, 0.01))
COMMITS = {
    "look for suspects": b"worker-lost",
    "claim": b"AND NOT (",
    "chunk": b"SET description",
    "settle": b"SET total_sitemaps",
    "settle in one": b"total_sitemaps = coalesce(domains.",
}
"""Transactions of a worker, and what their statements have in them."""


def behind(proxy: TcpProxy, url: str) -> str:
    return make_url(url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)


def port_of(url: str) -> int:
    port = make_url(url).port
    assert port is not None
    return port


@pytest.mark.parametrize("commit", COMMITS)
async def test_a_worker_killed_in_the_middle_of_a_commit(database_url: str, sql: Sql, commit: str) -> None:
    sql("INSERT INTO domains (domain, id) VALUES ('one.example', '00000000-0000-4000-8000-000000000001')")
    async with TcpProxy(port_of(database_url)) as proxy, asyncio.timeout(60):
        settle = {"OWN_COLUMNS": "1"} if commit == "settle in one" else {}
        worker = await start_worker(behind(proxy, database_url), ONCE="1", **settle)
        async with proxy.commit_held(COMMITS[commit]):
            worker.kill()
            await worker.wait()
        left = sql("SELECT status::text, description IS NOT NULL AS chunk FROM domains")[0]
        while sql("SELECT status::text FROM domains") != [{"status": "Completed"}]:
            rescuer = await start_worker(database_url, ONCE="1")
            assert await rescuer.wait() == 0
    begun = {"look for suspects": "Queued", "settle": "Completed", "settle in one": "Completed"}.get(
        commit, "Processing"
    )
    assert left == {"status": begun, "chunk": commit in {"chunk", "settle", "settle in one"}}
    [row] = sql("SELECT scan_attempts, total_sitemaps AS settled, title = description AS whole FROM domains")
    assert row == {"scan_attempts": 2 if begun == "Processing" else 1, "settled": 1, "whole": True}


async def test_a_worker_killed_while_it_puts_rows_back_for_others(database_url: str, sql: Sql) -> None:
    sql("INSERT INTO domains (domain) SELECT 'd' || n || '.example' FROM generate_series(1, 60) n")
    async with TcpProxy(port_of(database_url)) as proxy, asyncio.timeout(60):
        worker = await start_worker(behind(proxy, database_url), ONCE="1")
        async with proxy.commit_held(b"::float8[])[array_position("):
            worker.kill()
            await worker.wait()
        deferred = "SELECT count(*) AS n FROM domains WHERE status = 'Queued' AND scan_claim IS NOT NULL"
        assert sql(deferred)[0]["n"] > 0
        while sql("SELECT 1 FROM domains WHERE status <> 'Completed' LIMIT 1"):
            rescuer = await start_worker(database_url, ONCE="1")
            assert await rescuer.wait() == 0
    assert sql("SELECT DISTINCT total_sitemaps AS settled FROM domains") == [{"settled": 1}]
    assert sql("SELECT 1 FROM domains WHERE scan_attempts NOT BETWEEN 1 AND 3") == []


@pytest.mark.parametrize("stage", [Counting(), CountingInOne()])
@pytest.mark.parametrize("fate", ["is lost", "is done and its answer lost"])
async def test_many_commits_break(database_url: str, sql: Sql, fate: Fate, stage: Counting | CountingInOne) -> None:
    sql("INSERT INTO domains (domain) SELECT 'd' || n || '.example' FROM generate_series(1, 30) n")
    chance = random.Random(1)
    choices: tuple[Fate, ...] = ("passes", "passes", "passes", fate)
    async with TcpProxy(port_of(database_url), lambda: chance.choice(choices)) as proxy:
        engine, tally = create_engine(make_settings(behind(proxy, database_url))), Tally()
        async with asyncio.timeout(60):
            while sql("SELECT 1 FROM domains WHERE status <> 'Completed' LIMIT 1"):
                sql("UPDATE domains SET scan_due_at = now() WHERE scan_due_at > now() + interval '1 s'")
                await drain(
                    stage,
                    engine,
                    LIMITS,
                    slots=asyncio.Semaphore(LIMITS.concurrency),
                    allowance=Allowance(None),
                    stop=Stop.never(),
                    tally=tally,
                )
        await engine.dispose()
        assert proxy.cuts > 2
    assert sql("SELECT DISTINCT total_sitemaps AS settled, title = description AS whole FROM domains") == [
        {"settled": 1, "whole": True}
    ]
    assert tally.completed == 30
