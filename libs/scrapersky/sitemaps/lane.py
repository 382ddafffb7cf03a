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

_KEYS = (LOC, "lastmod", CHANGEFREQ, PRIORITY)
_ENTITY = rb"&(?:amp|lt|gt|quot|apos);"
# With carriage returns, which expat would turn into newlines.
_CONTROLS = rb"\x00-\x08\x0b-\x1f"
_SPACE = rb"[ \t\r\n]*+"
_TEXT = rb"[^<&>%(no)s]*+(?:%(entity)s[^<&>%(no)s]*+)*+" % {b"no": _CONTROLS, b"entity": _ENTITY}
_VALUE = rb'"[^"<&%(no)s]*+(?:%(entity)s[^"<&%(no)s]*+)*+"' % {b"no": _CONTROLS, b"entity": _ENTITY}
_CDATA = rb"<!\[CDATA\[[^\]%s]*+\]\]>" % _CONTROLS


def _element(name: bytes, content: bytes) -> bytes:
    return rb"<%s>%s</%s>" % (name, content, name)


def _own(name: bytes) -> bytes:
    return rb"(?:%s%s)?+" % (_element(name, rb"(%s)" % _TEXT), _SPACE)


_OF_IMAGE = (b"loc", b"title", b"caption", b"geo_location", b"license")
_IN_IMAGE = rb"|".join(_element(b"image:" + name, rb"(?:%s|%s)" % (_CDATA, _TEXT)) for name in _OF_IMAGE)
_IMAGE = _element(b"image:image", rb"%s(?:(?:%s)%s)*+" % (_SPACE, _IN_IMAGE, _SPACE))
_LINK = rb"<xhtml:link(?:[ \t\r\n]++[a-zA-Z:\-]++=%s)*+%s/>" % (_VALUE, _SPACE)
_EXTENSIONS = rb"(?:(?:%s|%s)%s)*+" % (_LINK, _IMAGE, _SPACE)
_FIELDS = rb"".join(_own(name) + _EXTENSIONS for name in (b"lastmod", b"changefreq", b"priority"))
_BLOCK = re.compile(
    _SPACE + _element(b"url", _SPACE + _element(b"loc", rb"(%s)" % _TEXT) + _SPACE + _EXTENSIONS + _FIELDS)
)
_CHARACTERS = ((b"&lt;", b"<"), (b"&gt;", b">"), (b"&quot;", b'"'), (b"&apos;", b"'"), (b"&amp;", b"&"))


def take(content: bytes, at: int, entries: list[RawEntry]) -> int:
    """Take the elements that follow each other from ``at``.

    Args:
        content: Bytes of an element's content, beginning outside any tag.
        at: Where to begin.
        entries: Grows by what was taken.

    Returns:
        Where the first element begins that was not taken.
    """
    is_ascii = content.isascii()
    while (block := _BLOCK.match(content, at)) and (is_ascii or _is_utf8(block.group())):
        entries.append((URL_ENTRY, {key: _text(text) for key, text in zip(_KEYS, block.groups(), strict=True) if text}))
        at = block.end()
    return at


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(octets: bytes) -> str:
    if b"&" in octets:
        for entity, character in _CHARACTERS:
            octets = octets.replace(entity, character)
    return octets.decode()
