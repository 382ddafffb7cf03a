"""A response while it is read: its body arrives decoded, bounded, and never whole in memory unless asked for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import monotonic

from httpx import Headers

from scrapersky.errors import PermanentError, TransientError
from scrapersky.web.decode import Decoder
from scrapersky.web.politeness import retry_after

RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
NOT_MODIFIED = 304


@dataclass(frozen=True)
class Hop:
    """One request of a fetch: what was asked, the address that was connected to, and the status it answered."""

    url: str
    address: str | None
    status: int | None


@dataclass(frozen=True)
class Validators:
    """What makes a request conditional (RFC 9110 §8.8, §13)."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """The request headers that bear them."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}


@dataclass
class Response:
    """The last answer of a fetch.

    Attributes:
        url: As asked for, normalised.
        final_url: After redirects.
        status: HTTP status.
        headers: Of the last answer.
        hops: Every request made, redirects included.
        wire_bytes: Body bytes received so far.
        decoded_bytes: Body bytes handed on so far.
    """

    url: str
    final_url: str
    status: int
    headers: Headers
    hops: list[Hop]
    raw: AsyncIterator[bytes] = field(repr=False)
    max_bytes: int
    max_ratio: int
    page_bytes: int
    began: float
    wire_bytes: int = 0
    decoded_bytes: int = 0

    @property
    def seconds(self) -> float:
        """Since the fetch began."""
        return monotonic() - self.began

    @property
    def media_type(self) -> str | None:
        """Of the Content-Type header: lower case, without parameters."""
        value = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return value or None

    @property
    def charset(self) -> str | None:
        """The Content-Type header's charset parameter, as written."""
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip("\"'") or None
        return None

    @property
    def validators(self) -> Validators:
        """For a later conditional request."""
        return Validators(self.headers.get("etag"), self.headers.get("last-modified"))

    def raise_for_status(self) -> None:
        """Let 2xx and 304 pass.

        Raises:
            TransientError: 408, 425, 429, 5xx; ``http-503`` and the like, with what Retry-After asks.
            PermanentError: Any other status.
        """
        if 200 <= self.status < 300 or self.status == NOT_MODIFIED:  # noqa: PLR2004
            return
        cause, explanation = f"http-{self.status}", f"{self.final_url} answered {self.status}"
        if self.status in RETRYABLE:
            raise TransientError(cause, explanation, retry_after=retry_after(self.headers.get("retry-after")))
        raise PermanentError(cause, explanation)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, content codings undone.

        Raises:
            PermanentError: It breaks a limit, or its coding is unknown or broken.
            TransientError: The connection broke, or a time limit was reached.
        """
        decoder = Decoder(self.headers.get("content-encoding", ""), self.final_url, self.max_ratio)
        async for received in self.raw:
            self.wire_bytes += len(received)
            if self.wire_bytes > self.max_bytes:
                raise PermanentError("body-too-large", f"{self.final_url}: more than {self.max_bytes:,} bytes")
            for piece in decoder.feed(received):
                self.decoded_bytes += len(piece)
                if self.decoded_bytes > self.max_bytes:
                    words = f"{self.final_url}: decompresses to more than {self.max_bytes:,} bytes"
                    raise PermanentError("decoded-too-large", words)
                yield piece

    async def read(self, max_bytes: int | None = None) -> bytes:
        """The body, cut at ``max_bytes`` (by default FETCH_MAX_PAGE_BYTES); errors as `chunks`."""
        limit = self.page_bytes if max_bytes is None else max_bytes
        body = bytearray()
        async for piece in self.chunks():
            body += piece
            if len(body) >= limit:
                break
        return bytes(body[:limit])
