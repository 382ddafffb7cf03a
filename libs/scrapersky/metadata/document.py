"""A page, decoded and parsed once, and the views of it that the extractors share."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from scrapersky.errors import InputError
from scrapersky.metadata.text import MAX_URL, clean, words
from scrapersky.web.html import decode, parse
from scrapersky.web.urls import normalise

EDGE = "\ufdd0"
"""Stands in `Document.edged_text` where an inline element begins or ends."""

_SKIPPED = frozenset({"script", "style", "template", "option", "head"})
_INLINE = words(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span strike
    strong sub sup time tt u var"""
)
_EDGES: dict[object, str] = {**dict.fromkeys(_INLINE, EDGE), "wbr": ""}
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_REVERSED = re.compile(r"bidi-override", re.IGNORECASE)


@dataclass(frozen=True)
class Page:
    """One fetched page.

    Attributes:
        url: Where it was found, after redirects; what relative links resolve against.
        body: Its bytes, content codings undone.
        headers: Of its response; may be empty.
    """

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """A ``<link>`` element: its ``rel`` words in lower case, where it leads, and its attributes."""

    rel: frozenset[str]
    url: str
    attributes: Mapping[str, str]


class Document:
    """A parsed page. Everything is read lazily and at most once."""

    def __init__(self, page: Page) -> None:
        self.url = page.url
        self.headers = {name.lower(): value for name, value in page.headers.items()}
        named = _CHARSET.search(self.headers.get("content-type", ""))
        self.source = decode(page.body, named.group(1) if named else None)
        self.root = parse(self.source, page.url)

    @cached_property
    def base(self) -> str:
        """What relative URLs resolve against: the first ``<base href>``, or the page's own URL."""
        for element in self.root.iter("base"):
            if (href := element.get("href")) and (base := _absolute(href, self.url)):
                return base
        return self.url

    def absolute(self, href: str | None) -> str | None:
        """The normalised http(s) URL that ``href`` leads to; None for other schemes and for what is no URL."""
        return _absolute(href, self.base) if href else None

    @cached_property
    def metas(self) -> list[tuple[str, str]]:
        """Name (``name``, ``property``, ``http-equiv`` or ``itemprop``; lower case) and content of every ``<meta>``."""
        found = []
        for element in self.root.iter("meta"):
            content = clean(element.get("content"), 5000)
            names = (element.get(key) for key in ("name", "property", "http-equiv", "itemprop"))
            found += [(name.strip().lower(), content) for name in names if name and content]
        return found

    def meta(self, *names: str) -> str | None:
        """Content of the first ``<meta>`` of the first of ``names`` that the page has."""
        for wanted in names:
            for name, content in self.metas:
                if name == wanted:
                    return content
        return None

    @cached_property
    def links(self) -> list[Link]:
        """Every ``<link>`` that has ``rel`` and leads somewhere."""
        found = []
        for element in self.root.iter("link"):
            rel = frozenset((element.get("rel") or "").lower().split())
            if rel and (url := self.absolute(element.get("href"))):
                found.append(Link(rel, url, {str(key): str(value) for key, value in element.attrib.items()}))
        return found

    @cached_property
    def anchors(self) -> "dict[str, etree._Element]":
        """Every different ``href`` of ``<a>`` and ``<area>`` as written, with the first element that has it."""
        found: dict[str, etree._Element] = {}
        for element in self.root.iter("a", "area"):
            if href := element.get("href"):
                found.setdefault(href.strip(), element)
        return found

    @cached_property
    def edged_text(self) -> str:
        """The text that a reader sees, a line for each block, with `EDGE` at the borders of inline elements."""
        return _tidy(INVISIBLE.sub("", "".join(_texts(self.root))))

    @cached_property
    def text(self) -> str:
        """The text that a reader sees, a line for each block."""
        return _tidy(self.edged_text.replace(EDGE, " "))


def text_of(element: "etree._Element", limit: int = 500) -> str | None:
    """The visible text of one element, on one line."""
    parts: list[str] = []
    length = 0
    for part in _texts(element):
        parts.append(part.replace(EDGE, ""))
        length += len(part)
        if length > limit * 4:
            break
    return clean("".join(parts), limit)


def _tidy(text: str) -> str:
    # Splitting and joining takes a third of the time of a pattern.
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def _absolute(href: str, base: str) -> str | None:
    href = href.strip()
    if len(href) > MAX_URL or (_SCHEME.match(href) and not href.lower().startswith(("http:", "https:"))):
        return None
    try:
        url = normalise(href, base)
    except InputError:
        return None
    return url if len(url) <= MAX_URL else None


def _texts(root: "etree._Element") -> Iterator[str]:
    walk = etree.iterwalk(root, events=("start", "end", "comment"))
    for event, element in walk:
        if event == "comment":
            yield element.tail or ""
            continue
        tag = element.tag
        yield _EDGES.get(tag, "\n")
        if event == "end":
            if element is not root and (tail := element.tail):
                yield tail
        elif tag in _SKIPPED:
            walk.skip_subtree()
        elif tag in _INLINE and (style := element.get("style")) and (instead := _disguised(element, style)) is not None:
            walk.skip_subtree()
            yield instead
        elif text := element.text:
            yield text


def _disguised(element: "etree._Element", style: str) -> str | None:
    # Two classic ways to keep e-mail addresses from robots: a hidden word inside, and text written backwards.
    if _HIDDEN.search(style):
        return ""
    return "".join(str(part) for part in element.itertext())[::-1] if _REVERSED.search(style) else None
