"""Politeness: turns, pauses, and being left alone."""

import asyncio
from contextlib import AsyncExitStack
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.errors import TransientError
from scrapersky.web.politeness import LONGEST_PEACE, MOST_HOSTS, Politeness, retry_after
from tests.support.postgres import make_settings


def polite(pods: int = 1, **more: object) -> Politeness:
    return Politeness(make_settings("postgresql://unused", **more), pods)


async def test_a_host_gets_no_more_at_once_than_allowed() -> None:
    politeness, most, now = polite(fetch_host_concurrency=2), 0, 0

    async def ask() -> None:
        nonlocal most, now
        async with politeness.turn("a.example"):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

    await asyncio.gather(*(ask() for _ in range(10)))
    assert most == 2


async def test_one_busy_host_does_not_hold_up_another() -> None:
    politeness = polite(fetch_host_concurrency=1)
    async with politeness.turn("slow.example"), asyncio.timeout(1), politeness.turn("fast.example"):
        pass


async def test_starts_are_spaced_by_the_longer_of_delay_and_crawl_delay() -> None:
    politeness, starts = polite(fetch_host_delay=0.02), []
    for delay in (None, 0.1, None):
        async with politeness.turn("a.example", delay):
            starts.append(monotonic())
    assert starts[1] - starts[0] >= 0.019
    assert starts[2] - starts[1] >= 0.099


async def test_a_crawl_delay_has_a_ceiling() -> None:
    politeness = polite(fetch_max_delay=0.05)
    async with politeness.turn("a.example", 10_000):
        pass
    async with asyncio.timeout(1), politeness.turn("a.example"):
        pass


async def test_the_pods_of_a_run_share_the_pace_of_a_host() -> None:
    run = [polite(pods=4, fetch_host_delay=0.05) for _ in range(4)]
    starts: list[float] = []

    async def ask(politeness: Politeness) -> None:
        for _ in range(3):
            async with politeness.turn("a.example"):
                starts.append(monotonic())

    began = monotonic()
    await asyncio.gather(*(ask(politeness) for politeness in run))
    # Twelve requests, of which each pod may start one at once, are 0.05 s apart on average.
    assert max(starts) - began >= (len(starts) - len(run)) * 0.05 - 0.01


async def test_the_pods_of_a_run_share_what_a_host_gets_at_once() -> None:
    run = [polite(pods=2, fetch_host_concurrency=4) for _ in range(2)]
    async with asyncio.timeout(1), AsyncExitStack() as held:
        for politeness in run:
            for _ in range(2):
                await held.enter_async_context(politeness.turn("a.example"))
        for politeness in run:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01), politeness.turn("a.example"):
                    pass


async def test_a_pod_waits_for_its_share_of_the_longest_delay() -> None:
    politeness = polite(pods=3, fetch_max_delay=0.02)
    for _ in range(2):
        async with politeness.turn("a.example", 10_000):
            pass


async def test_hosts_that_ask_for_peace_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapersky.web.politeness.MOST_HOSTS", 50)
    monkeypatch.setattr("scrapersky.web.politeness.MOST_WANTING_PEACE", 200)
    politeness = polite()
    for number in range(500):
        politeness.leave_alone(f"h{number}.example", 10**9)
    assert len(politeness._hosts) <= 201
    with pytest.raises(TransientError) as busy:
        async with politeness.turn("h499.example"):
            pass
    assert busy.value.retry_after is not None
    assert busy.value.retry_after <= LONGEST_PEACE


async def test_a_host_that_asked_for_long_peace_is_not_waited_for() -> None:
    politeness = polite(fetch_max_delay=1)
    politeness.leave_alone("a.example", 100)
    with pytest.raises(TransientError, match="host-busy") as busy:
        async with politeness.turn("a.example"):
            pass
    assert busy.value.retry_after is not None
    assert 99 < busy.value.retry_after <= 100


async def test_idle_hosts_are_forgotten() -> None:
    politeness = polite()
    for number in range(MOST_HOSTS + 500):
        async with politeness.turn(f"h{number}.example"):
            pass
    assert len(politeness._hosts) <= MOST_HOSTS + 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [("120", 120.0), (" 0 ", 0.0), (None, None), ("soon", None), ("-5", None), ("1.5", None), ("٣", None)],
)
def test_retry_after_in_seconds(value: str | None, expected: float | None) -> None:
    assert retry_after(value) == expected


def test_retry_after_as_a_date() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    later = retry_after("Fri, 31 Dec 2100 23:59:59 GMT")
    assert later is not None
    assert later > 1e9


@given(st.text(max_size=60))
def test_retry_after_never_raises(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or seconds >= 0
