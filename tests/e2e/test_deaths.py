"""Services that die or are told to stop in the middle of a row: nothing is lost, and the result is the same."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest

from scrapersky.queue.queues import QUEUES
from tests.support.caught import STEPS, Sql, Step, caught, row_of
from tests.support.services import run


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
    async with caught(step, tmp_path, database_url, sql, LEASE_SECONDS="1") as (process, gate, environment):
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
    async with caught(step, tmp_path, database_url, sql, GRACE_SECONDS="0.5") as (process, _, _):
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
