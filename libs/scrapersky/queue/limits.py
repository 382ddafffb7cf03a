"""Where a drain ends: its bounds, the rows that a run may still claim, and the word to stop."""

import asyncio
from dataclasses import dataclass, field

from scrapersky.queue.settle import Retries
from scrapersky.queue.shares import Sharing


@dataclass(frozen=True)
class Limits:
    """Bounds of a drain; times in seconds.

    Attributes:
        batch: Rows claimed at once.
        concurrency: Rows in work at once.
        lease: Length of a lease.
        row_timeout: Longest work on one row.
        grace: After a stop, how long rows in work may still finish before they are released.
        retries: For transient failures.
        sharing: For rows that have a host or a domain in common.
    """

    batch: int
    concurrency: int
    lease: float
    row_timeout: float
    grace: float
    retries: Retries
    sharing: Sharing = field(default_factory=Sharing)


class Allowance:
    """How many rows the drains of a run may still claim between them; without a limit, any number.

    Attributes:
        alone: Held by the drain that works one row with no other beside it.
    """

    def __init__(self, rows: int | None) -> None:
        self._left = rows
        self.alone = asyncio.Lock()

    @property
    def is_left(self) -> bool:
        """Whether another row may be claimed."""
        return self._left is None or self._left > 0

    def take(self, wanted: int) -> int:
        """Reserve at most ``wanted`` rows; return how many."""
        if self._left is None:
            return wanted
        taken = min(wanted, self._left)
        self._left -= taken
        return taken

    def give_back(self, rows: int) -> None:
        """Return what was reserved and not claimed."""
        if self._left is not None:
            self._left += rows


@dataclass
class Stop:
    """Tells a drain to end: ``draining`` to claim no more, ``hurry`` to release within the grace period too."""

    draining: asyncio.Event
    hurry: asyncio.Event

    @classmethod
    def never(cls) -> "Stop":
        """A stop that nobody has asked for yet."""
        return cls(asyncio.Event(), asyncio.Event())

    def now(self) -> None:
        """SIGTERM: claim no more, and finish or release what is in hand within the grace period."""
        self.draining.set()
        self.hurry.set()
