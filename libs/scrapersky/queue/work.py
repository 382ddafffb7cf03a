"""Work on claimed rows: as many at once as there are slots, each under the time limit of a row."""

import asyncio
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Generic

import structlog

from scrapersky import metrics
from scrapersky.errors import ConfigurationError, TransientError, WorkError
from scrapersky.queue.lease import HeldLease
from scrapersky.queue.patience import DATABASE_AWAY, first_line
from scrapersky.queue.settle import Finished
from scrapersky.queue.shares import Shares, shares_of
from scrapersky.queue.stage import Result, Row, Stage

log = structlog.get_logger()


class Workers(Generic[Row, Result]):
    """Works the rows of one stage.

    Args:
        stage: What to do with a row.
        slots: Rows in work at once, shared with the other stages of the run.
        shares: Which of the rows that have something in common may begin.
        row_timeout: Longest work on one row in seconds.
        finished: Told of each row whose work ended.
        stopped: Whether rows that wait are released unworked.

    Attributes:
        misconfigured: Why the stage cannot work at all, once a row has shown that.
    """

    def __init__(
        self,
        stage: Stage[Row, Result],
        *,
        slots: asyncio.Semaphore,
        shares: Shares[tuple[Row, HeldLease]],
        row_timeout: float,
        finished: Callable[[Finished[Row, Result]], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._stage = stage
        self._slots = slots
        self._shares = shares
        self._row_timeout = row_timeout
        self._finished = finished
        self._stopped = stopped
        self._waiting: asyncio.Queue[tuple[Row, HeldLease]] = asyncio.Queue()
        self._began: dict[HeldLease, float] = {}
        self._seconds = metrics.ROW_SECONDS.labels(stage.queue.name)
        self.misconfigured: ConfigurationError | None = None

    @property
    def waiting(self) -> int:
        """How many claimed rows may begin and wait for a slot."""
        return self._waiting.qsize()

    def add(self, row: Row, lease: HeldLease) -> None:
        """Have a row worked when its turn comes."""
        names = shares_of(row)
        if not names or self._shares.enter(names, (row, lease)):
            self._waiting.put_nowait((row, lease))

    def take_waiting(self) -> Iterator[tuple[Row, HeldLease]]:
        """Take back the rows whose work has not begun."""
        yield from self._shares.give_up_waiting()
        while not self._waiting.empty():
            yield self._waiting.get_nowait()

    async def work_rows(self, progress: asyncio.Event) -> None:
        """Be one worker, for ever; cancel it when the drain ends."""
        structlog.contextvars.bind_contextvars(queue=self._stage.queue.name)
        while True:
            row, lease = await self._waiting.get()
            progress.set()
            async with self._slots:
                structlog.contextvars.bind_contextvars(row=str(row.id))
                self._finished(await self.work(row, lease))
            names = shares_of(row)
            for held in self._shares.leave(names) if names else ():
                self._waiting.put_nowait(held)

    async def work(self, row: Row, lease: HeldLease) -> Finished[Row, Result]:
        """Work one row to its end, be it good or bad."""
        if lease.interrupted or self._stopped():
            lease.interrupted = lease.interrupted or "released"
            return Finished(row, lease)
        self._began[lease] = began = monotonic()
        lease.begin_work()
        try:
            return Finished(row, lease, await self._stage.work(row, lease))
        except asyncio.CancelledError:
            if not lease.only_cut_short():
                raise
            return Finished(row, lease, failure=self._translate(TimeoutError(), lease))
        except ConfigurationError as error:
            self.misconfigured = error
            lease.interrupted = "released"
            return Finished(row, lease)
        except Exception as error:  # noqa: BLE001
            return Finished(row, lease, failure=self._translate(error, lease))
        finally:
            lease.end_work()
            self._began.pop(lease, None)
            self._seconds.observe(monotonic() - began)

    async def watch_time(self) -> None:
        """Cut short the work that takes too long, for ever; cancel it when the drain ends.

        The limit is one for all rows, so the row that began first reaches it first: one timer serves them all.
        """
        while True:
            lease, began = next(iter(self._began.items()), (None, monotonic()))
            left = began + self._row_timeout - monotonic()
            if left > 0:
                await asyncio.sleep(left)
            elif lease is not None:
                del self._began[lease]
                lease.cut_short()

    def _translate(self, error: Exception, lease: HeldLease) -> Exception:
        if lease.interrupted:
            return error
        if isinstance(error, DATABASE_AWAY):
            return TransientError("database-away", first_line(error))
        if isinstance(error, TimeoutError):
            seconds = self._row_timeout
            return TransientError("row-timeout", f"the work took longer than ROW_TIMEOUT_SECONDS ({seconds:.0f})")
        if isinstance(error, WorkError):
            log.info("row-failed", cause=error.cause, explanation=error.explanation, attempt=lease.attempt)
        else:
            log.error("row-bug", attempt=lease.attempt, exc_info=error)
        return error
