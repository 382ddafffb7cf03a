"""Leases in hand: renewed by one heartbeat for all, lost one by one.

A lease is renewed well before it runs out. When renewals fail for a whole lease, the worker must assume that others
hold its rows: it stops their work. Only the database's clock decides whose a row is; the worker's own monotonic clock
merely tells it when to stop hoping.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from scrapersky.db.engine import get_background_session
from scrapersky.errors import LeaseLostError
from scrapersky.queue import statements
from scrapersky.queue.patience import DATABASE_AWAY, first_line
from scrapersky.queue.queues import Queue

log = structlog.get_logger()

BEATS_PER_LEASE = 3


@dataclass(eq=False, slots=True)
class HeldLease:
    """The lease on one claimed row; implements `scrapersky.queue.stage.Lease`."""

    keeper: "LeaseKeeper" = field(repr=False)
    row_id: UUID | int
    token: UUID
    attempt: int
    interrupted: Literal["lost", "released"] | None = None
    _worker: "asyncio.Task[Any] | None" = field(default=None, repr=False)
    _is_cut_short: bool = False

    @property
    def in_work(self) -> bool:
        """Whether the row's work has begun and not ended."""
        return self._worker is not None

    def begin_work(self) -> None:
        """Say that the current asyncio task works the row from now on."""
        self._worker = asyncio.current_task()

    def end_work(self) -> None:
        """Say that the work has ended. A cancellation of ours ends with it, as that of `asyncio.timeout` would."""
        if self._is_cut_short and self._worker is not None:
            self._worker.uncancel()
        self._worker = None

    def cut_short(self) -> None:
        """End the work at its next await."""
        if self._worker is not None and not self._is_cut_short:
            self._is_cut_short = True
            self._worker.cancel()

    def only_cut_short(self) -> bool:
        """Whether the work was cancelled by `cut_short` and by nobody else."""
        return self._is_cut_short and self._worker is not None and self._worker.cancelling() == 1

    def interrupt(self, why: Literal["lost", "released"]) -> None:
        """End the row's work where it stands: another worker may hold it, or this one has to go."""
        self.interrupted = why
        if self.in_work:
            log.warning("work-interrupted", queue=self.keeper.queue.name, row=str(self.row_id), why=why)
            self.cut_short()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """See `scrapersky.queue.stage.Lease.transaction`."""
        async with get_background_session(self.keeper.engine) as session:
            connection = await session.connection()
            renewed = await connection.exec_driver_sql(statements.renew(self.keeper.queue), self.keeper.renewal([self]))
            if renewed.first() is None:
                self.interrupted = "lost"
                raise LeaseLostError(f"{self.keeper.queue.name} {self.row_id}: the lease was lost")
            yield session


class LeaseKeeper:
    """Holds the leases of one queue's rows and renews them together.

    Args:
        queue: The queue they belong to.
        engine: Where to renew.
        seconds: Length of a lease.
    """

    def __init__(self, queue: Queue, engine: AsyncEngine, seconds: float) -> None:
        self.queue = queue
        self.engine = engine
        self.seconds = seconds
        self._held: dict[UUID | int, HeldLease] = {}
        self._surely_ours_until = monotonic() + seconds

    def take(self, row_id: UUID | int, token: UUID, attempt: int) -> HeldLease:
        """Start to keep the lease that a claim just gave."""
        if not self._held:
            self._surely_ours_until = monotonic() + self.seconds
        earlier = self._held.get(row_id)
        if earlier is not None:
            earlier.interrupt("lost")
        lease = HeldLease(self, row_id, token, attempt)
        self._held[row_id] = lease
        return lease

    def drop(self, lease: HeldLease) -> None:
        """Stop keeping a lease: its row is settled, released or lost."""
        if self._held.get(lease.row_id) is lease:
            del self._held[lease.row_id]

    def interrupt_all(self, why: Literal["lost", "released"]) -> None:
        """Interrupt every row that is in work."""
        for lease in self._held.values():
            if lease.in_work:
                lease.interrupt(why)

    def renewal(self, leases: list[HeldLease]) -> dict[str, object]:
        """Parameters of `statements.renew` for these leases."""
        return {
            "ids": [lease.row_id for lease in leases],
            "tokens": list({lease.token for lease in leases}),
            "lease": self.seconds,
        }

    async def keep(self) -> None:
        """Renew for ever; cancel it when the drain ends."""
        pause = self.seconds / BEATS_PER_LEASE
        while True:
            await asyncio.sleep(pause)
            try:
                await self._beat()
                pause = self.seconds / BEATS_PER_LEASE
            except (*DATABASE_AWAY, TimeoutError) as error:
                log.warning("heartbeat-failed", queue=self.queue.name, error=first_line(error))
                pause = min(1.0, self.seconds / (BEATS_PER_LEASE * 3))
                if monotonic() > self._surely_ours_until:
                    log.warning("leases-expired", queue=self.queue.name, rows=len(self._held))
                    self.interrupt_all("lost")

    async def _beat(self) -> None:
        leases = list(self._held.values())
        if not leases:
            return
        began = monotonic()
        async with asyncio.timeout(self.seconds), self.engine.begin() as connection:
            answer = await connection.exec_driver_sql(statements.renew(self.queue), self.renewal(leases))
            ours = {tuple(row) for row in answer}
        self._surely_ours_until = began + self.seconds
        for lease in leases:
            if (lease.row_id, lease.token) not in ours and self._held.get(lease.row_id) is lease:
                lease.interrupt("lost")
