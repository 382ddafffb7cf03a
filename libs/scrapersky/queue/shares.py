"""Shares: what several rows have in common and must not be asked by many of them at once, a host or a domain.

A row names its shares in a property ``shares``; most rows have none. Of one share a few rows are in work, a batch of
others waits in hand without a place among the rows at work, and the rest goes back to the queue, each to its turn at
the pace at which the share may be asked anyway. So a host that is slow, or has 50,000 rows at the head of the queue,
holds up itself and nobody else.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from time import monotonic
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting")


def shares_of(row: object) -> tuple[Hashable, ...]:
    """The shares that a row names; none for most rows."""
    return getattr(row, "shares", ())


@dataclass(frozen=True)
class Sharing:
    """Bounds of one share.

    Attributes:
        at_once: Rows in work at once. One more than the share answers at once: while it stores, the others ask.
        pace: Seconds between two rows that are put back: no share is asked faster.
    """

    at_once: int = 3
    pace: float = 0.2


@dataclass
class _Share:
    in_work: int = 0
    waiting: int = 0
    next_turn: float = 0.0


class Shares(Generic[Waiting]):
    """Who may begin, who waits in hand, and who goes back to the queue.

    Args:
        sharing: Bounds of one share.
        most_waiting: Rows of one share that wait in hand.
    """

    def __init__(self, sharing: Sharing, most_waiting: int) -> None:
        self._sharing = sharing
        self._most_waiting = most_waiting
        self._shares: dict[Hashable, _Share] = {}
        self._waiting: list[tuple[tuple[Hashable, ...], Waiting]] = []
        self._turns: list[float] = []

    def has_room(self, names: Iterable[Hashable]) -> bool:
        """Whether a row with these shares may be kept in hand."""
        return all(self._shares[name].waiting < self._most_waiting for name in names if name in self._shares)

    def enter(self, names: tuple[Hashable, ...], row: Waiting) -> bool:
        """Take a row in hand: True when it may begin; otherwise it waits, and `leave` hands it out."""
        if self._may_begin(names):
            self._begin(names)
            return True
        for name in names:
            self._share(name).waiting += 1
        self._waiting.append((names, row))
        return False

    def leave(self, names: tuple[Hashable, ...]) -> list[Waiting]:
        """A row that had begun has ended: those that may begin in its place."""
        for name in names:
            self._shares[name].in_work -= 1
        begin, wait = list[Waiting](), list[tuple[tuple[Hashable, ...], Waiting]]()
        for others, row in self._waiting if names else ():
            if self._may_begin(others):
                self._stop_waiting(others)
                self._begin(others)
                begin.append(row)
            else:
                wait.append((others, row))
        if names:
            self._waiting = wait
        self._forget(names)
        return begin

    def give_up_waiting(self) -> list[Waiting]:
        """Every row that waits; none waits any more."""
        given_up, self._waiting = self._waiting, []
        for names, _ in given_up:
            self._stop_waiting(names)
        return [row for _, row in given_up]

    def turn(self, names: tuple[Hashable, ...]) -> float:
        """Seconds until the turn of a row that goes back to the queue: behind all that wait, in hand or there."""
        shares, now = [self._share(name) for name in names], monotonic()
        turn = max(max(share.next_turn, now + share.waiting * self._sharing.pace) for share in shares)
        for share in shares:
            share.next_turn = turn + self._sharing.pace
        return turn + self._sharing.pace - now

    def went_back(self, delays: Iterable[float]) -> None:
        """Remember when rows come due that went back to the queue just now."""
        now = monotonic()
        for delay in delays:
            heappush(self._turns, now + delay)

    def next_turn(self) -> float | None:
        """Seconds until the first row comes due of those that went back; None when all have."""
        now = monotonic()
        while self._turns and self._turns[0] <= now:
            heappop(self._turns)
        return self._turns[0] - now if self._turns else None

    def _may_begin(self, names: Iterable[Hashable]) -> bool:
        return all(self._shares[name].in_work < self._sharing.at_once for name in names if name in self._shares)

    def _begin(self, names: Iterable[Hashable]) -> None:
        for name in names:
            self._share(name).in_work += 1

    def _stop_waiting(self, names: Iterable[Hashable]) -> None:
        for name in names:
            self._shares[name].waiting -= 1

    def _share(self, name: Hashable) -> _Share:
        return self._shares.setdefault(name, _Share())

    def _forget(self, names: Iterable[Hashable]) -> None:
        for name in names:
            share = self._shares[name]
            if not share.in_work and not share.waiting and share.next_turn <= monotonic():
                del self._shares[name]
