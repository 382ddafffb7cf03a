"""Rows that kill their worker, among rows that do not: they alone are given up."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

Sql = Callable[..., list[dict[str, Any]]]


async def work_until_all_is_settled(sql: Sql, environment: dict[str, str]) -> int:
    """Replace each worker that dies, as Kubernetes would; return how many did."""
    deaths, settled = 0, False
    command = (sys.executable, "-m", "tests.support.counting_worker")
    async with asyncio.timeout(60):
        while not settled:
            worker = await asyncio.create_subprocess_exec(*command, env={"PATH": os.environ["PATH"], **environment})
            ended = asyncio.create_task(worker.wait())
            while not ended.done() and not settled:
                await asyncio.wait([ended], timeout=0.1)
                settled = sql("SELECT bool_and(status IN ('Completed', 'Error')) AS all FROM domains")[0]["all"]
            deaths += ended.done()
            if not ended.done():
                worker.kill()
            await ended
    return deaths


@pytest.mark.parametrize("killer", ["exit.example", "segfault.example"])
async def test_a_row_that_kills_its_worker_is_given_up_alone(database_url: str, sql: Sql, killer: str) -> None:
    sql("INSERT INTO domains (domain) SELECT 'good' || n || '.example' FROM generate_series(1, 30) n")
    sql(
        "INSERT INTO domains (domain, scan_due_at) SELECT %s, scan_due_at FROM domains ORDER BY id OFFSET 3 LIMIT 1",
        killer,
    )
    deaths = await work_until_all_is_settled(sql, {"DATABASE_URL": database_url, "MAX_ATTEMPTS": "3"})
    good = sql("SELECT DISTINCT status::text, total_sitemaps AS settled FROM domains WHERE domain LIKE 'good%'")
    assert good == [{"status": "Completed", "settled": 1}]
    [bad] = sql("SELECT status::text, scan_attempts, scan_error FROM domains WHERE domain = %s", killer)
    assert (bad["status"], bad["scan_attempts"], deaths) == ("Error", 3, 3)
    assert bad["scan_error"].startswith("worker-lost: the worker died or lost its lease in each of 3 attempts")


@pytest.mark.parametrize("max_attempts", [1, 2])
async def test_innocent_rows_survive_however_few_attempts_there_are(
    database_url: str, sql: Sql, max_attempts: int
) -> None:
    names, never_busy = ["good1.example", "exit.example", "good2.example"], "00000000-0000-4000-8000-00000000000"
    for number, name in enumerate(names, start=1):
        sql("INSERT INTO domains (domain, id) VALUES (%s, %s::uuid)", name, f"{never_busy}{number}")
    deaths = await work_until_all_is_settled(sql, {"DATABASE_URL": database_url, "MAX_ATTEMPTS": str(max_attempts)})
    rows = sql("SELECT status::text, scan_attempts FROM domains ORDER BY domain")
    assert [row["status"] for row in rows] == ["Error", "Completed", "Completed"]
    assert max(row["scan_attempts"] for row in rows) == max_attempts
    assert deaths == max_attempts + 1


async def test_a_row_that_was_lost_with_others_is_not_given_up_for_it(database_url: str, sql: Sql) -> None:
    shared = "overlay(gen_random_uuid()::text placing '8' from 15 for 1)::uuid"
    sql("INSERT INTO domains (domain) SELECT 'good' || n || '.example' FROM generate_series(1, 5) n")
    sql(f"UPDATE domains SET status = 'Processing', scan_attempts = 3, scan_claim = {shared}, scan_due_at = now()")
    environment = {"DATABASE_URL": database_url, "MAX_ATTEMPTS": "3"}
    assert await work_until_all_is_settled(sql, environment) == 0
    rows = sql("SELECT DISTINCT status::text, scan_attempts, scan_error FROM domains")
    assert rows == [{"status": "Completed", "scan_attempts": 3, "scan_error": None}]
