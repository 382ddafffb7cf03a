"""A sitemap's bytes to entries, streamed: whatever its format, encoding, size and state.

::

    bytes → gunzip → UTF-8 → sniff ┬→ strict XML ─ first fault → tolerant XML ┬→ collector → cleaner → entries
                                   └→ lines of text ──────────────────────────┘

Every step holds a bounded part of the file, and nothing that a file holds makes it raise anything but `PermanentError`.
"""

from collections.abc import Iterable

from scrapersky.errors import PermanentError
from scrapersky.sitemaps.charset import ToUtf8, mixed_decoder
from scrapersky.sitemaps.collect import Collector, RawEntry
from scrapersky.sitemaps.entries import Cleaner, Entry
from scrapersky.sitemaps.gunzip import Gunzip
from scrapersky.sitemaps.sniff import sniff
from scrapersky.sitemaps.strict import Fault, StrictXml
from scrapersky.sitemaps.text import TextLines
from scrapersky.sitemaps.tolerant import TolerantXml
from scrapersky.sitemaps.vocabulary import Kind

__all__ = ["Entry", "SitemapReader"]

MAX_BYTES = 512 * 1024 * 1024
MAX_RATIO = 200
LONGEST_BARREN = 16 * 1024 * 1024
"""After so many bytes without an entry the rest is not read: it is no sitemap's."""
MOST_WARNINGS = 100
_COALESCED = 16 * 1024


class SitemapReader:
    """Push reader of one sitemap file.

    Args:
        base_url: Where the file is from; relative URLs are resolved against it. None drops them.
        max_bytes: Bytes read after decompression; the rest is not read, and a warning says so.
        max_ratio: Decompressed bytes allowed for each compressed one, once the first MiB is out.

    Attributes:
        warnings: What was wrong, at most `MOST_WARNINGS` sentences and one that says how many more.
        repaired: The file was not well-formed, damaged or cut; entries may be missing.
        is_exhausted: Nothing more is read: a limit is reached.
        decoded_bytes: Bytes read, after decompression.
    """

    def __init__(self, base_url: str | None, *, max_bytes: int = MAX_BYTES, max_ratio: int = MAX_RATIO) -> None:
        self.warnings: list[str] = []
        self.repaired = False
        self.is_exhausted = False
        self.decoded_bytes = 0
        self._name = base_url or "the file"
        self._base = base_url
        self._max_bytes = max_bytes
        self._more_warnings = 0
        self._barren = 0
        self._received = bytearray()
        self._gunzip = Gunzip(self._name, max_ratio)
        self._to_utf8 = ToUtf8()
        self._decoder = mixed_decoder()
        self._head: bytes | None = b""
        self._skipped = (0, 0)
        self._collector = Collector()
        self._cleaner = Cleaner(base_url, self._warn)
        self._reader: StrictXml | TolerantXml | TextLines | None = None

    @property
    def kind(self) -> Kind | None:
        """What it is; None until the first entries, or the root element, were read."""
        if isinstance(self._reader, TextLines):
            return "text"
        return self._collector.vocabulary.kind if self._collector.vocabulary else None

    @property
    def extensions(self) -> set[str]:
        """Which of ``image``, ``video`` and ``news`` it uses, so far."""
        return self._collector.vocabulary.extensions() if self._collector.vocabulary else set()

    @property
    def is_gzipped(self) -> bool:
        """Whether the file itself is gzip."""
        return self._gunzip.is_gzipped

    def feed(self, octets: bytes) -> list[Entry]:
        """Read the next bytes: any number, content codings undone.

        Raises:
            PermanentError: ``not-a-sitemap`` or ``decompression-bomb``.
        """
        if len(self._received) + len(octets) < _COALESCED:
            self._received += octets
            return []
        together, self._received = bytes(self._received) + octets, bytearray()
        return self._read(self._gunzip.feed(together))

    def close(self) -> list[Entry]:
        """Say that the file has ended.

        Raises:
            PermanentError: As `feed`.
        """
        entries = self._read(self._gunzip.feed(bytes(self._received)))
        entries += self._read(self._gunzip.close())
        entries += self._clean(self._parse(self._to_utf8.close()))
        if self._head is not None:
            entries += self._clean(self._begin(self._head, final=True))
        entries += self._clean(self._end())
        if self._gunzip.damage:
            self._repair(self._gunzip.damage)
        if self._gunzip.has_tail:
            self._warn("something follows the end of the gzip file, and is ignored")
        if self._collector.too_long:
            self._warn(f"{self._collector.too_long:,} elements have texts that are too long")
        if self._more_warnings:
            self.warnings.append(f"{self._more_warnings:,} more warnings")
        return entries

    def _read(self, pieces: Iterable[bytes]) -> list[Entry]:
        entries: list[Entry] = []
        for piece in pieces:
            if self.is_exhausted:
                break
            allowed = piece[: self._max_bytes - self.decoded_bytes]
            self.decoded_bytes += len(allowed)
            found = self._clean(self._parse(self._to_utf8.feed(allowed)))
            entries += found
            self._barren = 0 if found else self._barren + len(allowed)
            if len(allowed) < len(piece):
                self._exhaust(f"only the first {self._max_bytes:,} bytes were read")
            elif self._barren > LONGEST_BARREN:
                self._exhaust(f"no entry in {LONGEST_BARREN:,} bytes: the rest was not read")
        return entries

    def _parse(self, octets: bytes) -> list[RawEntry]:
        if self._head is not None:
            return self._begin(self._head + octets, final=False)
        if isinstance(self._reader, StrictXml):
            fault = self._reader.feed(octets)
            return self._go_on(fault) if fault else self._taken()
        if isinstance(self._reader, TextLines):
            return self._reader.feed(self._decoder.decode(octets))
        if self._reader is not None:
            self._reader.feed(self._decoder.decode(octets))
        return self._taken()

    def _begin(self, head: bytes, *, final: bool) -> list[RawEntry]:
        if final and not head and self._gunzip.damage:
            raise PermanentError("not-a-sitemap", f"{self._name}: {self._gunzip.damage}, and nothing of it can be read")
        nature = sniff(head, self._name, final=final)
        if nature is None:
            self._head = head
            return []
        self._head = None
        self._skipped = (nature.start, head.count(b"\n", 0, nature.start))
        if nature.noise:
            (self._repair if nature.is_broken else self._warn)(nature.noise)
        self._reader = TextLines(self._base, self._warn) if nature.is_text else StrictXml(self._collector)
        return self._parse(head[nature.start :])

    def _go_on(self, fault: Fault) -> list[RawEntry]:
        """Read on tolerantly from the last complete entry."""
        skipped, lines = self._skipped
        report = self._repair if fault.is_broken else self._warn
        report(f"line {fault.line + lines:,}, byte {fault.offset + skipped:,}: {fault.reason}")
        self._reader = TolerantXml(self._collector)
        self._reader.feed(self._decoder.decode(fault.rest))
        return self._taken()

    def _end(self) -> list[RawEntry]:
        entries: list[RawEntry] = []
        if isinstance(self._reader, StrictXml):
            fault = self._reader.close()
            entries = self._taken() if fault is None else self._go_on(fault)
        rest = self._decoder.decode(b"", final=True)
        if isinstance(self._reader, TextLines):
            return self._reader.feed(rest) + self._reader.close()
        if isinstance(self._reader, TolerantXml):
            self._reader.feed(rest)
            self._reader.close()
        return entries + self._taken()

    def _taken(self) -> list[RawEntry]:
        entries = self._collector.entries[:]
        self._collector.entries.clear()
        return entries

    def _clean(self, raw: list[RawEntry]) -> list[Entry]:
        if self._collector.base is not None:
            self._cleaner.rebase(self._collector.base)
            self._collector.base = None
        return self._cleaner.clean(raw) if raw else []

    def _exhaust(self, why: str) -> None:
        self.is_exhausted = True
        self._repair(why)

    def _repair(self, what: str) -> None:
        self.repaired = True
        self._warn(what)

    def _warn(self, what: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(what)
        else:
            self._more_warnings += 1
