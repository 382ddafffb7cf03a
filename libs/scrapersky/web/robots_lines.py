"""The lines of a robots.txt: whatever their ends, their encoding and their spelling."""

import re
from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache

LONGEST_FILE = 500 * 1024
LONGEST_LINE = 2083 * 8 - 1

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SPACE = b" \t\x0b\x0c"
_KEYS = re.compile(
    rb"(?P<AGENT>user[-_ ]?agent|useg-agent|ser-agent)|(?P<ALLOW>allow)|(?P<SITEMAP>site-?map)"
    rb"|(?P<DELAY>crawl[- ]?delay)"
    rb"|(?P<DISALLOW>disallow|dissallow|dissalow|disalow|diasllow|disallaw|desallow|dssalow|dsallow)",
    re.IGNORECASE,
)
# Some sites serve the file as a web page; other angle brackets are a rule's own.
_TAG = re.compile(rb"<!doctype[^<>]*>|</?(?:html|head|title|body|pre|code|p|br|div|span|font)\b[^<>]*>", re.IGNORECASE)
_BARE_URL = re.compile(rb"\s*https?://\S+\s*", re.IGNORECASE)


class Key(Enum):
    """What a line is about."""

    AGENT = auto()
    ALLOW = auto()
    DISALLOW = auto()
    SITEMAP = auto()
    DELAY = auto()


def lines(body: bytes) -> Iterator[tuple[Key, bytes]]:
    """Yield the lines that say something: key and value, comments and white space gone.

    Args:
        body: The file. Of what is longer than `LONGEST_FILE` the last line, which is cut, does not count either.
    """
    text = _text(body[:LONGEST_FILE])
    if len(body) > LONGEST_FILE:
        text = text[: max(text.rfind(b"\n"), text.rfind(b"\r"), 0)]
    for line in text.splitlines():  # of bytes: at CR, LF and CRLF alone
        content = line[:LONGEST_LINE].partition(b"#")[0]
        if b"<" in content:
            content = _TAG.sub(b" ", content)
        if _BARE_URL.fullmatch(content) and b"sitemap" in content.lower():
            content = b"sitemap:" + content  # the key forgotten
        key, colon, value = content.partition(b":")
        if not colon:
            words = content.split()
            key, value = words if len(words) == 2 else (b"", b"")  # noqa: PLR2004
        known = _key(key[:64])
        if known is not None:
            yield known, value.replace(b"\x00", b"").strip(_SPACE)


@lru_cache(maxsize=256)
def _key(text: bytes) -> Key | None:
    known = _KEYS.match(text.replace(b"\x00", b"").strip(_SPACE))
    return Key[known.lastgroup] if known is not None and known.lastgroup is not None else None


def _text(body: bytes) -> bytes:
    if body.startswith(_UTF16_MARKS):  # forbidden, and seen: what old editors save as "Unicode"
        return body.decode("utf-16", "replace").encode("utf-8", "replace") if b"\x00" in body else body[2:]
    for length in (3, 2, 1):
        if body.startswith(_UTF8_MARK[:length]):
            return body[length:]
    return body
