"""The robots.txt files of the origins of the moment: each asked for once, kept for a day at most (RFC 9309 §2.4)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import monotonic

from scrapersky.errors import WorkError
from scrapersky.web.robots import Robots

SECONDS = 86_400
UNREACHABLE_SECONDS = 10
"""How long a failure answers for the file: the pages of a row that follow each other do not ask again and again."""
MOST_ORIGINS = 1_000
MOST_RULES = 100_000
"""Rules kept in all: about 30 MB, whatever sizes the files have."""


@dataclass
class _Kept:
    until: float
    asked: asyncio.Task[Robots]
    rules: int = 0


class RobotsCache:
    """Keeps what was asked for, the origins used last longest.

    Args:
        ask: Fetches and reads the file of an origin.
    """

    def __init__(self, ask: Callable[[str], Coroutine[None, None, Robots]]) -> None:
        self._ask = ask
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._rules = 0

    async def get(self, origin: str) -> Robots:
        """The file of an origin; those who ask at once share one request.

        Raises:
            WorkError: What asking for it raised; it is asked for anew next time.
        """
        kept = self._kept.get(origin)
        if kept is None or kept.until < monotonic():
            self._forget(origin)
            asked = asyncio.create_task(self._ask(origin))
            asked.add_done_callback(lambda done: done.cancelled() or done.exception())  # if nobody waits any longer
            kept = self._kept[origin] = _Kept(monotonic() + SECONDS, asked)
        self._kept.move_to_end(origin)
        try:
            found = await asyncio.shield(kept.asked)
        except WorkError:
            if self._kept.get(origin) is kept:
                self._forget(origin)
            raise
        if self._kept.get(origin) is kept:
            self._weigh(kept, found)
        return found

    def _weigh(self, kept: _Kept, found: Robots) -> None:
        if not found.reachable:
            kept.until = min(kept.until, monotonic() + UNREACHABLE_SECONDS)
        self._rules += found.size - kept.rules
        kept.rules = found.size
        while len(self._kept) > 1 and (len(self._kept) > MOST_ORIGINS or self._rules > MOST_RULES):
            self._forget(next(iter(self._kept)))

    def _forget(self, origin: str) -> None:
        kept = self._kept.pop(origin, None)
        if kept is not None:
            self._rules -= kept.rules
