"""Social profiles of a site: profiles and no share buttons, posts, or profiles of whoever made the theme."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qs, quote, unquote

from lxml import etree

from scrapersky.metadata.document import Document
from scrapersky.metadata.items import Graph
from scrapersky.metadata.networks import NETWORKS, Network
from scrapersky.metadata.schema_org import is_organization
from scrapersky.web.urls import host_of, registrable

MAX_CANDIDATES = 1000
MAX_ABOVE = 15

SAME_AS, IN_FRAME, IN_TEXT, EMBEDDED, NAMED = range(5)
"""How sure a profile is the site's: the organisation's ``sameAs``; a link in header or footer, or with ``rel=me``;
another link; a page plugin; a handle in ``twitter:site``."""

_URL = re.compile(
    r"^\s*(?:https?:)?/{0,3}((?:[a-z0-9-]+\.)+[a-z]{2,})\.?(?::\d+)?(/[^?#\s]*)?(?:\?([^#\s]*))?(?:#!?(\S*))?",
    re.IGNORECASE,
)
# Links that were copied out of Facebook or Instagram lead through their door.
_DOOR = re.compile(r"^https?://l\.(?:facebook|instagram)\.com/[^?#]{0,20}\?(?:[^#]{0,200}&)?u=([^&#]+)", re.IGNORECASE)
_ALIAS = re.compile(r"^(?:www|m|mobile|web|touch|[a-z]{2}(?:-[a-z]{2})?|business)\.(?=[^.]+\.)")
_FRAME = re.compile(r"header|footer|social|nav|top-?bar|follow|contact|elementor-location", re.IGNORECASE)
_CONTENT = re.compile(
    r"\b(?:post|comment|article|entry-content|tweet|feed|author|testimonial|portfolio|team)", re.IGNORECASE
)
_SAFE = "/@?=+,~"
_HOSTS: dict[str, Network] = {host: network for network in NETWORKS for host in network.hosts}


@dataclass(frozen=True)
class Profile:
    """One profile: its network's name, its URL, how sure it is the site's, and whether it bears the site's name."""

    network: str
    url: str
    tier: int
    is_namesake: bool
    rank: int


def profiles(document: Document, graph: Graph) -> list[Profile]:
    """Every profile that a page links to, surest first."""
    own = registrable(host_of(document.url)).partition(".")[0]
    found = []
    for tier, href in islice(_candidates(document, graph), MAX_CANDIDATES):
        if profile := profile_of(href, own, tier):
            found.append(profile)
    return found


def best(found: list[Profile]) -> dict[str, str]:
    """Each network's likeliest profile."""
    ordered = sorted(found, key=lambda one: (one.tier > SAME_AS, one.rank, not one.is_namesake, one.tier))
    chosen: dict[str, str] = {}
    for profile in ordered:
        chosen.setdefault(profile.network, profile.url)
    return chosen


def profile_of(href: str, own: str, tier: int = IN_TEXT) -> Profile | None:
    """The profile that a URL is, in its network's usual form; None where it is none.

    Args:
        href: As written: without scheme, on a mobile host, with tracking parameters.
        own: The first label of the site's registrable domain, which its profiles tend to bear.
        tier: How sure it is the site's.
    """
    parts = _URL.match(_beyond_door(href[:1000]))
    if parts is None:
        return None
    host, path, query, fragment = parts.groups()
    written = host.lower()
    host = _ALIAS.sub("", written)
    network = _HOSTS.get(host)
    if network is None:
        return None
    path = unquote(path or "/")
    if network.name == "twitter" and path == "/" and fragment:
        path = fragment if fragment.startswith("/") else f"/{fragment}"
    found = network.profile(re.sub(r"/{2,}", "/", path), parse_qs((query or "")[:500], max_num_fields=None))
    if found is None:
        return None
    name, rank = found
    handles = [re.sub(r"[^a-z0-9]", "", part.lower()) for part in name.split("/")[-2:]]
    label = re.sub(r"[^a-z0-9]", "", own.lower())
    if network.is_platforms_own(handles[-1]) and label != handles[-1]:
        return None
    is_namesake = len(label) > 2 and any(  # noqa: PLR2004
        label in handle or (len(handle) > 2 and handle in label)  # noqa: PLR2004
        for handle in handles
    )
    if host not in (network.hosts[0], *network.kept):
        written = network.home
    elif written not in {host, f"www.{host}"}:
        written = network.home if host == network.hosts[0] else host
    return Profile(network.name, f"https://{written}{quote(name, safe=_SAFE)}", tier, is_namesake, rank)


def _candidates(document: Document, graph: Graph) -> Iterator[tuple[int, str]]:
    for item in graph.all:
        is_own = is_organization(item) or "WebSite" in item.types
        for url in item.texts("sameAs"):
            yield SAME_AS if is_own else IN_TEXT, url
    for href, element in document.anchors.items():
        if _looks_social(href):
            yield _place(element), href
    for link in document.links:
        if link.rel & {"me", "publisher"} and _looks_social(link.url):
            yield IN_FRAME, link.url
    yield from ((EMBEDDED, href) for href in _embedded(document))
    for name in ("article:publisher", "og:see_also"):
        yield from ((IN_TEXT, content) for key, content in document.metas if key == name)
    handle = re.fullmatch(r"\s*@?(\w{1,15})\s*", document.meta("twitter:site") or "")
    if handle and not handle.group(1).isdigit():
        yield NAMED, f"https://x.com/{handle.group(1)}"


def _looks_social(href: str) -> bool:
    if href[:1] in {"/", "#"} and href[:2] != "//":
        return False
    parts = _URL.match(_beyond_door(href[:300]))
    return parts is not None and _ALIAS.sub("", parts.group(1).lower()) in _HOSTS


def _beyond_door(href: str) -> str:
    door = _DOOR.match(href)
    return unquote(door.group(1)) if door else href


def _place(element: "etree._Element") -> int:
    if {"me", "publisher"} & set((element.get("rel") or "").lower().split()):
        return IN_FRAME
    for above in islice(element.iterancestors(), MAX_ABOVE):
        names = f"{above.get('class') or ''} {above.get('id') or ''}"[:300]
        if above.tag == "article" or _CONTENT.search(names):
            return IN_TEXT
        if above.tag in {"header", "footer", "nav"} or _FRAME.search(names):
            return IN_FRAME
    return IN_TEXT


def _embedded(document: Document) -> Iterator[str]:
    if "facebook.com" in document.source:
        path = "//*[contains(@class, 'fb-page')]/@data-href"
        found = document.root.xpath(path, smart_strings=False) if "fb-page" in document.source else []
        yield from (str(href) for href in (found if isinstance(found, list) else [])[:10])
        for frame in islice(document.root.iter("iframe"), 100):
            source = frame.get("src") or ""
            if "facebook.com/plugins/page.php" in source or "facebook.com/plugins/likebox.php" in source:
                yield from parse_qs(source.partition("?")[2][:2000]).get("href", [])[:1]
