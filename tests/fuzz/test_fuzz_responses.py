"""Responses under mutation: whatever comes over the wire, over HTTP/1.1 or HTTP/2, is an answer or an error of ours."""

import asyncio
import gzip
from collections.abc import Sequence
from typing import Any

import httpcore
import pytest
from hpack import Encoder
from httpcore import AsyncConnectionPool, AsyncMockBackend

from scrapersky.errors import WorkError
from scrapersky.web.decode import Decoder
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.metered import MeteredStream
from scrapersky.web.politeness import retry_after
from tests.support.fuzzing import fuzz
from tests.support.http2 import frame
from tests.support.postgres import make_settings

PAGE = gzip.compress(b"<html><title>Pipes</title>" * 50, mtime=0)
HTTP1 = [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /next?x=1#y\r\nContent-Length: 0\r\n\r\n",
    b'HTTP/1.0 503 Busy\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\nETag: W/"x"\r\n\r\nlater',
]  # fmt: skip
HTTP2 = [
    frame(4, 0, 0, b"\x00\x03\x00\x00\x00\x64")
    + frame(
        1, 4, 1, Encoder().encode([(":status", "200"), ("content-type", "text/html"), ("content-encoding", coding)])
    )
    + frame(8, 0, 0, b"\x00\x00\x10\x00")
    + frame(6, 0, 0, b"12345678")
    + frame(0, 1, 1, body)
    for coding, body in (("identity", b"hello"), ("gzip", PAGE))
]


class _Backend(AsyncMockBackend):
    """A connection that has already said everything that it will ever say."""

    def __init__(self, said: bytes, *, http2: bool) -> None:
        super().__init__([said], http2=http2)
        self._http2 = http2

    async def connect_tcp(self, host: str, *more: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        return MeteredStream(await super().connect_tcp(host, *more, **named), host, http2=self._http2)


async def _fetch(said: bytes, *, http2: bool) -> None:
    fetcher = Fetcher(make_settings("postgresql://unused", fetch_max_page_bytes=100_000, fetch_read_timeout=1))
    pool = AsyncConnectionPool(network_backend=_Backend(said, http2=http2), http1=not http2, http2=http2)
    fetcher._pool._new_pool = lambda: pool  # type: ignore[method-assign]
    async with fetcher, fetcher.stream("http://site.example/x", obey_robots=False, total_timeout=2) as response:
        response.raise_for_status()
        assert response.charset is None or isinstance(response.charset, str)
        body = await response.read()
        assert len(body) <= 100_000
        response.validators.headers()


def _fuzz_wire(files: Sequence[bytes], *, http2: bool) -> None:
    fuzz(lambda said: asyncio.run(_fetch(said, http2=http2)), files, ours=(WorkError,), seconds=3)


@pytest.mark.parametrize(("said", "http2"), [*((said, False) for said in HTTP1[:3]), *((said, True) for said in HTTP2)])
def test_the_files_as_they_are_can_be_read(said: bytes, http2: bool) -> None:
    asyncio.run(_fetch(said, http2=http2))


@pytest.mark.fuzz
def test_http1() -> None:
    _fuzz_wire(HTTP1, http2=False)


@pytest.mark.fuzz
def test_http2() -> None:
    _fuzz_wire(HTTP2, http2=True)


@pytest.mark.fuzz
@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, deflate", "identity"])
def test_codings(coding: str) -> None:
    def read(body: bytes) -> None:
        out = sum(map(len, Decoder(coding, "http://site.example/", 200).feed(body)))
        assert out <= 200 * len(body) + 2 * 1024 * 1024

    fuzz(read, [PAGE, gzip.compress(PAGE, mtime=0), gzip.compress(b" " * 5_000_000, mtime=0)], ours=(WorkError,))


@pytest.mark.fuzz
def test_retry_after() -> None:
    fuzz(lambda body: retry_after(body.decode("latin-1")), [b"Wed, 21 Oct 2026 07:28:00 GMT", b"120"], seconds=1)
