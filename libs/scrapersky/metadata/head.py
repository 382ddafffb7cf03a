"""What a page's head says of it: title, description, canonical URL, and the rest that goes to ``meta_json``."""

import re

from scrapersky.metadata.document import Document, text_of
from scrapersky.metadata.items import Graph
from scrapersky.metadata.text import clean, unique

MAX_TITLE = 1000
MAX_DESCRIPTION = 5000
_FOREIGN = frozenset({"svg", "symbol", "g", "path", "math"})
_LINK_HEADER = re.compile(r"<([^>]*)>\s*;[^,]*?\brel\s*=\s*\"?([^\",;]*)", re.IGNORECASE)
_NAMED = {
    "generator": ("generator",),
    "robots": ("robots",),
    "keywords": ("keywords",),
    "author": ("author",),
    "theme_color": ("theme-color",),
    "site_name": ("og:site_name", "application-name", "apple-mobile-web-app-title"),
    "geo_region": ("geo.region",),
    "geo_placename": ("geo.placename",),
    "geo_position": ("geo.position", "icbm"),
}
_FEEDS = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})


def title(document: Document, graph: Graph) -> str | None:
    """The page's ``<title>``, not one inside an SVG; else what it calls itself for sharing, else its first heading."""
    for element in document.root.iter("title"):
        parent = element.getparent()
        if (parent is None or parent.tag not in _FOREIGN) and (text := clean("".join(element.itertext()), MAX_TITLE)):
            return text
    shared = document.meta("og:title", "twitter:title", "dc.title", "title")
    return clean(shared, MAX_TITLE) or _site_name(graph) or heading(document)


def description(document: Document, graph: Graph) -> str | None:
    """The meta description, else what the page says of itself for sharing, else in schema.org's words."""
    written = document.meta(
        "description", "og:description", "twitter:description", "dc.description", "dcterms.description"
    )
    sites = (item for item in graph.all if item.types and item.types[0] in {"WebSite", "Organization", "LocalBusiness"})
    return written or clean(next(filter(None, (site.text("description") for site in sites)), None), MAX_DESCRIPTION)


def canonical(document: Document) -> str | None:
    """The canonical URL by ``<link>`` or by the Link header."""
    for link in document.links:
        if "canonical" in link.rel:
            return link.url
    for target, rel in _LINK_HEADER.findall(document.headers.get("link", "")[:10_000]):
        if "canonical" in rel.lower().split():
            return document.absolute(target)
    return None


def heading(document: Document) -> str | None:
    """The first ``<h1>`` that has text."""
    return next(filter(None, (text_of(element) for element in document.root.iter("h1"))), None)


def facts(document: Document) -> dict[str, object]:
    """The head's other facts for ``meta_json``; only those that the page has.

    Keys: ``canonical``, ``h1``, ``generator``, ``robots``, ``keywords``, ``author``, ``theme_color``,
    ``site_name``, ``geo_…``, ``open_graph`` and ``twitter`` (name without prefix to content), ``hreflang`` (language
    to URL), ``feeds``, ``manifest``, ``amp``.
    """
    found: dict[str, object | None] = {"canonical": canonical(document), "h1": heading(document)}
    found |= {key: clean(document.meta(*names), 1000) for key, names in _NAMED.items()}
    found["open_graph"] = _prefixed(document, "og:")
    found["twitter"] = _prefixed(document, "twitter:")
    alternates = [link for link in document.links if "alternate" in link.rel]
    languages = [(clean(link.attributes.get("hreflang"), 20), link.url) for link in alternates]
    found["hreflang"] = dict([(language, url) for language, url in languages if language][:50])
    feeds = [link.url for link in alternates if link.attributes.get("type", "").strip().lower() in _FEEDS]
    found["feeds"] = unique(feeds, 10)
    found["manifest"] = next((link.url for link in document.links if "manifest" in link.rel), None)
    found["amp"] = next((link.url for link in document.links if "amphtml" in link.rel), None)
    return {key: value for key, value in found.items() if value}


def _prefixed(document: Document, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, content in document.metas:
        if name.startswith(prefix) and len(name) < 50 and len(found) < 30:  # noqa: PLR2004
            found.setdefault(name[len(prefix) :], content[:1000])
    return found


def _site_name(graph: Graph) -> str | None:
    return next(filter(None, (item.text("name") for item in graph.all if "WebSite" in item.types)), None)
