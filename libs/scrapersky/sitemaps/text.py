"""Text sitemaps: one URL a line (https://www.sitemaps.org/protocol.html#otherformats)."""

import re
from collections.abc import Callable

from scrapersky.sitemaps.collect import RawEntry
from scrapersky.sitemaps.entries import looks_like_url
from scrapersky.sitemaps.vocabulary import LOC, URL_ENTRY

LONGEST_LINE = 16 * 1024
"""Characters; a longer line is passed over as it comes."""

# A carriage return at the end may be the first half of a line's end.
_ENDS = re.compile(r"\r\n|\r(?!\Z)|\n")
_SEVERAL = re.compile(r"[\s,;]+(?=https?://)", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|\s)#.*")


class TextLines:
    """Push reader of lines.

    Args:
        base: What relative URLs are relative to.
        warn: Called with a sentence about lines that are no URLs.
    """

    def __init__(self, base: str | None, warn: Callable[[str], None]) -> None:
        self._base = base
        self._warn = warn
        self._rest = ""
        self._is_too_long = False
        self._line = 0

    def feed(self, text: str) -> list[RawEntry]:
        """Take the next characters; returns the URLs of the lines that are complete."""
        *lines, self._rest = _ENDS.split(self._rest + text)
        entries = self._read(lines)
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._is_too_long = "", True
        return entries

    def close(self) -> list[RawEntry]:
        """Say that the file has ended; returns the URL of its last line."""
        return self._read([self._rest])

    def _read(self, lines: list[str]) -> list[RawEntry]:
        entries: list[RawEntry] = []
        for line in lines:
            self._line += 1
            if self._is_too_long or len(line) > LONGEST_LINE:
                self._is_too_long = False
                self._warn(f"line {self._line:,}: longer than {LONGEST_LINE:,} characters")
                continue
            content = _COMMENT.sub("", line).strip()
            # Some files give more columns after the URL.
            found = [part.partition("\t")[0] for part in _SEVERAL.split(content)]
            urls = [url for url in found if looks_like_url(url, self._base)]
            if content and not urls:
                self._warn(f"line {self._line:,}: {line.strip()[:60]!r} is no URL")
            entries += [(URL_ENTRY, {LOC: url}) for url in urls]
        return entries
