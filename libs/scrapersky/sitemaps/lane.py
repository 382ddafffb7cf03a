"""The fast lane: ``<url>`` elements in the form that nearly every file has, taken by one regular expression.

It matches only what is well-formed on its own: known elements, closed in order, text without markup characters, the
five predefined entities. Taking such an element out of the content of another leaves that as well-formed, or as broken,
as it was; so expat need not see it. Everything else is left to expat.
"""

import re

from scrapersky.sitemaps.collect import RawEntry
from scrapersky.sitemaps.vocabulary import CHANGEFREQ, LOC, PRIORITY, URL_ENTRY

END_TAG = b"</url>"
START_TAG = b"<url>"
IMAGE_TAG = b"<image:image>"

_ENTITY = r"&(?:amp|lt|gt|quot|apos);"
# With carriage returns, which expat would turn into newlines.
_CONTROLS = r"\x00-\x08\x0b-\x1f"
_SPACE = r"[ \t\r\n]*+"
_TEXT = rf"[^<&>{_CONTROLS}]*+(?:{_ENTITY}[^<&>{_CONTROLS}]*+)*+"
_VALUE = rf'"[^"<&{_CONTROLS}]*+(?:{_ENTITY}[^"<&{_CONTROLS}]*+)*+"'
_CDATA = rf"<!\[CDATA\[[^\]{_CONTROLS}]*+\]\]>"


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _own(name: str) -> str:
    return rf"(?:{_element(name, f'({_TEXT})')}{_SPACE})?+"


_OF_IMAGE = ("loc", "title", "caption", "geo_location", "license")
_IN_IMAGE = "|".join(_element(f"image:{name}", f"(?:{_CDATA}|{_TEXT})") for name in _OF_IMAGE)
_IMAGE = _element("image:image", rf"{_SPACE}(?:(?:{_IN_IMAGE}){_SPACE})*+")
_LINK = rf"<xhtml:link(?:[ \t\r\n]++[a-zA-Z:\-]++={_VALUE})*+{_SPACE}/>"
_EXTENSIONS = rf"(?:(?:{_LINK}|{_IMAGE}){_SPACE})*+"
_FIELDS = "".join(_own(name) + _EXTENSIONS for name in ("lastmod", "changefreq", "priority"))
_BLOCK = re.compile(_SPACE + _element("url", _SPACE + _element("loc", f"({_TEXT})") + _SPACE + _EXTENSIONS + _FIELDS))
_CHARACTERS = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


def take(content: str, at: int, entries: list[RawEntry]) -> int:
    """Take the elements that follow each other from ``at``.

    Args:
        content: Of an element, beginning outside any tag; each character is one byte of UTF-8.
        at: Where to begin.
        entries: Grows by what was taken.

    Returns:
        Where the first element begins that was not taken.
    """
    is_ascii = content.isascii()
    while (block := _BLOCK.match(content, at)) and (is_ascii or _is_utf8(block.group())):
        loc, lastmod, changefreq, priority = block.groups()
        fields = {LOC: _text(loc)} if loc else {}
        if lastmod:
            fields["lastmod"] = _text(lastmod)
        if changefreq:
            fields[CHANGEFREQ] = _text(changefreq)
        if priority:
            fields[PRIORITY] = _text(priority)
        entries.append((URL_ENTRY, fields))
        at = block.end()
    return at


def _is_utf8(characters: str) -> bool:
    try:
        characters.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(characters: str) -> str:
    if not characters.isascii():
        characters = characters.encode("latin-1").decode()
    if "&" in characters:
        for entity, character in _CHARACTERS:
            characters = characters.replace(entity, character)
    return characters
