"""The way of broken XML: a linear scanner of our own that goes on after every fault.

It knows tags, comments, CDATA, character and entity references, and nothing of nesting: what the tags mean is the
collector's business. It holds at most one unfinished tag; what never ends is passed over as it comes.
"""

import re
from html.entities import html5

from scrapersky.sitemaps.collect import Collector

LONGEST_TAG = 64 * 1024
"""Characters held of a tag that has not ended."""
LONGEST_REFERENCE = 40

_NAME = r"[A-Za-z_:][\w:.\-]*+"
# Not from within a name: a long one without a value would be tried at each of its characters.
_ATTRIBUTE = re.compile(rf"(?<![\w:.\-])({_NAME})\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]*+))")
_TAG = re.compile(rf"<(/?)\s*+({_NAME})((?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+)>")
# A tag that another begins before the end of, or with a quotation mark too many.
_BROKEN_TAG = re.compile(rf"<(/?)\s*+({_NAME})([^<>]*+)>?")
_MARKUP = re.compile(r"<(?=[A-Za-z_:/!?]|\Z)")
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{1,31}));")
_ENTITY_DECLARATION = re.compile(r"<!ENTITY\s+(\w{1,31})\s")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*+(?:\[[^\]]*+\]\s*+)?>", re.IGNORECASE)
_NOT_A_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Where a CDATA section ends, or should have: no URL and no date has such an end tag in it.
_END_OF_CDATA = re.compile(r"\]\]>|(?=</(?:loc|lastmod|link|guid|url|sitemap|item|entry)\s*>)", re.IGNORECASE)
_COMMENT, _CDATA, _DECLARATION = "<!--", "<![CDATA[", "<!DOCTYPE"
_NEEDS_MORE = -1


class TolerantXml:
    """Reads XML of any quality into a collector.

    Args:
        collector: Receives tags and text; the entry that it has open is forgotten.
    """

    def __init__(self, collector: Collector) -> None:
        collector.reset()
        self._collector = collector
        self._rest = ""
        self._until: str | None = None
        self._is_in_cdata = False
        self._declared: set[str] = set()

    def feed(self, text: str) -> None:
        """Read the next characters."""
        content, at = _NOT_A_CHARACTER.sub("", self._rest + text), 0
        while at < len(content):
            after = self._read(content, at)
            if after == _NEEDS_MORE:
                break
            at = after
        self._rest = content[at:]
        self._collector.trim()

    def close(self) -> None:
        """Say that the file has ended."""
        is_in_markup = self._until is not None or (self._rest.startswith("<") and not self._is_in_cdata)
        if not is_in_markup:
            self._collector.chars.append(self._rest)
        self._collector.finish(in_markup=is_in_markup)

    def _read(self, content: str, at: int) -> int:
        if self._until is not None:
            return self._pass_over(content, at, self._until)
        if self._is_in_cdata:
            return self._read_cdata(content, at)
        if content[at] != "<":
            return self._read_text(content, at)
        read = self._read_declaration if content.startswith(("<!", "<?"), at) else self._read_tag
        return read(content, at)

    def _pass_over(self, content: str, at: int, end: str) -> int:
        found = content.find(end, at)
        if found < 0:
            return max(at + 1, len(content) - len(end) + 1) if len(content) - at >= len(end) else _NEEDS_MORE
        self._until = None
        return found + len(end)

    def _read_cdata(self, content: str, at: int) -> int:
        end = _END_OF_CDATA.search(content, at)
        if end is not None:
            self._is_in_cdata = False
            self._collector.chars.append(content[at : end.start()])
            return end.end()
        safe = len(content) - LONGEST_REFERENCE
        if safe <= at:
            return _NEEDS_MORE
        self._collector.chars.append(content[at:safe])
        return safe

    def _read_text(self, content: str, at: int) -> int:
        end = content.find("<", at)
        if end < 0:
            end = len(content)
            reference = content.rfind("&", max(at, end - LONGEST_REFERENCE))
            if reference >= 0 and ";" not in content[reference:]:
                end = reference
            if end == at:
                return _NEEDS_MORE
        self._collector.chars.append(self._resolved(content[at:end]))
        return end

    def _read_declaration(self, content: str, at: int) -> int:
        if len(content) - at < len(_CDATA) and ">" not in content[at:]:
            return _NEEDS_MORE
        if content.startswith(_COMMENT, at):
            self._until = "-->"
            return at + len("<!")
        if content.startswith(_CDATA, at):
            self._is_in_cdata = True
            return at + len(_CDATA)
        if content[at : at + len(_DECLARATION)].upper() == _DECLARATION:
            if whole := _DOCTYPE.match(content, at):
                self._declared.update(_ENTITY_DECLARATION.findall(whole.group()))
                return whole.end()
            if len(content) - at < LONGEST_TAG:
                return _NEEDS_MORE
        self._until = ">"
        return at + len("<!")

    def _read_tag(self, content: str, at: int) -> int:
        tag = _TAG.match(content, at)
        if tag is None:
            following = content.find("<", at + 1)
            if following < 0 and len(content) - at < LONGEST_TAG:
                return _NEEDS_MORE
            tag = _BROKEN_TAG.match(content, at)
        if tag is None:
            # Less than, not the beginning of a tag.
            markup = _MARKUP.search(content, at + 1)
            self._collector.chars.append(content[at : markup.start() if markup else len(content)])
            return markup.start() if markup else len(content)
        closing, name, inside = tag.groups()
        if closing:
            self._collector.end(name)
            return tag.end()
        self._collector.start(name, self._attributes(inside))
        if inside.endswith("/"):
            self._collector.end(name)
        return tag.end()

    def _attributes(self, text: str) -> list[str]:
        found: list[str] = []
        for name, *values in _ATTRIBUTE.findall(text):
            found += (name, self._resolved("".join(values)))
        return found

    def _resolved(self, text: str) -> str:
        return _REFERENCE.sub(self._character, text) if "&" in text else text

    def _character(self, reference: re.Match[str]) -> str:
        decimal, hexadecimal, name = reference.groups()
        if name is None:
            code = int(decimal) if decimal else int(hexadecimal, 16)
            return _NOT_A_CHARACTER.sub("", chr(code)) if 0 < code < 0x110000 else ""  # noqa: PLR2004
        # An entity that the file declares is never expanded; what nobody declares was never meant as one.
        return "" if name in self._declared else html5.get(name + ";", reference.group())
