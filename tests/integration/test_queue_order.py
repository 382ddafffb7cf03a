"""Claims that go on where the one before stopped: what they leave out for a moment, and what they save."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.queue import statements
from scrapersky.queue.claims import Claimer, shared_token
from scrapersky.queue.queues import DOMAINS
from scrapersky.queue.tally import Tally
from tests.support.counting_worker import Counted, Counting

Sql = Callable[..., list[dict[str, Any]]]
BATCH = 10


def queue_rows(sql: Sql, count: int) -> None:
    """Half of them due at one moment, as one statement queues them, and half at moments of their own."""
    sql(
        "INSERT INTO domains (domain, scan_due_at)"
        " SELECT 'd' || n, now() - interval '1 hour' + greatest(n - %(half)s, 0) * interval '1 ms'"
        " FROM generate_series(1, %(count)s) n",
        count=count,
        half=count // 2,
    )


def claimer_of(engine: AsyncEngine) -> Claimer[Counted, str]:
    return Claimer(Counting(), engine, lease=60, max_attempts=5, tally=Tally())


async def taken(claimer: Claimer[Counted, str]) -> list[str]:
    return [each.row.domain for each in await claimer.claim(BATCH)]


async def test_batch_after_batch_takes_every_row_once_in_order(engine: AsyncEngine, sql: Sql) -> None:
    queue_rows(sql, 95)
    in_order = [row["domain"] for row in sql("SELECT domain FROM domains ORDER BY scan_due_at, id")]
    claimer = claimer_of(engine)
    for start in range(0, 100, BATCH):
        assert set(await taken(claimer)) == set(in_order[start : start + BATCH])
    assert await taken(claimer) == []


@pytest.mark.parametrize(("front", "claims"), [(0, 1), (1000, 3)])
async def test_a_row_that_comes_to_the_front_waits_a_moment_but_is_never_left(
    engine: AsyncEngine, sql: Sql, front: float, claims: int
) -> None:
    queue_rows(sql, 30)
    claimer = claimer_of(engine)
    with patch("scrapersky.queue.claims.FRONT", front):
        await taken(claimer)
        sql("INSERT INTO domains (domain, scan_due_at) VALUES ('urgent', now() - interval '1 day')")
        batches = [await taken(claimer) for _ in range(4)]
    assert [number for number, batch in enumerate(batches, 1) if "urgent" in batch] == [claims]
    assert sum(map(len, batches)) == 21


async def test_entries_of_what_was_claimed_are_not_read_again(engine: AsyncEngine, sql: Sql) -> None:
    sql("ALTER TABLE domains SET (autovacuum_enabled = off)")
    queue_rows(sql, 5000)
    claimer = claimer_of(engine)
    for _ in range(4000 // BATCH):
        await taken(claimer)
    assert claimer._stopped_at is not None
    was_due, last = claimer._stopped_at
    values = {"token": shared_token(), "lease": 60, "limit": BATCH, "max_attempts": 5}
    from_the_front = pages_read(sql, statements.claim(DOMAINS, ["id"]), values)
    onwards = statements.claim(DOMAINS, ["id"], onwards=True)
    assert pages_read(sql, onwards, {**values, "was_due": was_due, "last": last}) <= BATCH + 5 < from_the_front


def pages_read(sql: Sql, claim: str, values: dict[str, Any]) -> int:
    """Pages that the scan of the queue's index reads, of the index and of the table."""
    [answer] = sql("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + claim, **values)
    [scan] = [
        step
        for step in steps_of(answer["QUERY PLAN"][0]["Plan"])
        if step.get("Index Name") == "domains_domains_due_idx"
    ]
    return int(scan["Shared Hit Blocks"] + scan["Shared Read Blocks"])


def steps_of(step: dict[str, Any]) -> list[dict[str, Any]]:
    """A step of a plan and all below it."""
    return [step, *(below for child in step.get("Plans", ()) for below in steps_of(child))]
