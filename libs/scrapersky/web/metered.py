"""A connection that counts what comes over it that is no part of an answer, and gives up at a flood of it.

Bodies and headers have limits of their own. What has none in HTTP is everything around them: interim answers without
end, chunk extensions, trailers, HTTP/2's pings, settings and padding (CVE-2019-9512 and its kin). So every byte that
comes must be accounted for by an answer, but for an allowance.

Over HTTP/2 a body may run ahead of its reader by 16 MiB, which is what the engine lets it, and more of it may come when
nobody reads it any longer. Its flow control bounds both, so there the payload of plain DATA frames is not counted.
"""

import ssl
from collections.abc import AsyncIterator
from typing import Any

from httpcore import AsyncNetworkStream, Response

from scrapersky import metrics
from scrapersky.errors import PermanentError

ALLOWANCE = 1024 * 1024
"""Bytes that a connection may bring beside its answers; a buffer's worth of body is on its way at any time."""
PER_ANSWER = 1024
PER_PIECE = 64
WORTH_FINISHING = 16_384

_FRAME_HEADER = 9
_DATA, _PADDED = 0, 0x8


class _Http2Frames:
    """Tells the payload of DATA frames from everything else (RFC 9113 §4.1)."""

    def __init__(self) -> None:
        self._header = b""
        self._left = 0
        self._plain = False

    def overhead(self, octets: bytes) -> int:
        """How many of the next bytes are not payload of an unpadded DATA frame."""
        at, payload = 0, 0
        while at < len(octets):
            if self._left:
                length = min(self._left, len(octets) - at)
                payload += length if self._plain else 0
                self._left -= length
            else:
                length = _FRAME_HEADER - len(self._header)
                self._begin(octets[at : at + length])
            at += length
        return len(octets) - payload

    def _begin(self, part: bytes) -> None:
        self._header += part
        if len(self._header) == _FRAME_HEADER:
            self._left = int.from_bytes(self._header[:3])
            self._plain = self._header[3] == _DATA and not self._header[4] & _PADDED
            self._header = b""


class MeteredStream(AsyncNetworkStream):
    """Wraps a connection; what wraps it in TLS is metered in its stead.

    Args:
        stream: The connection.
        host: For the error's words.
        http2: Whether HTTP/2 is spoken on it.
    """

    def __init__(self, stream: AsyncNetworkStream, host: str, *, http2: bool = False) -> None:
        self._stream = stream
        self._host = host
        self._frames = _Http2Frames() if http2 else None
        self._beside = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive.

        Raises:
            PermanentError: More than the allowance came that was not accounted for.
        """
        octets = await self._stream.read(max_bytes, timeout)
        self._beside += len(octets) if self._frames is None else self._frames.overhead(octets)
        if self._beside > ALLOWANCE:
            words = f"{self._host}: {self._beside:,} bytes that are no part of an answer"
            raise PermanentError("protocol-flood", words)
        return octets

    def account(self, headers: int = 0, body: int = 0) -> None:
        """So many bytes were an answer's headers, or a piece of its body."""
        counted = body if self._frames is None else 0
        framing = PER_PIECE if body else PER_ANSWER
        self._beside = max(0, self._beside - headers - counted - framing)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        """Speak TLS from here on."""
        secure = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        session = secure.get_extra_info("ssl_object")
        return MeteredStream(secure, self._host, http2=session is not None and session.selected_alpn_protocol() == "h2")

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        """As the connection says."""
        return self._stream.get_extra_info(info)


def header_bytes(answer: Response) -> int:
    """Size of an answer's headers, as HTTP/1.1 writes them."""
    return sum(len(name) + len(value) + 4 for name, value in answer.headers)


def arrived(answer: Response) -> None:
    """Account for an answer's headers."""
    stream = answer.extensions.get("network_stream")
    if isinstance(stream, MeteredStream):
        stream.account(headers=header_bytes(answer))


async def body_of(answer: Response) -> AsyncIterator[bytes]:
    """The body as it comes, accounted for."""
    stream = answer.extensions.get("network_stream")
    async for received in answer.aiter_stream():
        metrics.FETCHED_BYTES.inc(len(received))
        if isinstance(stream, MeteredStream):
            stream.account(body=len(received))
        yield received


async def finish(body: AsyncIterator[bytes]) -> None:
    """Read a short body to its end, so that the connection can be used again; a long one is not worth it."""
    received = 0
    async for octets in body:
        received += len(octets)
        if received > WORTH_FINISHING:
            return
