"""Rows whose work ended, until enough of them are there to be settled together."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Generic

from scrapersky.queue.settle import Finished
from scrapersky.queue.stage import Result, Row

BATCH = 100
LINGER = 0.02


class FinishedRows(Generic[Row, Result]):
    """Hands out finished rows in batches.

    Args:
        in_hand: How many rows are claimed and not settled, those here included: no more are to be waited for.
    """

    def __init__(self, in_hand: Callable[[], int]) -> None:
        self._in_hand = in_hand
        self._rows: list[Finished[Row, Result]] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, finished: Finished[Row, Result]) -> None:
        """Keep a row for the next batch."""
        self._rows.append(finished)
        self._some.set()
        if self._is_enough():
            self._enough.set()

    async def take(self) -> list[Finished[Row, Result]]:
        """Wait for a row, and for a moment for others; return at most `BATCH` of them."""
        await self._some.wait()
        if not self._is_enough():
            self._enough.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await self._enough.wait()
        batch, self._rows = self._rows[:BATCH], self._rows[BATCH:]
        if not self._rows:
            self._some.clear()
        return batch

    def _is_enough(self) -> bool:
        return len(self._rows) >= BATCH or len(self._rows) >= self._in_hand()
