"""Connections are used again where they may be, and few stay open unused, however many hosts a run sees."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scrapersky.web import transport
from scrapersky.web.fetcher import Fetcher
from tests.internet.crowd import crowd
from tests.internet.network import SmallInternet
from tests.support.internet import online


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The host of every connection that is opened."""
    opened: list[str] = []
    connect = transport.GuardedBackend.connect_tcp

    async def counted(self: transport.GuardedBackend, host: str, *more: Any, **named: Any) -> Any:
        opened.append(host)
        return await connect(self, host, *more, **named)

    monkeypatch.setattr(transport.GuardedBackend, "connect_tcp", counted)
    return opened


async def test_a_host_is_connected_to_once(tmp_path: Path, connects: list[str]) -> None:
    async with SmallInternet(tmp_path, crowd(2)) as internet, Fetcher(online(internet)) as fetcher:
        for _ in range(3):
            for number in (1, 2):
                await fetcher.get(f"https://plumber000{number}.example/")
    assert sorted(connects) == ["plumber0001.example", "plumber0002.example"]


async def test_connections_in_use_are_not_shared_and_all_are_used_again(tmp_path: Path, connects: list[str]) -> None:
    async with SmallInternet(tmp_path, crowd(1)) as internet, Fetcher(online(internet)) as fetcher:
        url = "https://plumber0001.example/"
        await fetcher.robots(url)
        for _ in range(3):
            async with fetcher.stream(url) as one, fetcher.stream(url) as other:
                assert await one.read(1000) == await other.read(1000)
    assert len(connects) == 2


async def test_few_connections_stay_open_unused(
    tmp_path: Path, connects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MOST_IDLE", 3)
    async with SmallInternet(tmp_path, crowd(8)) as internet, Fetcher(online(internet)) as fetcher:
        hosts = [site.host for site in internet.sites]
        await asyncio.gather(*(fetcher.get(f"https://{host}/") for host in hosts))
        await fetcher.get(f"https://{hosts[0]}/")
        connects.clear()
        for host in hosts:
            await fetcher.get(f"https://{host}/")
        assert 8 - 3 <= len(connects) <= 8
