"""What the names of elements mean in sitemaps (sitemaps.org), RSS 2.0 and 1.0, and Atom 1.0 and 0.3.

Namespaces are often wrong, so names are judged by their local part, and prefixes only by whether they are someone
else's: the ``loc`` of ``image:loc`` is not the sitemap's own.
"""

from typing import Literal, NamedTuple

Kind = Literal["urlset", "index", "text", "rss", "atom"]

ROOTS: dict[str, Kind] = {
    "urlset": "urlset",
    "url": "urlset",
    "sitemapindex": "index",
    "sitemap": "index",
    "rss": "rss",
    "rdf": "rss",
    "feed": "atom",
}
"""Local names of the elements that make a file a sitemap; `url` and `sitemap` where the true root got lost."""

LOC = "loc"
LINK = "link"
IDENTITY = "guid"
DATES = ("lastmod", "updated", "modified", "pubdate", "published", "issued", "date", "created")
"""Names of dates, the one that tells most of a page's last change first."""
CHANGEFREQ = "changefreq"
PRIORITY = "priority"

URL_ENTRY = "<url>"
SITEMAP_ENTRY = "<sitemap>"
BOUNDARY = "<root>"
UNKNOWN = ""

_SITEMAP_NAMES = {"url": URL_ENTRY, "sitemap": SITEMAP_ENTRY, "urlset": BOUNDARY, "sitemapindex": BOUNDARY}
_SITEMAP_NAMES |= {name: name for name in (LOC, "lastmod", CHANGEFREQ, PRIORITY)}
_FEED_NAMES = {"item": URL_ENTRY, "entry": URL_ENTRY, "rss": BOUNDARY, "rdf": BOUNDARY, "feed": BOUNDARY}
_FEED_NAMES |= {LINK: LINK, "guid": IDENTITY, "id": IDENTITY} | {name: name for name in DATES[1:]}
_OWN_NAMESPACES = (
    "sitemaps.org/",
    "google.com/schemas/sitemap/",
    "w3.org/2005/atom",
    "purl.org/atom/",
    "purl.org/rss/",
)
_EXTENSIONS = {"sitemap-image": "image", "sitemap-video": "video", "sitemap-news": "news"}


class Name(NamedTuple):
    """A qualified name in lower case, ``prefix`` empty where it has none."""

    prefix: str
    local: str


def split(qualified: str) -> Name:
    """Split a name at its colon."""
    prefix, _, local = qualified.lower().rpartition(":")
    return Name(prefix, local)


class Vocabulary(dict[str, str]):
    """Qualified names as a file spells them to their meaning; filled as names are met.

    Args:
        root: Name of the file's root element.
    """

    def __init__(self, root: str) -> None:
        super().__init__()
        self.kind = ROOTS[split(root).local]
        self.is_feed = self.kind in {"rss", "atom"}
        self._names = _FEED_NAMES if self.is_feed else _SITEMAP_NAMES
        self._root_prefix = split(root).prefix
        self.has_plain_urls = split(root) == ("", "urlset")
        self._namespaces: dict[str, str] = {}

    def bind(self, attributes: list[str]) -> None:
        """Take note of the namespaces that an element declares.

        Args:
            attributes: Names and values in turn.
        """
        for name, namespace in zip(attributes[::2], attributes[1::2], strict=True):
            declared, _, prefix = name.lower().partition(":")
            if declared == "xmlns" and self._namespaces.get(prefix) != namespace.lower():
                self._namespaces[prefix] = namespace.lower()
                self.clear()

    def __missing__(self, qualified: str) -> str:
        name = split(qualified)
        meaning = self._names.get(name.local, UNKNOWN) if self._is_ours(name) else UNKNOWN
        self[qualified] = meaning
        return meaning

    def _is_ours(self, name: Name) -> bool:
        if name.prefix == self._root_prefix or (self.is_feed and name.local in DATES):
            return True
        namespace = self._namespaces.get(name.prefix, "")
        if any(own in namespace for own in _OWN_NAMESPACES):
            return True
        return not name.prefix and not namespace

    def extensions(self) -> set[str]:
        """Which of image, video and news the names met so far belong to."""
        met = {split(qualified).prefix for qualified in self}
        return {
            extension
            for prefix in met
            for mark, extension in _EXTENSIONS.items()
            if mark in self._namespaces.get(prefix, "") or prefix == extension
        }
