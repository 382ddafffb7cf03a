"""The drain: claim due rows batch after batch, work them concurrently, settle them, until nothing is due."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from time import monotonic
from typing import Generic

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.errors import ScraperSkyError
from scrapersky.queue.claims import Claimed, Claimer
from scrapersky.queue.finished import BATCH, FinishedRows
from scrapersky.queue.lease import HeldLease, LeaseKeeper
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.settle import Finished, Settler
from scrapersky.queue.shares import Shares, shares_of
from scrapersky.queue.stage import Result, Row, Stage
from scrapersky.queue.tally import Tally
from scrapersky.queue.work import Workers

log = structlog.get_logger()

SHORTEST_PAUSE = 0.2
LOOK_AGAIN = 2.0
"""Seconds between claims that find nothing: when nothing is in hand, and while rows are in work."""
MOST_BATCHES = 10
"""Batches that one claim may take where it meets rows of one share only."""


async def drain(
    stage: Stage[Row, Result],
    engine: AsyncEngine,
    limits: Limits,
    *,
    slots: asyncio.Semaphore,
    allowance: Allowance,
    stop: Stop,
    tally: Tally,
) -> None:
    """Work a stage's queue until nothing is due, the limits are reached, or it is told to stop.

    Args:
        stage: What to do with a row.
        engine: Used for short transactions only, by at most two connections at once.
        limits: Bounds of the drain.
        slots: Rows in work at once, shared with the other stages of the run.
        allowance: Rows to claim in all, shared likewise.
        stop: Ends the drain early.
        tally: Where to count as it goes, also when an error ends the drain.

    Raises:
        ConfigurationError: A stage cannot work as configured. No row is blamed: those in hand are released.
        DatabaseUnavailableError: The database stayed away for longer than a lease. Rows in hand are due again when
            their leases run out.
    """
    await _Drain(stage, engine, limits, slots, allowance, stop, tally).run()


class _Drain(Generic[Row, Result]):
    def __init__(
        self,
        stage: Stage[Row, Result],
        engine: AsyncEngine,
        limits: Limits,
        slots: asyncio.Semaphore,
        allowance: Allowance,
        stop: Stop,
        tally: Tally,
    ) -> None:
        self._stage = stage
        self._engine = engine
        self._limits = limits
        self._slots = slots
        self._allowance = allowance
        self._stop = stop
        self._tally = tally
        self._claimer = Claimer(
            stage, engine, lease=limits.lease, max_attempts=limits.retries.max_attempts, tally=tally
        )
        self._leases = LeaseKeeper(stage.queue, engine, limits.lease)
        self._settler = Settler(stage, engine, retries=limits.retries, patience=limits.lease, tally=tally)
        self._in_hand = 0
        self._finished: FinishedRows[Row, Result] = FinishedRows(lambda: self._in_hand)
        self._shares: Shares[tuple[Row, HeldLease]] = Shares(limits.sharing, most_waiting=limits.batch)
        self._workers = Workers(
            stage,
            slots=slots,
            shares=self._shares,
            row_timeout=limits.row_timeout,
            finished=self._finished.add,
            stopped=self._stopped,
        )
        self._ahead = limits.concurrency
        self._look = limits.batch
        self._progress = asyncio.Event()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                background = [
                    group.create_task(self._leases.keep()),
                    group.create_task(self._settle_as_rows_finish()),
                    group.create_task(self._heed_stop()),
                    group.create_task(self._workers.watch_time()),
                    *(
                        group.create_task(self._workers.work_rows(self._progress))
                        for _ in range(self._limits.concurrency)
                    ),
                ]
                await self._claim_until_nothing_is_due()
                await self._until(lambda: self._in_hand == 0)
                for each in background:
                    each.cancel()
        except* ScraperSkyError as group_error:
            raise group_error.exceptions[0] from None
        if self._workers.misconfigured is not None:
            raise self._workers.misconfigured

    async def _claim_until_nothing_is_due(self) -> None:
        await self._rescue_for_the_length_of_a_lease()
        while not self._stopped():
            if await self._claim():
                await self._until(lambda: self._stopped() or self._wants_rows())
            elif self._in_hand:
                await self._until(lambda: self._stopped() or self._in_hand == 0, seconds=LOOK_AGAIN)
            elif not await self._rescue() and not await self._wait_for_a_turn():
                return

    def _wants_rows(self) -> bool:
        return self._workers.waiting <= self._ahead and len(self._finished) <= 2 * BATCH

    async def _wait_for_a_turn(self) -> bool:
        """Until rows come due that went back to the queue for others; False when there are none."""
        pause = self._shares.next_turn()
        if pause is None or not self._allowance.is_left:
            return False
        await self._until(self._stopped, seconds=max(SHORTEST_PAUSE, pause))
        return True

    async def _claim(self) -> int:
        """Claim a batch. When the workers had to wait for it, the next is claimed while more rows are left to them."""
        room, goes_on = self._allowance.take(self._look), self._in_hand > 0
        claimed = await self._claimer.claim(room) if room else []
        if goes_on and not self._workers.waiting:
            self._ahead = min(2 * self._ahead, self._limits.batch)
        kept = len(claimed) - await self._begin_or_defer(claimed)
        self._allowance.give_back(room - kept)
        met_full_shares_only = claimed and not kept
        self._look = (
            min(2 * self._look, MOST_BATCHES * self._limits.batch) if met_full_shares_only else self._limits.batch
        )
        return len(claimed)

    async def _begin_or_defer(self, claimed: Sequence[Claimed[Row]]) -> int:
        """Take rows in hand, but those whose shares have enough there: put them back; return how many."""
        deferred = []
        for each in claimed:
            names = shares_of(each.row)
            if not names or self._shares.has_room(names):
                self._workers.add(each.row, self._take_in_hand(each))
            else:
                deferred.append(each)
        if self._stopped():
            self._release(self._shares.give_up_waiting())
        if deferred:
            delays = [self._shares.turn(shares_of(each.row)) for each in deferred]
            await self._claimer.defer(deferred, delays)
            self._shares.went_back(delays)
            log.info("rows-deferred", queue=self._stage.queue.name, rows=len(deferred), longest=round(max(delays)))
        return len(deferred)

    async def _rescue_for_the_length_of_a_lease(self) -> None:
        rescue_until = monotonic() + self._limits.lease
        while not self._stopped() and monotonic() < rescue_until and await self._rescue():
            pass

    async def _rescue(self) -> bool:
        """Work one suspect with no other row beside it in the run; False when there is none."""
        if not self._allowance.take(1):
            return False
        suspect = await self._claimer.claim_suspect()
        if suspect is None:
            self._allowance.give_back(1)
            return False
        if not suspect.given_up:
            await self._work_alone(suspect)
        return True

    async def _work_alone(self, suspect: Claimed[Row]) -> None:
        lease = self._take_in_hand(suspect)
        async with self._allowance.alone, AsyncExitStack() as every_slot:
            for _ in range(self._limits.concurrency):
                await every_slot.enter_async_context(self._slots)
            with structlog.contextvars.bound_contextvars(queue=self._stage.queue.name, row=str(lease.row_id)):
                log.warning("suspect-worked-alone", attempt=lease.attempt)
                self._finished.add(await self._workers.work(suspect.row, lease))
            await self._until(lambda: self._in_hand == 0)

    def _take_in_hand(self, claimed: Claimed[Row]) -> HeldLease:
        self._in_hand += 1
        return self._leases.take(claimed.row.id, claimed.token, claimed.attempt)

    def _stopped(self) -> bool:
        return self._stop.draining.is_set() or self._workers.misconfigured is not None

    async def _settle_as_rows_finish(self) -> None:
        while True:
            batch = await self._finished.take()
            await self._end(batch)
            for finished in batch:
                self._leases.drop(finished.lease)
            self._in_hand -= len(batch)
            self._progress.set()

    async def _end(self, batch: Sequence[Finished[Row, Result]]) -> None:
        self._tally.count("lost", sum(f.lease.interrupted == "lost" for f in batch))
        await self._settler.release([f.lease for f in batch if f.lease.interrupted == "released"])
        worked = [f for f in batch if f.lease.interrupted is None]
        if worked:
            await self._settler.settle(worked)

    async def _heed_stop(self) -> None:
        await self._stop.draining.wait()
        self._release(self._workers.take_waiting())
        self._progress.set()
        await self._stop.hurry.wait()
        await asyncio.sleep(self._limits.grace)
        self._leases.interrupt_all("released")

    def _release(self, held: Iterable[tuple[Row, HeldLease]]) -> None:
        for row, lease in held:
            lease.interrupted = "released"
            self._finished.add(Finished(row, lease))

    async def _until(self, reached: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait for that, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not reached():
                    self._progress.clear()
                    await self._progress.wait()
