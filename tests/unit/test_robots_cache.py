"""robots.txt files are asked for once, forgotten after a day, and never too many or too large."""

import asyncio

import pytest

from scrapersky.errors import TransientError
from scrapersky.web import robots_cache
from scrapersky.web.robots import UNREACHABLE, Robots, parse
from scrapersky.web.robots_cache import RobotsCache


class Origins:
    """Counts what is asked; answers as told."""

    def __init__(self, *answers: Robots | Exception) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    async def ask(self, origin: str) -> Robots:
        self.asked.append(origin)
        await asyncio.sleep(0)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


RULES = parse(b"user-agent: *\n" + b"".join(b"disallow: /%d\n" % n for n in range(100)), "x")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(robots_cache, "monotonic", lambda: now[0])
    return now


async def test_those_who_ask_at_once_share_one_request() -> None:
    origins = Origins(RULES)
    cache = RobotsCache(origins.ask)
    found = await asyncio.gather(*(cache.get("https://a.example") for _ in range(10)))
    assert found == [RULES] * 10
    assert origins.asked == ["https://a.example"]


async def test_a_file_is_kept_for_a_day_and_a_failure_for_a_moment(clock: list[float]) -> None:
    origins = Origins(UNREACHABLE, RULES, RULES)
    cache = RobotsCache(origins.ask)
    assert await cache.get("a") is UNREACHABLE
    clock[0] = robots_cache.UNREACHABLE_SECONDS - 1
    assert await cache.get("a") is UNREACHABLE
    clock[0] = robots_cache.UNREACHABLE_SECONDS + 1
    assert await cache.get("a") is RULES
    clock[0] += robots_cache.SECONDS - 1
    assert await cache.get("a") is RULES
    assert len(origins.asked) == 2
    clock[0] += 2
    await cache.get("a")
    assert len(origins.asked) == 3


async def test_an_error_is_raised_to_all_who_wait_and_asked_anew() -> None:
    origins = Origins(TransientError("connect-timeout", "a"), RULES)
    cache = RobotsCache(origins.ask)
    both = await asyncio.gather(cache.get("a"), cache.get("a"), return_exceptions=True)
    assert [type(each) for each in both] == [TransientError, TransientError]
    assert await cache.get("a") is RULES


async def test_who_stops_waiting_does_not_stop_the_others() -> None:
    cache = RobotsCache(Origins(RULES).ask)
    first = asyncio.create_task(cache.get("a"))
    second = asyncio.create_task(cache.get("a"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is RULES


async def test_origins_and_rules_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots_cache, "MOST_ORIGINS", 20)
    monkeypatch.setattr(robots_cache, "MOST_RULES", 1_000)
    origins = Origins(RULES)
    cache = RobotsCache(origins.ask)
    for number in range(50):
        await cache.get(f"https://{number}.example")
    assert len(cache._kept) == 10
    assert cache._rules == 1_000
    await cache.get("https://49.example")
    assert len(origins.asked) == 50
    await cache.get("https://0.example")
    assert len(origins.asked) == 51
