"""A connection that counts what comes over it that is no part of an answer, and gives up at a flood of it.

Bodies and headers have limits of their own. What has none in HTTP is everything around them: interim answers without
end, chunk extensions, trailers, HTTP/2's pings, settings and padding (CVE-2019-9512 and its kin). So every byte that
comes must be accounted for by an answer, but for an allowance.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

from httpcore import AsyncNetworkStream, Response

from scrapersky import metrics
from scrapersky.errors import PermanentError

ALLOWANCE = 1024 * 1024
"""Bytes that a connection may bring beside its answers; a buffer's worth of body is on its way at any time."""
PER_ANSWER = 1024
PER_PIECE = 64
PER_ABANDONED = 128 * 1024
"""What a peer may still send of a body that we no longer want: HTTP/2's window, and what is in buffers."""
WORTH_FINISHING = 16_384


class MeteredStream(AsyncNetworkStream):
    """Wraps a connection; what wraps it in TLS is metered in its stead.

    Args:
        stream: The connection.
        host: For the error's words.
        allowance: Bytes beside answers; more where many answers share the connection.
    """

    def __init__(self, stream: AsyncNetworkStream, host: str, allowance: int) -> None:
        self._stream = stream
        self._host = host
        self._allowance = allowance
        self._received = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Receive.

        Raises:
            PermanentError: More than the allowance came that was not accounted for.
        """
        octets = await self._stream.read(max_bytes, timeout)
        self._received += len(octets)
        if self._received > self._allowance:
            words = f"{self._host}: {self._received:,} bytes that are no part of an answer"
            raise PermanentError("protocol-flood", words)
        return octets

    def account(self, octets: int) -> None:
        """Bytes received were part of an answer; a little more may be accounted for than came."""
        self._received = max(self._received - octets, -self._allowance)

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
        return MeteredStream(secure, self._host, self._allowance)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        """As the connection says."""
        return self._stream.get_extra_info(info)


def header_bytes(answer: Response) -> int:
    """Size of an answer's headers, as HTTP/1.1 writes them."""
    return sum(len(name) + len(value) + 4 for name, value in answer.headers)


def arrived(answer: Response) -> Callable[[], None]:
    """Account for an answer's headers; what is returned is to be called when its body is no longer wanted."""
    stream = answer.extensions.get("network_stream")
    if not isinstance(stream, MeteredStream):
        return lambda: None
    stream.account(header_bytes(answer) + PER_ANSWER)
    return lambda: stream.account(PER_ABANDONED)


async def body_of(answer: Response) -> AsyncIterator[bytes]:
    """The body as it comes, accounted for."""
    stream = answer.extensions.get("network_stream")
    async for received in answer.aiter_stream():
        metrics.FETCHED_BYTES.inc(len(received))
        if isinstance(stream, MeteredStream):
            stream.account(len(received) + PER_PIECE)
        yield received


async def finish(body: AsyncIterator[bytes]) -> None:
    """Read a short body to its end, so that the connection can be used again; a long one is not worth it."""
    received = 0
    async for octets in body:
        received += len(octets)
        if received > WORTH_FINISHING:
            return
