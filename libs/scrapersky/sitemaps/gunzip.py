"""The media type gzip, known by its magic bytes, whatever name and headers say; also doubly.

Content codings (RFC 9110 §8.4) were undone by the fetcher; this is about files that are themselves gzip. Every step is
bounded, and a file that is damaged or cut yields what came before the damage.
"""

import zlib
from collections.abc import Iterator

from scrapersky.errors import PermanentError

MAGIC = b"\x1f\x8b"
STEP_BYTES = 64 * 1024
MAX_LAYERS = 3
RATIO_FLOOR = 1024 * 1024
"""Output below this is never called a bomb, however small its input."""

_WITH_GZIP_HEADER = 31


class Gunzip:
    """Push decompressor: bytes in, pieces of at most 64 KiB out.

    Args:
        name: What to call the file in errors.
        max_ratio: Bytes out allowed for each byte in, once the first MiB is out.
    """

    def __init__(self, name: str, max_ratio: int) -> None:
        self._name = name
        self._max_ratio = max_ratio
        self._received = 0
        self._layers = [_Layer() for _ in range(MAX_LAYERS)]

    @property
    def is_gzipped(self) -> bool:
        """Whether the file is gzip; known after its first two bytes."""
        return self._layers[0].is_gzip

    @property
    def damage(self) -> str | None:
        """What is wrong with the compressed file, if anything is."""
        return next((layer.damage for layer in self._layers if layer.damage), None)

    @property
    def has_tail(self) -> bool:
        """Whether something that is not gzip follows the compressed file; it is ignored, as gunzip does."""
        return any(layer.has_tail for layer in self._layers)

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """Decompress the next bytes of the file.

        Raises:
            PermanentError: ``decompression-bomb``.
        """
        self._received += len(octets)
        yield from self._through(0, octets)

    def close(self) -> Iterator[bytes]:
        """Say that the file has ended; yields what was held back."""
        for depth, layer in enumerate(self._layers):
            for piece in layer.close():
                yield from self._through(depth + 1, piece)

    def _through(self, depth: int, octets: bytes) -> Iterator[bytes]:
        if depth == MAX_LAYERS:
            yield octets
            return
        layer = self._layers[depth]
        for piece in layer.feed(octets):
            if layer.out > max(RATIO_FLOOR, self._max_ratio * self._received):
                raise PermanentError(
                    "decompression-bomb",
                    f"{self._name}: {self._received:,} bytes became more than {layer.out:,}"
                    f", which is beyond the ratio of {self._max_ratio}",
                )
            yield from self._through(depth + 1, piece)


class _Layer:
    """One layer of gzip, or none: then the bytes pass."""

    def __init__(self) -> None:
        self.is_gzip = False
        self.damage: str | None = None
        self.has_tail = False
        self.out = 0
        self._head: bytes | None = b""
        self._member: zlib._Decompress | None = None

    def feed(self, octets: bytes) -> Iterator[bytes]:
        if self._head is not None:
            octets = self._head + octets
            if len(octets) < len(MAGIC):
                self._head = octets
                return
            self._head = None
            self.is_gzip = octets.startswith(MAGIC)
        for at in range(0, len(octets), STEP_BYTES):
            step = octets[at : at + STEP_BYTES]
            for piece in self._members(step) if self.is_gzip else (step,):
                self.out += len(piece)
                yield piece

    def close(self) -> Iterator[bytes]:
        if self._head:
            yield self._head
        if self._member is not None and not self.damage:
            yield from self._inflate(self._member, b"")
            if not self._member.eof:
                self.damage = "the gzip file is cut off"

    def _members(self, octets: bytes) -> Iterator[bytes]:
        while octets and not self.damage and not self.has_tail:
            if self._member is None:
                octets = octets.lstrip(b"\0")  # padding between members
                if not MAGIC.startswith(octets[: len(MAGIC)]):
                    self.has_tail = True
                elif octets:
                    self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
                continue
            yield from self._inflate(self._member, octets)
            if not self._member.eof:
                return
            octets, self._member = self._member.unused_data, None

    def _inflate(self, member: "zlib._Decompress", octets: bytes) -> Iterator[bytes]:
        piece = b""
        while (octets or len(piece) == STEP_BYTES) and not member.eof:
            before = member.copy()
            try:
                piece = member.decompress(octets, STEP_BYTES)
            except zlib.error as error:
                self.damage = f"the gzip file is damaged: {error}"
                yield from _salvaged(before, octets)
                return
            yield piece
            octets = member.unconsumed_tail


def _salvaged(member: "zlib._Decompress", octets: bytes) -> Iterator[bytes]:
    """What comes before the damage; a single failing call would withhold all of it."""
    saved = bytearray()
    for at in range(len(octets)):
        try:
            saved += member.decompress(octets[at : at + 1])
        except zlib.error:
            break
        if len(saved) >= STEP_BYTES:
            yield bytes(saved)
            saved.clear()
    yield bytes(saved)
