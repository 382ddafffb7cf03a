"""Politeness: how many requests one host gets at once, how far apart they start, and when it asked to be left alone.

The pods of one run do not talk to each other: each takes its share of the pace and of the concurrency that a host may
see (docs/decisions/0009). State is kept for the hosts of the moment only: a drain may see millions.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from time import monotonic

from scrapersky.errors import TransientError
from scrapersky.settings import Settings

MOST_HOSTS = 2_000
MOST_WANTING_PEACE = 20_000
LONGEST_PEACE = 86_400.0


@dataclass
class _Host:
    slots: asyncio.Semaphore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_start: float = 0.0
    users: int = 0


class Politeness:
    """Spaces the requests of one fetcher.

    Args:
        settings: FETCH_HOST_CONCURRENCY, FETCH_HOST_DELAY and FETCH_MAX_DELAY.
        pods: How many such fetchers there are, one in each pod of the run.
    """

    def __init__(self, settings: Settings, pods: int = 1) -> None:
        self._concurrency = max(1, settings.fetch_host_concurrency // pods)
        self._pods = pods
        self._delay = settings.fetch_host_delay
        self._longest = settings.fetch_max_delay
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    @asynccontextmanager
    async def turn(self, host: str, crawl_delay: float | None = None) -> AsyncIterator[None]:
        """Wait for a turn at a host and hold it.

        Args:
            host: The host that will be asked.
            crawl_delay: What its robots.txt asks for, in seconds.

        Raises:
            TransientError: It wants to be left alone for longer than FETCH_MAX_DELAY; come back later.
        """
        state = self._state(host)
        state.users += 1
        try:
            async with state.slots:
                await self._wait(host, state, max(self._delay, crawl_delay or 0.0))
                yield
        finally:
            state.users -= 1

    def leave_alone(self, host: str, seconds: float) -> None:
        """Start no request to a host for that long, a day at the most: it said Retry-After."""
        state = self._state(host)
        state.next_start = max(state.next_start, monotonic() + min(seconds, LONGEST_PEACE))

    async def _wait(self, host: str, state: _Host, delay: float) -> None:
        async with state.turn:
            wait = state.next_start - monotonic()
            if wait > self._longest * self._pods:
                raise TransientError(
                    "host-busy", f"{host} asked to be left alone for {wait:.0f} s more", retry_after=wait
                )
            if wait > 0:
                await asyncio.sleep(wait)
            state.next_start = monotonic() + min(delay, self._longest) * self._pods

    def _state(self, host: str) -> _Host:
        state = self._hosts.get(host)
        if state is None:
            state = self._hosts[host] = _Host(asyncio.Semaphore(self._concurrency))
            self._forget_idle_hosts()
        self._hosts.move_to_end(host)
        return state

    def _forget_idle_hosts(self) -> None:
        for host in [*islice(self._hosts, max(0, len(self._hosts) - MOST_HOSTS))]:
            state = self._hosts[host]
            wanted = state.next_start > monotonic() and len(self._hosts) <= MOST_WANTING_PEACE
            if state.users == 0 and not wanted:
                del self._hosts[host]


def retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks to wait (RFC 9110 §10.2.3); None where it says nothing readable.

    Args:
        value: A number of seconds or an HTTP date.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), 10**9))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
