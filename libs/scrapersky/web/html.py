"""Bytes of a web page to text and tree, as browsers read them, in linear time and bounded memory.

`decode` follows the WHATWG: "determining the character encoding" (HTML, section 13.2.3) and the labels of the Encoding
standard. `parse` is libxml2's HTML parser with guards in front of it for what costs more than its size.
"""

import re
from typing import TYPE_CHECKING

import webencodings

if TYPE_CHECKING:
    from lxml import etree

PRESCAN_BYTES = 1024
LATE_META_BYTES = 256 * 1024
MAX_TOKENS = 250_000
MAX_WORDS = 500_000
MAX_ATTRIBUTES = 1000
MAX_DEPTH = 250
# Pages smaller than these cannot hold enough tags, or words, to matter.
_FEW_TAGS = 32_768
_FEW_WORDS = 1_000_000

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"))
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_TAG = re.compile(rb"<!--.*?(?:-->|\Z)|<[a-zA-Z/][^\s/>]*", re.DOTALL)
_ATTRIBUTE = re.compile(
    rb"[\s/]*+([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)(?:\"|\Z)|'([^']*+)(?:'|\Z)|([^\s>]*+)))?+"
)
_CONTENT_CHARSET = re.compile(rb"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"']+))", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)[\"']")

_ATTR = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+))?+"""
_ATTRS = rf"(?:{_ATTR}){{0,{MAX_ATTRIBUTES}}}+[\s/]*+"
# One alternative for each element of raw text: a back-reference needs a group, which CPython 3.11 loses inside `*+`.
_RAW_TEXT = "|".join(
    rf"<{tag}(?=[\s/>]){_ATTRS}>(?:[^<]++|<(?!/{tag}))*+"
    for tag in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
)
_SANE = re.compile(
    rf"(?:[^<]++|<!--(?:[^-]++|-(?!->))*+|{_RAW_TEXT}|<[a-z][^\s/>]*+{_ATTRS}(?:>|\Z)|<(?![a-z])){{0,{MAX_TOKENS}}}+",
    re.IGNORECASE,
)
_WORDS = re.compile(rf"(?:\s*+\S++){{0,{MAX_WORDS}}}+\s*+")
_LAYOUT_TAG = re.compile(
    r"</?(?:font|b|i|u|s|em|strong|span|small|big|center|div|section|article|table|tbody|tr|td|ul|ol|li|dl|dd"
    r"|blockquote)(?=[\s/>])[^<>]*>?",
    re.IGNORECASE,
)


def decode(body: bytes, charset_header: str | None) -> str:
    """Decode a page as browsers do: byte order mark, HTTP header, ``<meta>``, XML declaration, then a guess.

    Where nothing is declared the guess is UTF-8 if all of it is valid, else windows-1252. A page that is declared as
    UTF-8 and has broken sequences, but not a single valid one beyond ASCII, is a windows-1252 page with a wrong label
    and is read as such; browsers show replacement characters there.

    Args:
        body: The page, content codings undone; may be cut anywhere.
        charset_header: The ``charset`` parameter of its Content-Type, if it had one.

    Returns:
        Text without NUL and without surrogates. Never raises.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _clean(body[len(mark) :].decode(codec, "replace"))
    encoding = _lookup(charset_header) or _declared(body)
    if encoding is None:
        return _clean(_guess(body))
    if encoding.name == "utf-8":
        return _clean(_utf8_or_mislabelled(body))
    if encoding.name == "gbk":  # decodes as gb18030 by the standard; Python's codec is narrower
        return _clean(body.decode("gb18030", "replace"))
    return _clean(encoding.codec_info.decode(body, "replace")[0])


def parse(text: str, url: str) -> "etree._Element":
    """Parse a page into a tree, whatever it is; no network, no entities beyond HTML's.

    A page is cut where it exceeds what no real one has: a tag of more than 1,000 attributes (libxml2 is quadratic
    there), 250,000 tags and texts, 500,000 words. Nesting deeper than 250, at which libxml2 would drop the rest of the
    page in silence, is flattened.

    Args:
        text: What `decode` returned.
        url: The page's address, kept as the tree's base.

    Returns:
        The root element; an empty ``<html>`` for an empty page.
    """
    text = text[: _sane_length(text)]
    root = _tree(text, url, huge=False)
    if _last_depth(root) >= MAX_DEPTH:
        root = _tree(_LAYOUT_TAG.sub("\n", text), url, huge=True)
    return root


def _tree(text: str, url: str, *, huge: bool) -> "etree._Element":
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_pis=True, huge_tree=huge)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser, base_url=url)
    except (etree.ParseError, ValueError):
        root = None
    return etree.Element("html") if root is None else root


def _sane_length(text: str) -> int:
    end = len(text)
    if end > _FEW_WORDS and (words := _WORDS.match(text)):
        end = words.end()
    if end > _FEW_TAGS and (sane := _SANE.match(text, 0, end)):
        end = sane.end()
    return end


def _last_depth(root: "etree._Element") -> int:
    depth = 0
    while len(root):
        root = root[-1]
        depth += 1
    return depth


def _clean(text: str) -> str:
    return text.replace("\0", "")


def _lookup(label: str | None) -> webencodings.Encoding | None:
    return webencodings.lookup(label.strip("\"' \t\r\n")) if label else None


def _declared(body: bytes) -> webencodings.Encoding | None:
    if body.startswith((b"<\0?\0x\0", b"\0<\0?\0x")):
        return _lookup("utf-16le" if body[0] else "utf-16be")
    found = _meta_encoding(body[:PRESCAN_BYTES])
    if found is None and (xml := _XML_ENCODING.match(body[:PRESCAN_BYTES])):
        found = _usable(xml.group(1))
    return found or _meta_encoding(body[:LATE_META_BYTES])


def _meta_encoding(head: bytes) -> webencodings.Encoding | None:
    position = 0
    while tag := _TAG.search(head, position):
        position = tag.end()
        if tag.group().startswith(b"<!--"):
            continue
        attributes: dict[bytes, bytes] = {}
        while match := _ATTRIBUTE.match(head, position):
            position = match.end()
            name, *values = match.groups()
            attributes.setdefault(name.lower(), next(filter(None, values), b""))
        is_whole = b">" in head[position : position + 8]
        if is_whole and tag.group().lower() == b"<meta" and (encoding := _encoding_of_meta(attributes)):
            return encoding
    return None


def _encoding_of_meta(attributes: dict[bytes, bytes]) -> webencodings.Encoding | None:
    if b"charset" in attributes:
        return _usable(attributes[b"charset"])
    if attributes.get(b"http-equiv", b"").strip().lower() != b"content-type":
        return None
    named = _CONTENT_CHARSET.search(attributes.get(b"content", b""))
    return _usable(named.group(1) or named.group(2) or named.group(3) or b"") if named else None


def _usable(label: bytes) -> webencodings.Encoding | None:
    encoding = _lookup(label.decode("ascii", "replace"))
    if encoding is None:
        return None
    # A page whose ASCII could be read cannot be UTF-16; x-user-defined is what old scripts asked for, never the text.
    instead = {"utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "windows-1252"}
    return webencodings.lookup(instead[encoding.name]) if encoding.name in instead else encoding


def _guess(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # A page cut in the middle of its last character is still UTF-8.
        if error.start >= len(body) - 3 and _MULTIBYTE.search(body):
            return body.decode("utf-8", "replace")
    return body.decode("cp1252", "replace")


def _utf8_or_mislabelled(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("utf-8" if _MULTIBYTE.search(body) else "cp1252", "replace")
