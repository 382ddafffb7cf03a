"""The way of well-formed XML: expat, pushed, with bounds on everything that a file could make grow.

At the first fault it stops and says where, and hands back the bytes since the last complete entry: from there the
tolerant reader goes on. A document type declaration stops it too, so that no entity is ever declared, expanded or
fetched (CWE-611, CWE-776).
"""

from collections import deque
from dataclasses import dataclass
from xml.parsers import expat

from scrapersky.sitemaps import lane
from scrapersky.sitemaps.collect import MOST_NAMES, Collector

PIECE_BYTES = 64 * 1024
LONGEST_TOKEN = 1024 * 1024
"""Bytes of one tag or comment that expat may hold; it scans them again with every piece."""
LONGEST_ENTRY = 4 * 1024 * 1024
"""Bytes kept for the tolerant reader; of an entry that is longer, only its end."""
DEEPEST = 50_000
"""Elements that are not the sitemap's own, within one entry."""
MOST_MISSES = 100


@dataclass(frozen=True)
class Fault:
    """Where well-formedness ended.

    Attributes:
        reason: In a few words.
        line: From 1.
        offset: In bytes, from 0, of what was fed.
        rest: What to read again: all that was fed since the last complete entry.
        is_broken: Not well-formed; otherwise only not for this parser.
    """

    reason: str
    line: int
    offset: int
    rest: bytes
    is_broken: bool


class _RefusedError(Exception):
    """Well-formed perhaps, but not for this parser."""


class StrictXml:
    """Reads XML in UTF-8 into a collector.

    Args:
        collector: Receives tags and text.
    """

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        collector.at_entry_end = self._remember
        self._kept: deque[tuple[int, bytes]] = deque()
        self._fed = 0
        self._mark = 0
        self._is_in_cdata = False
        self._waiting = b""
        self._taken_bytes = 0
        self._taken_lines = 0
        self._misses = 0
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartElementHandler = collector.start
        parser.EndElementHandler = collector.end
        parser.CharacterDataHandler = collector.chars.append
        parser.StartCdataSectionHandler = lambda: self._in_cdata(now=True)
        parser.EndCdataSectionHandler = lambda: self._in_cdata(now=False)
        parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, octets: bytes) -> Fault | None:
        """Parse the next bytes; returns the fault if there is one."""
        content, at = self._waiting + octets, 0
        characters = content.decode("latin-1")
        self._waiting = b""
        while at < len(content):
            if self._is_lane_open():
                at = self._take(content, characters, at)
                if self._may_go_on(content, at):
                    self._waiting = content[at:]
                    return None
            end = at + PIECE_BYTES
            if self._misses < MOST_MISSES and (tag := content.find(lane.END_TAG, at, end)) >= 0:
                end = tag + len(lane.END_TAG)
            error = self._parse(content[at:end])
            if error is not None:
                self._kept.append((self._fed, content[end:]))
                return self._fault(error)
            at = end
        return None

    def close(self) -> Fault | None:
        """Say that the file has ended; returns the fault if it ended too early."""
        error = (self._parse(self._waiting) if self._waiting else None) or self._parse(b"", final=True)
        return self._fault(error) if error else None

    def _is_lane_open(self) -> bool:
        return (
            self._misses < MOST_MISSES
            and self._collector.is_between_urls
            and not self._is_in_cdata
            and self._parser.CurrentByteIndex == self._fed
        )

    def _take(self, content: bytes, characters: str, at: int) -> int:
        end = lane.take(characters, at, self._collector.entries)
        self._misses = 0 if end > at else self._misses + 1
        self._taken_bytes += end - at
        self._taken_lines += content.count(b"\n", at, end)
        if content.find(lane.IMAGE_TAG, at, end) >= 0:
            self._collector.meet("image:image")
        return end

    def _may_go_on(self, content: bytes, at: int) -> bool:
        """Whether an element begins that the next bytes may complete."""
        rest = content[at : at + PIECE_BYTES + 1].lstrip()
        is_begun = rest.startswith(lane.START_TAG) or lane.START_TAG.startswith(rest)
        return is_begun and len(rest) < PIECE_BYTES and lane.END_TAG not in rest

    def _parse(self, piece: bytes, *, final: bool = False) -> Exception | None:
        self._kept.append((self._fed, piece))
        self._fed += len(piece)
        try:
            self._parser.Parse(piece, final)
            self._check_bounds()
        except (expat.ExpatError, _RefusedError) as error:
            return error
        while self._kept and (self._ends(0) <= self._mark or self._fed - self._ends(0) > LONGEST_ENTRY):
            self._kept.popleft()
        self._collector.trim()
        return None

    def _check_bounds(self) -> None:
        if self._fed - self._parser.CurrentByteIndex > LONGEST_TOKEN:
            raise _RefusedError("a tag or comment of more than 1 MiB")
        if self._collector.ignored > DEEPEST:
            raise _RefusedError("too many elements that are not a sitemap's")
        if len(self._parser.intern) > MOST_NAMES:
            raise _RefusedError("too many different names")

    def _ends(self, index: int) -> int:
        start, piece = self._kept[index]
        return start + len(piece)

    def _remember(self) -> None:
        self._mark = self._parser.CurrentByteIndex

    def _in_cdata(self, *, now: bool) -> None:
        self._is_in_cdata = now

    def _fault(self, error: Exception) -> Fault:
        self._collector.at_entry_end = None
        return Fault(
            expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else str(error),
            self._parser.ErrorLineNumber + self._taken_lines,
            self._parser.ErrorByteIndex + self._taken_bytes,
            b"".join(piece[max(0, self._mark - start) :] for start, piece in self._kept),
            isinstance(error, expat.ExpatError),
        )


def _refuse_doctype(*_: object) -> None:
    raise _RefusedError("a document type declaration, which is not read")
