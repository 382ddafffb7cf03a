"""HTTP/2 with a real server: offered and taken, one connection for many requests, and no limit that it leads around."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hpack import Encoder

from scrapersky.errors import PermanentError, TransientError, WorkError
from scrapersky.web.fetcher import Fetcher
from tests.support.http2 import HOST, Flood, Http2Server, frame
from tests.support.postgres import make_settings

URL = f"https://{HOST}"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, CONTINUATION = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7, 0x9
END_HEADERS, PADDED = 0x4, 0x8


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Http2Server]:
    async with Http2Server(tmp_path) as server:
        yield server


def fetcher(server: Http2Server, **more: Any) -> Fetcher:
    return Fetcher(make_settings("postgresql://unused", **server.settings, **more))


async def drain(web: Fetcher, url: str, **more: Any) -> None:
    async with web.stream(url, obey_robots=False, **more) as response:
        async for _ in response.chunks():
            pass


async def test_many_requests_go_over_one_connection(server: Http2Server) -> None:
    server.bodies = {f"/{n}": b"x" * 100_000 for n in range(20)}
    async with fetcher(server) as web:
        first, _ = await web.get(f"{URL}/0")
        answers = await asyncio.gather(*(web.get(f"{URL}/{n}") for n in range(1, 20)))
    assert first.status == 200
    assert all(body == b"x" * 100_000 for _, body in answers)
    assert server.accepted == 1
    assert sorted(server.asked) == sorted(["/robots.txt", *server.bodies])


async def test_bodies_that_are_given_up_cost_the_connection_nothing(server: Http2Server) -> None:
    server.bodies = {"/long": b"x" * 300_000, "/short": b"hello"}
    async with fetcher(server, fetch_max_page_bytes=20_000) as web:
        for _ in range(40):
            _, body = await web.get(f"{URL}/long")
            assert len(body) == 20_000
        assert (await web.get(f"{URL}/short"))[1] == b"hello"
    assert server.accepted == 1


@pytest.mark.parametrize(
    ("body", "headers", "cause"),
    [
        (b"x" * 300_000, [], "body-too-large"),
        (gzip.compress(b" " * 9_000_000), [("content-encoding", "gzip")], "decompression-bomb"),
        (gzip.compress(bytes(range(256)) * 1000), [("content-encoding", "gzip")], "decoded-too-large"),
        (b"", [(f"x-{n}", "a" * 80) for n in range(600)], "headers-too-large"),
        (b"", [(f"x-{n}", "a") for n in range(1100)], "too-many-headers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_limits(server: Http2Server, body: bytes, headers: list[tuple[str, str]], cause: str) -> None:
    limit = 20_000_000 if cause == "decompression-bomb" else 200_000
    server.bodies = {"/x": body}
    server.headers = headers
    async with fetcher(server, fetch_max_header_bytes=50_000) as web:
        with pytest.raises(PermanentError) as error:
            await drain(web, f"{URL}/x", max_bytes=limit)
    assert error.value.cause == cause


def endless(make: Callable[[int], bytes], *before: bytes) -> Flood:
    async def flood(writer: asyncio.StreamWriter, stream: int) -> None:
        for octets in before:
            writer.write(octets)
        while True:
            writer.write(make(stream) * 100)
            await writer.drain()

    return flood


def once(make: Callable[[int], bytes]) -> Flood:
    async def send(writer: asyncio.StreamWriter, stream: int) -> None:
        writer.write(make(stream))
        await writer.drain()
        await asyncio.Event().wait()

    return send


OK = Encoder().encode([(":status", "200")])
# One indexed entry of 4 KiB, then a hundred references to it of one byte each: a bomb in HPACK (CVE-2016-6581).
BOMB = OK + Encoder().encode([("x", "a" * 4000)], huffman=False) + b"\xbe" * 100


@pytest.mark.parametrize(
    ("flood", "kind", "cause"),
    [
        (endless(lambda _: frame(SETTINGS, 0, 0, b"\x00\x03\x00\x00\x00\x64")), PermanentError, "protocol-flood"),
        (endless(lambda _: frame(PING, 0, 0, b"12345678")), PermanentError, "protocol-flood"),
        (endless(lambda _: frame(0xEE, 0, 0, b"x" * 1000)), PermanentError, "protocol-flood"),
        (endless(lambda _: frame(0x8, 0, 0, b"\x00\x00\x00\x01")), PermanentError, "protocol-flood"),
        (endless(lambda s: frame(HEADERS, 0, s, b"") + frame(CONTINUATION, 0, s, b"")), TransientError, "bad-response"),
        (endless(lambda s: frame(CONTINUATION, 0, s, b"")), TransientError, "bad-response"),
        (once(lambda s: frame(HEADERS, END_HEADERS, s, BOMB)), PermanentError, "headers-too-large"),
        (once(lambda s: frame(HEADERS, END_HEADERS, s, b"\xff\xff\xff\xff")), TransientError, "bad-response"),
        (once(lambda s: frame(DATA, 0, s, b"x")), TransientError, "bad-response"),
        (once(lambda s: frame(RESET, 0, s, b"\x00\x00\x00\x07")), TransientError, "connection-lost"),
        (once(lambda _: frame(GOAWAY, 0, 0, bytes(8))), TransientError, "connection-lost"),
        (once(lambda s: frame(DATA, 0, s, b"x" * 20_000)), TransientError, "bad-response"),
        (once(lambda _: b""), TransientError, "read-timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_answer(server: Http2Server, flood: Flood, kind: type[WorkError], cause: str) -> None:
    server.flood = flood
    async with fetcher(server, fetch_read_timeout=1) as web, asyncio.timeout(30):
        with pytest.raises(kind) as error:
            await web.get(f"{URL}/flood", obey_robots=False)
    assert error.value.cause == cause
    assert HOST in str(error.value)


async def test_an_answer_that_is_mostly_padding(server: Http2Server) -> None:
    def padding(stream: int) -> bytes:
        return frame(DATA, PADDED, stream, b"\xff" + b"x" + bytes(255))

    async def flood(writer: asyncio.StreamWriter, stream: int) -> None:
        writer.write(frame(HEADERS, END_HEADERS, stream, OK))
        await endless(padding)(writer, stream)

    server.flood = flood
    async with fetcher(server) as web, asyncio.timeout(60):
        with pytest.raises(WorkError) as error:
            await drain(web, f"{URL}/flood")
    assert error.value.cause == "protocol-flood"


async def test_a_body_may_run_ahead_of_its_reader(server: Http2Server) -> None:
    server.bodies = {"/long": b"x" * 6_000_000, "/short": b"hello"}
    async with fetcher(server) as web, web.stream(f"{URL}/long", obey_robots=False) as long:
        pieces = long.chunks()
        received = len(await anext(pieces))
        # Who waits for the short answer reads the long body's frames from the wire.
        assert (await web.get(f"{URL}/short", obey_robots=False))[1] == b"hello"
        async for piece in pieces:
            received += len(piece)
    assert received == 6_000_000
    assert server.accepted == 1
