"""A site's icon: every form of ``<link rel>``, the web app manifest, and Windows' tile."""

import json
import re

from scrapersky.errors import InputError
from scrapersky.metadata.document import Document
from scrapersky.metadata.text import MAX_URL
from scrapersky.web.urls import normalise

MAX_ICONS = 20
TAB_PIXELS = 32
"""What a tab shows on a usual screen; the icon nearest to it from above is the favicon."""

_SIZE = re.compile(r"(\d{1,4})x(\d{1,4})", re.IGNORECASE)
_RELS = ("icon", "apple-touch-icon", "apple-touch-icon-precomposed", "fluid-icon", "mask-icon")
_ANY_SIZE = 10_000


def icons(document: Document) -> list[dict[str, str]]:
    """Every declared icon, the favicon first: ``url``, ``rel``, and ``sizes`` where given.

    A plain icon comes before Apple's, those before masks and tiles; within a kind the one that a tab would show comes
    first: of 32 pixels, or the next larger, or the largest.
    """
    found = []
    for link in document.links:
        rel = next((name for name in _RELS if name in link.rel), None)
        if rel:
            sizes = link.attributes.get("sizes", "").strip().lower()[:50]
            is_for_dark = "dark" in link.attributes.get("media", "")
            found.append(
                (_RELS.index(rel), _distance(sizes) + is_for_dark, {"url": link.url, "rel": rel, "sizes": sizes})
            )
    tile = document.absolute(document.meta("msapplication-tileimage"))
    if tile:
        found.append((len(_RELS), 0, {"url": tile, "rel": "msapplication-TileImage", "sizes": ""}))
    found.sort(key=lambda icon: icon[:2])
    by_url = {icon["url"]: icon for _, _, icon in reversed(found)}
    ordered = dict.fromkeys(icon["url"] for _, _, icon in found)
    return [{key: value for key, value in by_url[url].items() if value} for url in ordered][:MAX_ICONS]


def from_manifest(body: bytes, url: str) -> str | None:
    """The icon of a web app manifest (W3C Web Application Manifest, ``icons``) that a tab would show, or None."""
    try:
        manifest = json.loads(body)
    except (ValueError, RecursionError):
        return None
    entries = manifest.get("icons") if isinstance(manifest, dict) else None
    found = []
    for entry in entries if isinstance(entries, list) else []:
        source = entry.get("src") if isinstance(entry, dict) else None
        if not (isinstance(source, str) and len(source) <= MAX_URL and source) or source.startswith("data:"):
            continue
        try:
            found.append((_distance(str(entry.get("sizes", ""))), normalise(source, url)))
        except InputError:
            continue
    return min(found, default=(0, None))[1]


def _distance(sizes: str) -> int:
    # Icons without a size are as good as one of 32 pixels: they are what a site has for the tab.
    found = [int(width) for width, _ in _SIZE.findall(sizes)]
    if not found:
        return 0
    return min(size - TAB_PIXELS if size >= TAB_PIXELS else _ANY_SIZE - size for size in found)
