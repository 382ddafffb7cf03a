"""Rows that have a host or a domain in common: they hold up one another, and nobody else."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from scrapersky.queue.claims import Claimer
from scrapersky.queue.drain import drain
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.queues import DOMAINS
from scrapersky.queue.settle import Retries
from scrapersky.queue.shares import Sharing
from scrapersky.queue.stage import Lease
from scrapersky.queue.tally import Tally

Sql = Callable[..., list[dict[str, Any]]]
LIMITS = Limits(
    batch=20,
    concurrency=16,
    lease=30,
    row_timeout=60,
    grace=0.2,
    retries=Retries(3, 0.01, 0.01),
    sharing=Sharing(at_once=3, pace=0.001),
)


@dataclass(frozen=True)
class File:
    """``site/number``."""

    id: UUID
    domain: str

    @property
    def site(self) -> str:
        return self.domain.partition("/")[0]

    @property
    def shares(self) -> tuple[str]:
        return (self.site,)


class Importing:
    """Works files, those of the site ``big`` only while the gate is open; counts how many of a site it has at once."""

    queue = DOMAINS
    row = File

    def __init__(self, others: int = 0) -> None:
        self.worked: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self.big_begun, self.gate = asyncio.Event(), asyncio.Event()
        self._others = others
        self._at_once: Counter[str] = Counter()
        self._open_if_others_are_done()

    async def work(self, row: File, lease: Lease) -> None:  # noqa: ARG002
        self._at_once[row.site] += 1
        self.most_at_once[row.site] = max(self.most_at_once[row.site], self._at_once[row.site])
        if row.site == "big":
            self.big_begun.set()
            await self.gate.wait()
        await asyncio.sleep(0)
        self._at_once[row.site] -= 1

    async def settle(self, session: AsyncSession, results: Sequence[tuple[File, None]]) -> None:
        ids = [row.id for row, _ in results]
        await session.execute(
            text("UPDATE domains SET total_sitemaps = coalesce(total_sitemaps, 0) + 1 WHERE id = ANY(:ids)"),
            {"ids": ids},
        )
        self.worked.update(row.site for row, _ in results)
        self._open_if_others_are_done()

    def _open_if_others_are_done(self) -> None:
        if sum(self.worked.values()) - self.worked["big"] >= self._others:
            self.gate.set()


def queue_files(sql: Sql, site: str, count: int) -> None:
    sql("INSERT INTO domains (domain) SELECT %s || '/' || n FROM generate_series(1, %s::int) n", site, count)


async def run(stage: Importing, engine: AsyncEngine, limits: Limits = LIMITS, **more: Any) -> Tally:
    tally, given = Tally(), {"allowance": Allowance(None), "stop": Stop.never(), **more}
    async with asyncio.timeout(60):
        await drain(stage, engine, limits, slots=asyncio.Semaphore(limits.concurrency), tally=tally, **given)
    return tally


async def test_2000_files_of_one_domain_at_the_head_do_not_starve_50_others(
    engine: AsyncEngine, sql: Sql, monkeypatch: Any
) -> None:
    """Not one of the 2,000 ends before all others have: where they are in the way, this never ends."""
    claims = Counter[str]()
    monkeypatch.setattr(Claimer, "claim", counted(Claimer.claim, claims))
    queue_files(sql, "big", 2_000)
    for n in range(50):
        queue_files(sql, f"other{n}", 1)
    stage = Importing(others=50)
    working = asyncio.create_task(run(stage, engine))
    await asyncio.wait([working, asyncio.create_task(stage.gate.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert claims["claim"] < 40
    held = "SELECT count(*) AS n FROM domains WHERE status = 'Processing' AND domain LIKE 'big%'"
    async with asyncio.timeout(10):  # a claim may be under way, whose rows are not put back yet
        while sql(held)[0]["n"] > LIMITS.sharing.at_once + LIMITS.batch:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    tally = await working
    assert (tally.claimed, tally.completed, tally.released) == (2_050, 2_050, 0)
    assert stage.most_at_once["big"] == LIMITS.sharing.at_once
    assert sql("SELECT DISTINCT status::text, scan_attempts AS n, total_sitemaps AS settled FROM domains") == [
        {"status": "Completed", "n": 1, "settled": 1}
    ]


def counted(method: Any, calls: Counter[str]) -> Any:
    async def count(self: Any, *arguments: Any) -> Any:
        calls[method.__name__] += 1
        return await method(self, *arguments)

    return count


async def test_two_pods_share_a_domain_and_others(engine: AsyncEngine, sql: Sql) -> None:
    queue_files(sql, "big", 300)
    queue_files(sql, "small", 5)
    pods = [Importing(), Importing()]
    tallies = await asyncio.gather(*(run(pod, engine) for pod in pods))
    assert sum(tally.completed for tally in tallies) == sum(tally.claimed for tally in tallies) == 305
    assert sql("SELECT DISTINCT scan_attempts AS n, total_sitemaps AS settled FROM domains") == [{"n": 1, "settled": 1}]


async def test_rows_that_are_put_back_do_not_count_against_a_limit(engine: AsyncEngine, sql: Sql) -> None:
    queue_files(sql, "big", 100)
    limits = replace(LIMITS, sharing=Sharing(at_once=1, pace=0.001), batch=5)
    tally = await run(Importing(), engine, limits, allowance=Allowance(30))
    assert (tally.claimed, tally.completed) == (30, 30)
    untouched = "SELECT count(*) AS n FROM domains WHERE status = 'Queued' AND scan_attempts = 0 AND scan_error IS NULL"
    assert sql(untouched) == [{"n": 70}]


async def test_a_stop_gives_back_who_waits_for_its_host(engine: AsyncEngine, sql: Sql) -> None:
    queue_files(sql, "big", 200)
    stage, stop = Importing(others=1), Stop.never()
    working = asyncio.create_task(run(stage, engine, stop=stop))
    await stage.big_begun.wait()
    stop.draining.set()
    stage.gate.set()
    tally = await working
    assert 1 <= tally.completed <= LIMITS.sharing.at_once
    assert tally.claimed == tally.completed + tally.released
    left = "SELECT count(*) AS n FROM domains WHERE status = 'Queued' AND scan_attempts = 0"
    assert sql(left) == [{"n": 200 - tally.completed}]


async def test_a_drain_ends_when_others_have_taken_what_it_put_back(engine: AsyncEngine, sql: Sql) -> None:
    queue_files(sql, "big", 100)
    stage = Importing(others=1)
    working = asyncio.create_task(run(stage, engine))
    async with asyncio.timeout(20):
        while sql("SELECT 1 FROM domains WHERE status = 'Queued' AND scan_claim IS NULL LIMIT 1"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    sql("UPDATE domains SET status = 'Error', scan_due_at = NULL WHERE status = 'Queued'")
    stage.gate.set()
    tally = await working
    assert tally.completed == sql("SELECT count(*) AS n FROM domains WHERE status = 'Completed'")[0]["n"] < 100
