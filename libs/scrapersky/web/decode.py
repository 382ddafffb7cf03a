"""Content codings undone in bounded steps: the peer decides how many bytes it sends, never how many we hold.

Content codings (RFC 9110 §8.4) and gzip as a media type are decompressed by the same code; a decompression bomb
(CWE-409) is known by its ratio once the first MiB is out.
"""

import zlib
from collections.abc import Iterator

from scrapersky.errors import PermanentError

STEP = 65_536
FREE_BYTES = 1024 * 1024
MOST_CODINGS = 2
ACCEPTED = "gzip, deflate"


class Inflater:
    """Decompresses gzip (any number of members), zlib, or raw deflate, told apart by the first two bytes.

    What follows the last member is ignored, as browsers and gunzip do.

    Args:
        url: For error messages.
        max_ratio: Bytes out allowed for each byte in, once `FREE_BYTES` are out.
    """

    def __init__(self, url: str, max_ratio: int) -> None:
        self._url = url
        self._max_ratio = max_ratio
        self._inflate: zlib._Decompress | None = None
        self._members = 0
        self._held = b""
        self._done = False
        self._in = 0
        self._out = 0

    def feed(self, compressed: bytes) -> Iterator[bytes]:
        """Yield what the bytes decompress to, at most `STEP` at a time.

        Raises:
            PermanentError: A decompression bomb, or not what it says it is.
        """
        rest = self._held + compressed
        self._held = b""
        while rest and not self._done:
            if self._inflate is None:
                rest = self._begin(rest)
                continue
            piece, left = self._step(self._inflate, rest)
            self._in += len(rest) - len(left)
            self._out += len(piece)
            if self._out > FREE_BYTES and self._out > self._in * self._max_ratio:
                raise PermanentError(
                    "decompression-bomb", f"{self._url}: {self._in:,} bytes became more than {self._out:,}"
                )
            if piece:
                yield piece
            rest = left

    def _begin(self, rest: bytes) -> bytes:
        """Start a member; hold back what is too short to tell what it is."""
        if self._members:
            rest = rest.lstrip(b"\x00")
        if len(rest) < 2:  # noqa: PLR2004
            self._held = rest
            return b""
        gzipped = rest.startswith(b"\x1f\x8b")
        if self._members and not gzipped:
            self._done = True
        zlibbed = rest[0] & 0x0F == zlib.DEFLATED and int.from_bytes(rest[:2]) % 31 == 0
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32 if gzipped or zlibbed else -zlib.MAX_WBITS)
        self._members += 1
        return rest

    def _step(self, inflate: "zlib._Decompress", compressed: bytes) -> tuple[bytes, bytes]:
        try:
            piece = inflate.decompress(compressed, STEP)
        except zlib.error as error:
            raise PermanentError("bad-compression", f"{self._url}: {error}") from None
        if not inflate.eof:
            return piece, inflate.unconsumed_tail
        self._inflate = None
        return piece, inflate.unused_data


class Decoder:
    """Undoes the content codings of one response.

    Args:
        codings: Value of the Content-Encoding header.
        url: For error messages.
        max_ratio: As for `Inflater`.

    Raises:
        PermanentError: A coding that we did not announce, or too many of them.
    """

    def __init__(self, codings: str, url: str, max_ratio: int) -> None:
        names = [name for name in (part.strip().lower() for part in codings.split(",")) if name not in {"", "identity"}]
        unknown = [name for name in names if name not in {"gzip", "x-gzip", "deflate"}]
        if unknown:
            raise PermanentError("unknown-coding", f"{url}: content coding {codings[:100]!r}")
        if len(names) > MOST_CODINGS:
            raise PermanentError("too-many-codings", f"{url}: {len(names)} content codings, one on top of the other")
        self._inflaters = [Inflater(url, max_ratio) for _ in names]

    def feed(self, received: bytes) -> Iterator[bytes]:
        """Yield decoded pieces; errors as `Inflater.feed`."""
        pieces: Iterator[bytes] = iter((received,))
        for inflater in reversed(self._inflaters):
            pieces = _through(inflater, pieces)
        return pieces


def _through(inflater: Inflater, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield from inflater.feed(piece)
