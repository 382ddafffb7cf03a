"""A run at work: from "is anything due?" to the row in ``service_runs`` and the pushed metrics."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from time import monotonic, time
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky import metrics
from scrapersky.db.schema import require_current
from scrapersky.metrics import Figure
from scrapersky.queue import runs
from scrapersky.queue.depth import OLDEST_SNAPSHOT_SQL, Depth, depth_sql
from scrapersky.queue.drain import Allowance, Limits, Stop, drain
from scrapersky.queue.patience import DATABASE_AWAY, first_line
from scrapersky.queue.queues import QUEUES
from scrapersky.queue.settle import Retries
from scrapersky.queue.shares import Sharing
from scrapersky.queue.stage import Stage
from scrapersky.queue.statements import any_due
from scrapersky.queue.tally import Tally, total
from scrapersky.settings import Settings

log = structlog.get_logger()

SHORTEST_PACE = 0.01
"""Seconds between rows of one host that go back to the queue, where FETCH_HOST_DELAY sets no pace."""


class OpenStages(Protocol):
    """Makes a service's stages, and what they share, for as long as the drain goes on."""

    def __call__(self, settings: Settings, /) -> AbstractAsyncContextManager[Sequence[Stage[Any, Any]]]:
        """Open them; called only when something is due."""
        ...


class Run:
    """One run of one service.

    Args:
        service: Its name, e.g. ``domain-scheduler``.
        batch: Rows claimed at once.
        settings: Limits and addresses.
        engine: The database.
    """

    def __init__(self, service: str, batch: int, settings: Settings, engine: AsyncEngine) -> None:
        self._service = service
        self._settings = settings
        self._engine = engine
        self._queues = tuple(queue for queue in QUEUES.values() if queue.service == service)
        self._limits = Limits(
            batch=batch,
            concurrency=settings.concurrency,
            lease=settings.lease_seconds,
            row_timeout=settings.row_timeout_seconds,
            grace=settings.grace_seconds,
            retries=Retries(settings.max_attempts, settings.retry_base_seconds, settings.retry_max_seconds),
            sharing=Sharing(settings.fetch_host_concurrency + 1, max(settings.fetch_host_delay, SHORTEST_PACE)),
        )
        self._stop = Stop.never()
        self._began = monotonic()
        self._started_at = time()

    async def drain(self, open_stages: OpenStages, limit: int | None) -> tuple[UUID, Tally]:
        """Work what is due, and leave the traces of it; see `scrapersky.service.run_job_loop`."""
        with _heeding_signals(self._stop):
            return await self._drain(open_stages, limit)

    async def _drain(self, open_stages: OpenStages, limit: int | None) -> tuple[UUID, Tally]:
        await require_current(self._engine)
        run_id = await runs.begin(self._engine, self._service)
        structlog.contextvars.bind_contextvars(service=self._service, run=str(run_id))
        tallies = {queue.name: Tally() for queue in self._queues}
        error = "interrupted"
        try:
            await self._drain_what_is_due(open_stages, limit, tallies)
            error = ""
        except Exception as failure:
            error = f"{type(failure).__name__}: {first_line(failure)}"
            raise
        finally:
            await self._record(run_id, tallies, error)
        return run_id, total(tallies.values())

    async def _drain_what_is_due(self, open_stages: OpenStages, limit: int | None, tallies: dict[str, Tally]) -> None:
        async with self._engine.begin() as connection:
            if not (await connection.exec_driver_sql(any_due(self._queues))).scalar():
                return
        allowance = Allowance(limit)
        slots = asyncio.Semaphore(self._limits.concurrency)
        asyncio.get_running_loop().call_later(self._settings.time_budget_seconds, self._stop.draining.set)
        async with open_stages(self._settings) as stages:
            drains = [
                drain(
                    stage,
                    self._engine,
                    self._limits,
                    slots=slots,
                    allowance=allowance,
                    stop=self._stop,
                    tally=tallies[stage.queue.name],
                )
                for stage in stages
            ]
            ends = await asyncio.gather(*drains, return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    async def _record(self, run_id: UUID, tallies: dict[str, Tally], error: str) -> None:
        metrics.RUNS.labels("failure" if error else "success").inc()
        try:
            totals = await runs.finish(self._engine, run_id, self._service, tallies, metrics.figures(), error or None)
            await runs.prune(self._engine, self._settings.run_history_days)
            if self._settings.pushgateway_url is not None:
                gauges = await self._gauges(succeeded=not error)
                url = str(self._settings.pushgateway_url)
                await asyncio.to_thread(metrics.push, url, self._service, totals, gauges)
        except DATABASE_AWAY as away:
            log.warning("run-not-recorded", error=first_line(away))

    async def _gauges(self, *, succeeded: bool) -> list[Figure]:
        async with self._engine.begin() as connection:
            depths = {
                queue.name: Depth(*tuple((await connection.exec_driver_sql(depth_sql(queue))).one()))
                for queue in self._queues
            }
            oldest = (await connection.exec_driver_sql(OLDEST_SNAPSHOT_SQL)).scalar_one()
        seconds = monotonic() - self._began
        return metrics.run_gauges(self._started_at, seconds, depths, oldest, succeeded=succeeded)


@contextmanager
def _heeding_signals(stop: Stop) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    ours = (signal.SIGTERM, signal.SIGINT)
    for number in ours:
        loop.add_signal_handler(number, stop.now)
    try:
        yield
    finally:
        for number in ours:
            loop.remove_signal_handler(number)
