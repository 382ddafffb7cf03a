"""A site's logo: what it says is its logo, else the image in its header that looks like one, else its sharing image."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from scrapersky.metadata.document import Document
from scrapersky.metadata.items import Graph, Item
from scrapersky.metadata.schema_org import is_organization
from scrapersky.web.urls import host_of

MAX_IMAGES = 2000
MAX_ABOVE = 8
EARLY_IMAGES = 40
"""The first of a page, of which what is around them may say that they are the logo; later ones must say so."""
ENOUGH = 4
"""Points that an image must have to be taken for the logo."""

_WORDS = ("logo", "brand", "wordmark")
_LOGO = re.compile(r"logo(?!ut)|brand(?:ing|mark)?\b|wordmark", re.IGNORECASE)
_FOREIGN = re.compile(
    r"partner|client|sponsor|customer|payment|visa|mastercard|paypal|award|member|certif|trust|review|testimonial"
    r"|association|affiliat|carousel|slider|swiper|marquee|as-seen|press|featured|google|facebook|yelp|social|\bbbb|homeadvisor|thumbtack|houzz|tripadvisor|accredit|badge|angie",
    re.IGNORECASE,
)
_TOP = re.compile(r"\b(?:site-)?(?:header|masthead|navbar|topbar|top-bar|nav)\b|header", re.IGNORECASE)
_BOTTOM = re.compile(r"footer", re.IGNORECASE)
# How links to the home page are written, without a slash at the end; the absolute ones beside them.
_HOMES = frozenset({"", ".", "/index.html", "index.html", "/index.php", "index.php", "/home"})
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original", "data-lazy", "data-srcset", "srcset")


def logo(document: Document, graph: Graph) -> str | None:
    """The URL of a site's logo, or None."""
    candidates = (
        _described(document, graph),
        document.absolute(document.meta("og:logo", "logo")),
        next((link.url for link in document.links if "logo" in link.rel), None),
        _pictured(document),
        document.absolute(document.meta("og:image:secure_url", "og:image", "og:image:url", "twitter:image")),
        next((link.url for link in document.links if "image_src" in link.rel), None),
    )
    return next(filter(None, candidates), None)


def _described(document: Document, graph: Graph) -> str | None:
    described = [item for item in graph.all if "logo" in item.properties]
    described.sort(key=lambda item: not is_organization(item))
    for item in described:
        urls = [*item.texts("logo"), *filter(None, map(_image_url, graph.follow(item, "logo")))]
        if found := next(filter(None, map(document.absolute, urls)), None):
            return found
    return None


def _image_url(image: Item) -> str | None:
    return image.text("url", "contentUrl") or image.id


def _pictured(document: Document) -> str | None:
    best: tuple[int, str | None] = (ENOUGH - 1, None)
    homes = _homes(document)
    for number, element in enumerate(islice(document.root.iter("img", "image"), MAX_IMAGES)):
        own = " ".join(map(str, element.values()))
        points = _points(own[:1000], element, homes, number)
        if points > best[0] and (url := _source(element, document)):
            best = (points, url)
    return best[1]


def _points(own: str, image: "etree._Element", homes: frozenset[str], number: int) -> int:
    above = list(islice(image.iterancestors(), 3)) if number < EARLY_IMAGES else []
    # An id is one element's, a class may be that of each in a row of clients; the first image is in no such row.
    is_within = any(_is_logo(_names(element)) for element in above)
    is_surely = _is_logo(own) or (
        is_within and (number == 0 or any(_is_logo(element.get("id") or "") for element in above))
    )
    named = 4 * is_surely or 3 * is_within
    leads_home = any((element.get("href") or "-").strip().rstrip("/") in homes for element in above)
    if not (named or leads_home):
        return 0
    above = list(islice(image.iterancestors(), MAX_ABOVE))
    near = [_names(element) for element in above]
    is_top = any(
        element.tag in {"header", "nav"} or _TOP.search(names) for element, names in zip(above, near, strict=True)
    )
    is_bottom = any(
        element.tag == "footer" or _BOTTOM.search(names) for element, names in zip(above, near, strict=True)
    )
    is_foreign = _FOREIGN.search(own) or any(_FOREIGN.search(names) for names in near[:5])
    return named + 3 * is_top + 3 * leads_home - 2 * is_bottom - 6 * bool(is_foreign)


def _is_logo(text: str) -> bool:
    # The words are looked for first: it is ten times cheaper than the pattern, and most images are no logos.
    return any(word in text.lower() for word in _WORDS) and bool(_LOGO.search(text))


def _names(element: "etree._Element") -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}"[:500]


def _homes(document: Document) -> frozenset[str]:
    host = host_of(document.url)
    hosts = {host, f"www.{host}", host.removeprefix("www.")}
    return _HOMES | {f"{scheme}//{name}" for name in hosts for scheme in ("https:", "http:", "")}


def _source(element: "etree._Element", document: Document) -> str | None:
    return next(filter(None, (document.absolute(source) for source in _sources(element))), None)


def _sources(element: "etree._Element") -> Iterator[str]:
    # Lazy loading leaves a placeholder (data:, blank.gif) in src and the image elsewhere.
    for name in sorted(_SOURCES, key=lambda key: key == "src" and element.get("data-src") is not None):
        value = (element.get(name) or "").strip()
        yield value.split(",")[0].split()[0] if value and name.endswith("srcset") else value
    parent = element.getparent()
    for source in parent.iter("source") if parent is not None and parent.tag == "picture" else ():
        yield (source.get("srcset") or "").strip().partition(" ")[0]
