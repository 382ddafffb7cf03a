"""Where a page's technology shows: assets, scripts, classes, comments, metas, headers, each as one text to search."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from lxml import etree

from scrapersky.metadata.document import Document
from scrapersky.metadata.text import clean
from scrapersky.web.urls import same_site

MAX_BYTES = 2_000_000
MAX_ASSETS = 3000
_ABSOLUTE = re.compile(r"(?:https?:)?//", re.IGNORECASE)


@dataclass(frozen=True)
class Evidence:
    """That a technology is in use: its version where the page tells, and what told so."""

    version: str | None
    text: str

    def entry(self, category: str) -> dict[str, str | None]:
        """Its entry in ``tech_stack``."""
        return {"version": self.version, "category": category, "evidence": clean(self.text, 200)}


class Traces:
    """A page's technology traces. Texts of several parts have one part on each line and begin with a line break."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.url = document.url
        self.html = document.source[:MAX_BYTES]
        self.generators = [content for name, content in document.metas if name == "generator"]

    @cached_property
    def assets(self) -> str:
        """URLs of scripts, links, images and frames, as written; of the site's own images only where they lie."""
        elements = self._document.root.iter("script", "link", "img", "iframe", "source")
        return _lines(dict.fromkeys(islice(filter(None, map(self._asset, elements)), MAX_ASSETS)))

    @cached_property
    def links(self) -> str:
        """Where the page's links lead, as written."""
        return _lines(href[:1000] for href in islice(self._document.anchors, MAX_ASSETS))

    @cached_property
    def scripts(self) -> str:
        """Inline scripts."""
        return _lines(script.text for script in self._document.root.iter("script") if script.text)

    @cached_property
    def classes(self) -> str:
        """Values of ``class`` and ``id`` attributes."""
        found = self._document.root.xpath("//@class | //@id", smart_strings=False)
        return _lines(str(value)[:2000] for value in found) if isinstance(found, list) else "\n"

    @cached_property
    def comments(self) -> str:
        """Comments."""
        return _lines(str(comment.text)[:500] for comment in islice(self._document.root.iter(etree.Comment), 500))

    @cached_property
    def metas(self) -> str:
        """``name=content`` of every ``<meta>``."""
        return _lines(f"{name}={content[:500]}" for name, content in self._document.metas)

    @cached_property
    def headers(self) -> str:
        """``name: value`` of every response header, names in lower case."""
        return _lines(f"{name}: {value[:2000]}" for name, value in self._document.headers.items())

    def _asset(self, element: "etree._Element") -> str | None:
        url = element.get("href") if element.tag == "link" else element.get("src")
        if url and element.tag == "img" and "?" not in url and self.is_own(url):
            return url[: url.rfind("/", 0, 1000) + 1]
        return url and url[:1000]

    def is_own(self, url: str) -> bool:
        """Whether an asset is served from the page's own site."""
        return not _ABSOLUTE.match(url) or same_site(f"https:{url}" if url.startswith("//") else url, self.url)


def _lines(parts: Iterable[str]) -> str:
    return "\n" + "\n".join(parts)[:MAX_BYTES]
