"""HTTP/1.1 as no honest server speaks it: floods and trickles end, soon, in bounded memory, each with its own cause."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from scrapersky.errors import WorkError
from scrapersky.web.fetcher import Fetcher
from tests.support.fuzzing import memory_bounded
from tests.support.postgres import make_settings

Speech = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Mouth:
    """Says what a test wants to whoever connects and has asked; counts connections."""

    def __init__(self, directory: Path) -> None:
        self.speech: Speech = says(b"")
        self.accepted = 0
        self._directory = directory
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        (self._directory / "hosts").write_text("127.0.0.1 site.example\n")

    async def stop(self) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def fetcher(self, **more: Any) -> Fetcher:
        port = self._server.sockets[0].getsockname()[1]
        hosts = self._directory / "hosts"
        return Fetcher(
            make_settings("postgresql://unused", fetch_hosts_file=hosts, fetch_port_map=f"80={port}", **more)
        )

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await self.speech(writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(talk)
            writer.transport.abort()


@pytest.fixture
async def mouth(tmp_path: Path) -> AsyncIterator[Mouth]:
    mouth = Mouth(tmp_path)
    await mouth.start()
    yield mouth
    await mouth.stop()


def says(*pieces: bytes) -> Speech:
    async def speech(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
        await writer.drain()

    return speech


def for_ever(piece: bytes, *before: bytes, pause: float = 0) -> Speech:
    async def speech(writer: asyncio.StreamWriter) -> None:
        await says(*before)(writer)
        while True:
            writer.write(piece if pause else piece * (65_536 // len(piece) + 1))
            await writer.drain()
            await asyncio.sleep(pause)

    return speech


@pytest.mark.parametrize(
    ("speech", "cause"),
    [
        (for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"), "protocol-flood"),
        (for_ever(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 1000 + b"\r\n\r\n"), "protocol-flood"),
        (for_ever(b"1;" + b"x" * 10_000 + b"\r\na\r\n", CHUNKED), "protocol-flood"),
        (for_ever(b"x", CHUNKED, b"1;"), "headers-too-large"),
        (for_ever(b"X-Trailer: x\r\n", CHUNKED, b"1\r\na\r\n0\r\n"), "headers-too-large"),
        (for_ever(b"X: y\r\n", OK), "headers-too-large"),
        (for_ever(b"x", OK), "headers-too-large"),
        (for_ever(b"x", b"HTTP/1.1 200 "), "headers-too-large"),
        (for_ever(b"\r\n"), "bad-response"),
        (for_ever(b"X", OK, pause=0.05), "total-timeout"),
        (for_ever(b"X: y\r\n", OK, pause=0.05), "total-timeout"),
        (for_ever(b"1\r\na\r\n", CHUNKED, pause=0.05), "total-timeout"),
        (for_ever(b"HTTP/1.1 102 Processing\r\n\r\n", pause=0.05), "total-timeout"),
        (for_ever(b"0", CHUNKED, pause=0.05), "total-timeout"),
        (for_ever(b"a" * 100, OK + b"Content-Length: 99999999999999999999\r\n\r\n"), "body-too-large"),
        (for_ever(b"a" * 100, OK + b"\r\n"), "body-too-large"),
        (for_ever(b"400\r\n" + b"a" * 1024 + b"\r\n", CHUNKED), "body-too-large"),
        (says(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), "bad-response"),
        (says(OK + b"Content-Length: -5\r\n\r\nhello"), "bad-response"),
        (says(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello"), "bad-response"),
        (says(CHUNKED, b"-5\r\nhello\r\n"), "bad-response"),
        (says(CHUNKED, b"fffffffffffffffffffffff\r\nhello\r\n"), "bad-response"),
        (says(b"HTTP/1.1 99999 OK\r\n\r\n"), "bad-response"),
        (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "read-timeout"),
        (says(b"220 mail.example ESMTP\r\n\r\n"), "bad-response"),
        (says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "bad-response"),
        (says(OK[:10]), "read-timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_floods_and_trickles(mouth: Mouth, speech: Speech, cause: str) -> None:
    mouth.speech = speech
    trickles = cause == "total-timeout"
    limits = {"fetch_total_timeout": 1 if trickles else 20, "fetch_read_timeout": 0.5, "fetch_max_page_bytes": 200_000}
    async with mouth.fetcher(**limits) as fetcher, asyncio.timeout(30):
        with memory_bounded(32), pytest.raises(WorkError) as error:
            await drain(fetcher, "http://site.example/x")
    assert error.value.cause == cause
    assert "site.example" in str(error.value)


async def drain(fetcher: Fetcher, url: str) -> None:
    async with fetcher.stream(url, obey_robots=False) as response:
        response.raise_for_status()
        async for _ in response.chunks():
            pass


async def test_one_connection_serves_page_after_page(mouth: Mouth) -> None:
    mouth.speech = says(OK + b"Content-Length: 5\r\n\r\nhello")
    async with mouth.fetcher() as fetcher:
        for number in range(10):
            assert (await fetcher.get(f"http://site.example/{number}"))[1] == b"hello"
    assert mouth.accepted == 1


async def test_small_chunks_are_no_flood(mouth: Mouth) -> None:
    mouth.speech = says(CHUNKED, b"1\r\na\r\n" * 400_000, b"0\r\n\r\n")
    async with mouth.fetcher() as fetcher:
        assert (await fetcher.get("http://site.example/", obey_robots=False))[1] == b"a" * 400_000
