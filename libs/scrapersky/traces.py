"""What a run leaves behind: its row of ``service_runs``, what it added to the totals, and the pushed metrics."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky import metrics
from scrapersky.errors import DatabaseUnavailableError, NotMigratedError
from scrapersky.metrics import Figure
from scrapersky.push import push, read, sign_of_life
from scrapersky.queue import runs, totals
from scrapersky.queue.patience import DATABASE_AWAY, first_line, patiently
from scrapersky.queue.queues import Queue
from scrapersky.queue.tally import Tally, total
from scrapersky.queue.totals import Ask
from scrapersky.settings import Settings

log = structlog.get_logger()

PERIOD_SECONDS = 60.0
"""How often a run that goes on records how far it is, and pushes."""
PATIENCE_SECONDS = 5.0
"""How long the end of a run waits for a database that is away."""


class Traces:
    """The traces of one run.

    Args:
        service: Its name, e.g. ``domain-scheduler``.
        queues: The service's.
        settings: Where the Pushgateway is, if there is one.
        engine: The database.

    Attributes:
        tallies: What became of the rows, by queue; whoever works them counts here.
    """

    def __init__(self, service: str, queues: tuple[Queue, ...], settings: Settings, engine: AsyncEngine) -> None:
        self._service = service
        self._queues = queues
        self._settings = settings
        self._engine = engine
        self._before = metrics.figures()
        self.tallies = {queue.name: Tally(queue.name) for queue in queues}

    async def refuse(self, error: DatabaseUnavailableError) -> None:
        """Say that the run cannot use its database: all that can be said is said to the Pushgateway."""
        gauges = sign_of_life(
            self._settings, self._service, schema_current=False if isinstance(error, NotMigratedError) else None
        )
        await self._send(gauges)

    @asynccontextmanager
    async def leaving(self) -> AsyncIterator[UUID]:
        """Leave them: when the run begins, every `PERIOD_SECONDS`, and when the block ends, however it ends."""
        run_id = await runs.begin(self._engine, self._service)
        ended = asyncio.Event()
        progress = asyncio.create_task(self._follow(run_id, ended))
        error = "interrupted"
        try:
            yield run_id
            error = ""
        except Exception as failure:
            error = f"{type(failure).__name__}: {first_line(failure)}"
            raise
        finally:
            ended.set()
            await progress
            await self._end(run_id, error)

    def total(self) -> Tally:
        """The sum of the tallies."""
        return total(self.tallies.values())

    async def _follow(self, run_id: UUID, ended: asyncio.Event) -> None:
        while True:
            try:
                await asyncio.wait_for(ended.wait(), PERIOD_SECONDS)
            except TimeoutError:
                try:
                    await runs.record(self._engine, run_id, self._service, self.tallies, self._counted())
                    await self._push(wait=0)
                except (SQLAlchemyError, DatabaseUnavailableError) as error:
                    log.warning("progress-not-recorded", error=first_line(error))
            else:
                return

    async def _end(self, run_id: UUID, error: str) -> None:
        metrics.RUNS.labels("failure" if error else "success").inc()

        async def record() -> None:
            await runs.record(
                self._engine, run_id, self._service, self.tallies, self._counted(), finished=True, error=error or None
            )

        try:
            await patiently(record, seconds=PATIENCE_SECONDS)
            await runs.prune(self._engine, self._settings.run_history_days)
            await self._push(wait=totals.WAIT_SECONDS)
        except DATABASE_AWAY as away:
            log.warning("run-not-recorded", error=first_line(away))

    def _counted(self) -> list[Figure]:
        return metrics.grown(metrics.figures(), self._before)

    async def _push(self, *, wait: float) -> None:
        if self._settings.pushgateway_url is None:
            return
        token, give_up_at = uuid4(), monotonic() + wait
        while (figures := await self._take_turn(token)) is None:
            if monotonic() >= give_up_at:
                log.warning("push-left-out", reason="another pod's push goes on")
                return
            await asyncio.sleep(totals.PAUSE_SECONDS)
        pushed = await self._send(figures)
        async with self._engine.begin() as connection:
            await connection.run_sync(lambda sync: totals.end_turn(_asking(sync), self._service, token, pushed=pushed))

    async def _take_turn(self, token: UUID) -> list[Figure] | None:
        def take(connection: Connection) -> list[Figure] | None:
            ask = _asking(connection)
            if not totals.take_turn(ask, self._service, token):
                return None
            return read(ask, self._settings, self._service, self._queues)

        async with self._engine.begin() as connection:
            return await connection.run_sync(take)

    async def _send(self, figures: Sequence[Figure]) -> bool:
        url = self._settings.pushgateway_url
        return url is None or await asyncio.to_thread(push, url, self._service, figures)


def _asking(connection: Connection) -> Ask:
    def ask(statement: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        answer = connection.exec_driver_sql(statement, dict(values))
        return answer.all() if answer.returns_rows else []

    return ask
