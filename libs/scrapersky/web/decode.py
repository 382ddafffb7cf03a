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
_AUTOMATIC = zlib.MAX_WBITS | 32
_RAW = -zlib.MAX_WBITS


class Inflater:
    """Decompresses gzip (any number of members), zlib, or raw deflate.

    Args:
        url: For error messages.
        max_ratio: Bytes out allowed for each byte in, once `FREE_BYTES` are out.
    """

    def __init__(self, url: str, max_ratio: int) -> None:
        self._url = url
        self._max_ratio = max_ratio
        self._inflate = zlib.decompressobj(_AUTOMATIC)
        self._began = False
        self._in = 0
        self._out = 0

    def feed(self, compressed: bytes) -> Iterator[bytes]:
        """Yield what the bytes decompress to, at most `STEP` at a time.

        Raises:
            PermanentError: A decompression bomb, or not what it says it is.
        """
        rest = compressed
        while rest:
            piece = self._step(rest)
            self._in += len(rest) - len(self._inflate.unconsumed_tail)
            self._out += len(piece)
            if self._out > FREE_BYTES and self._out > self._in * self._max_ratio:
                raise PermanentError(
                    "decompression-bomb", f"{self._url}: {self._in:,} bytes became more than {self._out:,}"
                )
            if piece:
                yield piece
            rest = self._inflate.unconsumed_tail
            if self._inflate.eof:
                rest = self._inflate.unused_data.lstrip(b"\x00")
                if rest and not rest.startswith(b"\x1f"):
                    return
                self._inflate = zlib.decompressobj(_AUTOMATIC)

    def _step(self, compressed: bytes) -> bytes:
        try:
            piece = self._inflate.decompress(compressed, STEP)
        except zlib.error as error:
            if self._began:
                raise PermanentError("bad-compression", f"{self._url}: {error}") from None
            self._inflate = zlib.decompressobj(_RAW)
            try:
                piece = self._inflate.decompress(compressed, STEP)
            except zlib.error:
                raise PermanentError("bad-compression", f"{self._url}: {error}") from None
        self._began = True
        return piece


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
        if unknown or len(names) > MOST_CODINGS:
            raise PermanentError("unknown-coding", f"{url}: content coding {codings[:100]!r}")
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
