"""A worker process with a stage whose effects can be counted: ``python -m tests.support.counting_worker``.

Each row's settle adds one to ``domains.total_sitemaps``: a row that was settled twice in effect says 2. The work writes
a chunk through the lease first, with a mark that the settle repeats: a late worker's chunk over another's result shows
as two marks that differ.

A domain's name may tell the work to kill its worker (``exit``, ``segfault``), or on its first attempt to stop it, as a
frozen node does, until someone sends SIGCONT: right before the chunk is written (``stop-before-chunk``), or right
before the row is settled (``stop-before-settle``). So a worker can be late where it matters, not by chance.

With OWN_COLUMNS the completion itself adds the one, in one statement.

MUTATION takes a safeguard away, to show that the tests would notice: ``no-fence``, ``no-lease-check``.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.engine import create_engine
from scrapersky.errors import DatabaseUnavailableError, TransientError
from scrapersky.queue.drain import drain
from scrapersky.queue.lease import HeldLease
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.queues import DOMAINS, Queue
from scrapersky.queue.settle import Finished, Retries, Settler
from scrapersky.queue.shares import Sharing
from scrapersky.queue.stage import Lease, OwnColumns
from scrapersky.queue.tally import Tally
from scrapersky.settings import Settings
from tests.support.postgres import make_settings

COUNT = "UPDATE domains SET total_sitemaps = coalesce(total_sitemaps, 0) + 1, title = :mark WHERE id = :id"
COUNTED = "total_sitemaps = coalesce(domains.total_sitemaps, 0) + 1, title = found.mark"
CHUNK = "UPDATE domains SET description = :mark WHERE id = :id"


@dataclass(frozen=True)
class Counted:
    id: UUID
    domain: str


@dataclass(frozen=True)
class CountedOfFewHosts(Counted):
    """So few that rows of one are put back for others."""

    @property
    def shares(self) -> tuple[int]:
        return (self.id.int % 2,)


class CountingWork:
    """Works a row for a few hundredths of a second; now and then it fails in passing."""

    queue = DOMAINS
    row: type[Counted] = Counted

    async def work(self, row: Counted, lease: Lease) -> str:
        if row.domain.startswith("exit"):
            os._exit(9)
        if row.domain.startswith("segfault"):
            os.kill(os.getpid(), signal.SIGSEGV)
        mark = str(uuid4())
        await asyncio.sleep(0.02)
        stop_if_told(row, lease.attempt, "stop-before-chunk")
        async with lease.transaction() as session:
            await session.execute(text(CHUNK), {"mark": mark, "id": row.id})
        await asyncio.sleep(0.02)
        if row.id.int % 7 == 0 and lease.attempt == 1:
            raise TransientError("http-503", f"{row.domain} is busy")
        return mark


class Counting(CountingWork):
    """Counts in the transaction of the settle."""

    async def settle(self, session: AsyncSession, results: Sequence[tuple[Counted, str]]) -> None:
        for row, mark in results:
            await session.execute(text(COUNT), {"mark": mark, "id": row.id})


class CountingInOne(CountingWork):
    """Counts in the statement that completes the rows."""

    settle = OwnColumns[str](lambda mark: {"mark": mark}, "mark text", COUNTED)


def stop_if_told(row: Counted, attempt: int, where: str) -> None:
    """Freeze this process, with all that it has begun, when the row's name says so."""
    if row.domain.startswith(where) and attempt == 1:
        os.kill(os.getpid(), signal.SIGSTOP)


class StoppableSettler(Settler[Counted, str]):
    """Settles as ever, but may be frozen between the decision to settle and the transaction."""

    async def settle(self, batch: Sequence[Finished[Counted, str]]) -> None:
        for finished in batch:
            stop_if_told(finished.row, finished.lease.attempt, "stop-before-settle")
        await super().settle(batch)


async def _take_all_for_ours(self: Any, connection: Any, leases: Sequence[HeldLease]) -> tuple[set[Any], set[Any]]:
    return {lease.row_id for lease in leases}, set()


def _anybody(queue: Queue) -> str:
    return "%(tokens)s::uuid[] IS NOT NULL"


@contextmanager
def mutated(name: str | None) -> Iterator[None]:
    """Without a safeguard while the block lasts."""
    if name == "no-fence":
        with patch.object(Settler, "_lock", _take_all_for_ours), patch("scrapersky.queue.statements._held", _anybody):
            yield
    elif name == "no-lease-check":
        with patch("scrapersky.queue.statements.renew", lambda queue: f"SELECT id, {queue.claim} FROM {queue.table}"):
            yield
    else:
        yield


async def work(settings: Settings, *, once: bool) -> None:
    """Drain again and again, or once; a database that is away for long is no reason to end."""
    retries = Retries(settings.max_attempts, settings.retry_base_seconds, settings.retry_max_seconds)
    limits = Limits(
        *(10, 4, settings.lease_seconds, settings.row_timeout_seconds, settings.grace_seconds, retries),
        sharing=Sharing(at_once=2, pace=0.01),
    )
    engine = create_engine(settings)
    stage: Counting | CountingInOne = CountingInOne() if "OWN_COLUMNS" in os.environ else Counting()
    stage.row = CountedOfFewHosts
    while True:
        slots, stop = asyncio.Semaphore(limits.concurrency), Stop.never()
        try:
            await drain(stage, engine, limits, slots=slots, allowance=Allowance(None), stop=stop, tally=Tally())
        except DatabaseUnavailableError:
            continue
        if once:
            return
        await asyncio.sleep(0.1)


async def start_worker(database_url: str, **environment: str) -> Process:
    """Start this module as a process: MUTATION, MAX_ATTEMPTS, OWN_COLUMNS, and ONCE for one drain may be told it."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.counting_worker"),
        env={"PATH": os.environ["PATH"], "DATABASE_URL": database_url, **environment},
        stdout=asyncio.subprocess.DEVNULL,
    )


if __name__ == "__main__":
    limits_of_the_test = {"lease_seconds": "1", "max_attempts": os.environ.get("MAX_ATTEMPTS", "5")}
    with mutated(os.environ.get("MUTATION")), patch("scrapersky.queue.drain.Settler", StoppableSettler):
        asyncio.run(work(make_settings(os.environ["DATABASE_URL"], **limits_of_the_test), once="ONCE" in os.environ))
