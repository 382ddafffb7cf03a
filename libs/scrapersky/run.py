"""A run at work: its queues are drained, all at once, until nothing is due or the time budget ends."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky import metrics
from scrapersky.db.engine import explaining_unavailability
from scrapersky.db.schema import require_current
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.queue.drain import drain
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.queues import QUEUES
from scrapersky.queue.settle import Retries
from scrapersky.queue.shares import Sharing
from scrapersky.queue.stage import Stage
from scrapersky.queue.statements import any_due
from scrapersky.queue.tally import Tally
from scrapersky.settings import Settings
from scrapersky.traces import Traces

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
        settings: Limits and addresses.
        engine: The database.
    """

    def __init__(self, service: str, settings: Settings, engine: AsyncEngine) -> None:
        self._service = service
        self._settings = settings
        self._engine = engine
        self._queues = tuple(queue for queue in QUEUES.values() if queue.service == service)
        self._limits = Limits(
            batch=settings.batch_size(service),
            concurrency=settings.concurrency,
            lease=settings.lease_seconds,
            row_timeout=settings.row_timeout_seconds,
            grace=settings.grace_seconds,
            retries=Retries(settings.max_attempts, settings.retry_base_seconds, settings.retry_max_seconds),
            sharing=Sharing(settings.fetch_host_concurrency + 1, max(settings.fetch_host_delay, SHORTEST_PACE)),
        )
        self._stop = Stop.never()
        self._traces = Traces(service, self._queues, settings, engine)

    async def drain(self, open_stages: OpenStages, limit: int | None) -> tuple[UUID, Tally]:
        """Work what is due, and leave the traces of it; see `scrapersky.service.run_job_loop`."""
        with _heeding_signals(self._stop), explaining_unavailability(self._engine.url):
            try:
                await require_current(self._engine)
            except DatabaseUnavailableError as error:
                await self._traces.refuse(error)
                raise
            async with self._traces.leaving() as run_id:
                structlog.contextvars.bind_contextvars(service=self._service, run=str(run_id))
                if await self._any_due():
                    await self._drain_what_is_due(open_stages, limit)
            return run_id, self._traces.total()

    async def _any_due(self) -> bool:
        async with self._engine.begin() as connection:
            return bool((await connection.exec_driver_sql(any_due(self._queues))).scalar())

    async def _drain_what_is_due(self, open_stages: OpenStages, limit: int | None) -> None:
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
                    tally=self._traces.tallies[stage.queue.name],
                )
                for stage in stages
            ]
            ends = await asyncio.gather(*drains, return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end
        out_of_time = self._stop.draining.is_set() and not self._stop.hurry.is_set()
        if out_of_time and await self._any_due():
            metrics.RUNS_OUT_OF_TIME.inc()


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
