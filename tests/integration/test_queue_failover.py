"""A server that restarts in the middle of a drain costs time, not rows."""

import asyncio
import signal
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.engine import create_engine
from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from scrapersky.queue.drain import drain
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.settle import Retries
from scrapersky.queue.stage import Lease
from scrapersky.queue.tally import Tally
from tests.support.counting_worker import Counted, Counting
from tests.support.postgres import make_settings

LIMITS = Limits(batch=40, concurrency=4, lease=60, row_timeout=60, grace=0.2, retries=Retries(3, 0.01, 0.01))
ROWS = 40


class RestartsUnder(Counting):
    """Halfway, the server restarts while rows are in work."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._worked = 0

    async def work(self, row: Counted, lease: Lease) -> str:  # noqa: ARG002
        self._worked += 1
        if self._worked == ROWS // 2:
            await asyncio.to_thread(self._server.restart, signal.SIGQUIT)
        return f"mark {row.domain}"

    async def settle(self, session: AsyncSession, results: Any) -> None:
        await super().settle(session, results)
        for row, mark in results:
            await session.execute(
                text("UPDATE domains SET description = :mark WHERE id = :id"), {"mark": mark, "id": row.id}
            )


async def test_a_restart_in_the_middle_of_a_drain_costs_time_not_rows() -> None:
    with EmbeddedPostgres() as server:
        settings = make_settings(server.url)
        upgrade(settings)
        with psycopg.connect(server.url) as connection:
            names = f"SELECT 'd' || n || '.example' FROM generate_series(1, {ROWS}) n"
            connection.execute(f"INSERT INTO domains (domain) {names}".encode())
        engine, stage, tally = create_engine(settings), RestartsUnder(server), Tally()
        async with asyncio.timeout(60):
            stop, slots = Stop.never(), asyncio.Semaphore(LIMITS.concurrency)
            await drain(stage, engine, LIMITS, slots=slots, allowance=Allowance(None), stop=stop, tally=tally)
        await engine.dispose()
        assert (tally.completed, tally.lost, tally.retried, tally.failed) == (ROWS, 0, 0, 0)
        with psycopg.connect(server.url, row_factory=dict_row) as connection:
            wrong = (
                "SELECT domain FROM domains WHERE status <> 'Completed' OR total_sitemaps <> 1 OR scan_attempts <> 1"
            )
            assert connection.execute(wrong).fetchall() == []
