"""What a file is, from its first 64 KiB: XML of a sitemap or feed, lines of URLs, or no sitemap at all.

Media type and name are not asked: half of them are wrong, and a missing page is often answered with 200 and HTML.
"""

import re
from dataclasses import dataclass

from scrapersky.errors import PermanentError

HEAD_BYTES = 64 * 1024
"""A root element, or a line that is a URL, must come in this much."""

# Byte order marks too: programs that join files leave them anywhere before the root.
_LEADING = re.compile(rb"(?:[ \t\r\n\0\x0c]|\xef\xbb\xbf)*+")
_MARKUP = re.compile(
    rb"<!--.*?(?:-->|\Z)"
    rb"|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    rb"|(?P<html><!doctype\s+html|<html)(?=[\s>])"
    rb"|<(?:[a-z_][\w.\-]*:)?(?P<root>urlset|sitemapindex|rss|feed|rdf|url|sitemap)(?=[\s/>])"
    rb"|<(?![!?/])(?P<other>[a-z_:][\w.:\-]*)",
    re.IGNORECASE | re.DOTALL,
)
_PROLOGUE = re.compile(rb"<(?:\?xml|!--|!doctype|[a-z_])", re.IGNORECASE)
_DECLARATION = re.compile(rb"<\?xml[\s>]", re.IGNORECASE)
_URL_LINE = re.compile(rb"(?:^|[\r\n])[\s\"']*+(?:(?:https?:)?//[^\s/]|www\.[\w-]+\.\w)", re.IGNORECASE)
_MOST_CONTROLS = 0.02
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


@dataclass(frozen=True)
class Nature:
    """What a file is.

    Attributes:
        is_text: Lines of URLs; otherwise XML.
        start: Where it begins: what comes before is not part of it.
        noise: What comes before, in words, if anything does.
        is_broken: It is more than white space.
    """

    is_text: bool
    start: int
    noise: str | None = None
    is_broken: bool = False


def sniff(head: bytes, name: str, *, final: bool) -> Nature | None:
    """Tell what a file is.

    Args:
        head: Its first bytes, in UTF-8.
        name: What to call the file in errors.
        final: There are no more.

    Returns:
        None when more bytes are needed.

    Raises:
        PermanentError: ``not-a-sitemap``.
    """
    start = _after_space(head)
    root, is_html, other = _first_root(head)
    if root is not None and not (is_html and root.group("root").lower() not in {b"urlset", b"sitemapindex"}):
        return _xml(head, root.start() if is_html else start, root.start())
    if not final and len(head) < HEAD_BYTES:
        return None
    if start == len(head):
        raise PermanentError("not-a-sitemap", f"{name}: the file is empty")
    if is_html:
        raise PermanentError("not-a-sitemap", f"{name}: an HTML page")
    if head.startswith(b"<", start):
        what = f"XML whose root is <{other}>" if other else "markup without an element"
        raise PermanentError("not-a-sitemap", f"{name}: {what}")
    if len(head) - len(head.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(head):
        raise PermanentError("not-a-sitemap", f"{name}: neither XML nor text")
    if not _URL_LINE.search(head):
        raise PermanentError("not-a-sitemap", f"{name}: text without a URL")
    return Nature(is_text=True, start=0)


def _first_root(head: bytes) -> tuple[re.Match[bytes] | None, bool, str | None]:
    is_html, other = False, None
    for markup in _MARKUP.finditer(head):
        if markup.group("root"):
            return markup, is_html, other
        is_html = is_html or markup.group("html") is not None
        if other is None and markup.group("other"):
            other = markup.group("other").decode("utf-8", "replace")[:40]
    return None, is_html, other


def _xml(head: bytes, start: int, root: int) -> Nature:
    declarations = [match.start() for match in _DECLARATION.finditer(head, 0, root)]
    begin = start if _PROLOGUE.match(head, start) else root
    noise = None
    if declarations and declarations[-1] > 0:
        begin, noise = declarations[-1], "white space before the XML declaration"
    if _after_space(head) < begin:
        return Nature(is_text=False, start=begin, noise="something else before the XML", is_broken=True)
    return Nature(is_text=False, start=begin, noise=noise)


def _after_space(head: bytes) -> int:
    found = _LEADING.match(head)
    return found.end() if found else 0
