"""Sitemaps and feeds that a home page declares in ``<link>`` elements."""

import re
from collections.abc import Iterator

from scrapersky.errors import InputError
from scrapersky.web.html import decode, parse
from scrapersky.web.urls import normalise

_SITEMAP_FILE = re.compile(r"sitemap[^/?]*\.xml(?:\.gz)?$", re.IGNORECASE)
FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})


def declared_sitemaps(body: bytes, url: str) -> list[str]:
    """URLs of ``<link rel="sitemap">``, and of anchors to what is called a sitemap and is XML; normalised.

    Args:
        body: The page.
        url: Where it is from.
    """
    linked = [href for rel, _, href in _links(body, url, "link") if "sitemap" in rel]
    return linked + [href for _, _, href in _links(body, url, "a") if _SITEMAP_FILE.search(href)]


def declared_feeds(body: bytes, url: str) -> list[str]:
    """URLs of ``<link rel="alternate">`` that are RSS or Atom feeds; as `declared_sitemaps`."""
    return [href for rel, kind, href in _links(body, url, "link") if "alternate" in rel and kind in FEED_TYPES]


def _links(body: bytes, url: str, element: str) -> Iterator[tuple[list[str], str, str]]:
    if not body:
        return
    for link in parse(decode(body, None), url).iterfind(f".//{element}"):
        try:
            href = normalise(link.get("href") or "", url)
        except InputError:
            continue
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        yield (link.get("rel") or "").lower().split(), kind, href
