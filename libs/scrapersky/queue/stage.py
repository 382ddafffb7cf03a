"""The words between a stage and the queue: what a service implements, and what it is given.

A stage says which queue it works, which columns of a row it wants, what it does to one row, and how results are
written. Everything else (claims, leases, heartbeats, retries, settling in batches, shutdown) is the queue's.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from uuid import UUID

from scrapersky.queue.queues import Queue

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class ClaimableRow(Protocol):
    """A dataclass whose fields are columns of the queue's table, its key among them; read when the row is claimed.

    A property ``shares``, a tuple of hashable values, names what the row has in common with others of which few may be
    in work at once, e.g. its host (`scrapersky.queue.shares`).
    """

    @property
    def id(self) -> UUID | int:
        """The primary key."""
        ...


Row = TypeVar("Row", bound=ClaimableRow)
Result = TypeVar("Result")


class Lease(Protocol):
    """A time-bounded right to work on one row, renewed by heartbeat while the work goes on (Gray & Cheriton 1989)."""

    @property
    def attempt(self) -> int:
        """Which claim of this row it is, from 1."""
        ...

    def transaction(self) -> AbstractAsyncContextManager["AsyncSession"]:
        """Open a short transaction for output that is too large to wait for the settle.

        It checks the fencing token and renews the lease first. Write idempotently: a later attempt starts over.

        Raises:
            LeaseLostError: Another worker may hold the row; nothing was written. Let it pass through ``work``.
        """
        ...


@dataclass(frozen=True)
class OwnColumns(Generic[Result]):
    """How to settle results that are columns of the claimed row and nothing else: the completion writes them too.

    One statement then settles a batch, and makes one version of each row less than a completion and an update.

    Attributes:
        values: A result as a JSON object.
        typed: Its names and their SQL types, as in ``title text, tags text[]``. None is ``row_id``, which joins them.
        assigned: What of it goes where, as in ``title = found.title``: the names are those of ``found``.
    """

    values: Callable[[Result], Mapping[str, object]]
    typed: str
    assigned: str


class Stage(Protocol[Row, Result]):
    """What a service does to the rows of one queue."""

    @property
    def queue(self) -> Queue:
        """The queue that rows are claimed from."""
        ...

    @property
    def row(self) -> type[Row]:
        """The dataclass that a claimed row is read into."""
        ...

    async def work(self, row: Row, lease: Lease) -> Result:
        """Do one row's work, outside any transaction.

        Raises:
            TransientError: Worth another attempt after a back-off.
            PermanentError: Another attempt would fail the same way.
        """
        ...

    @property
    def settle(
        self,
    ) -> "Callable[[AsyncSession, Sequence[tuple[Row, Result]]], Awaitable[None]] | OwnColumns[Result]":
        """Write a batch of results, in the transaction that has just completed their rows.

        The rows are locked and fenced: none is stale. Writes are upserts on natural keys, in a stable order.
        """
        ...
