"""Microdata (HTML, section 5) and RDFa Lite 1.1 by the same code: they differ in the names of their attributes only."""

import re
from dataclasses import dataclass, replace

from lxml import etree

from scrapersky.metadata.document import Document, text_of
from scrapersky.metadata.items import Item, local_name
from scrapersky.metadata.text import clean

MAX_ELEMENTS = 10_000
MAX_REFERENCES = 100
_VOCABULARIES = ("schema.org", "data-vocabulary.org")
_PREFIX = re.compile(r"([\w-]{1,20})(?:\s?=\s?[\"']|:\s{1,3})https?://(?:www\.)?schema\.org", re.IGNORECASE)
_URL_ATTRIBUTES = {
    "a": "href",
    "area": "href",
    "link": "href",
    "img": "src",
    "audio": "src",
    "video": "src",
    "source": "src",
    "iframe": "src",
    "embed": "src",
    "object": "data",
}


@dataclass(frozen=True)
class Syntax:
    """The attributes of one syntax: what opens an item, types it, names a property, and identifies an item.

    ``prefixes`` are those that the page binds to schema.org.
    """

    scope: str
    types: str
    name: str
    id: str
    prefixes: tuple[str, ...] = ("schema:",)


MICRODATA = Syntax("itemscope", "itemtype", "itemprop", "itemid")
RDFA = Syntax("typeof", "typeof", "property", "resource")


def items(document: Document) -> list[Item]:
    """The top-level items of a page's microdata and RDFa."""
    source = document.source
    found = _read(document, MICRODATA) if "itemscope" in source else []
    if "typeof" in source:
        prefixes = {f"{name}:" for name in _PREFIX.findall(source)} - {"http:", "https:", "vocab:"}
        found += _read(document, replace(RDFA, prefixes=("schema:", *prefixes)))
    return found


def _read(document: Document, syntax: Syntax) -> list[Item]:
    opened: dict[etree._Element, Item] = {}
    tops: list[Item] = []
    for element in _elements(document.root, f"//*[@{syntax.scope} or @{syntax.name}]"):
        owner = _owner(element, opened)
        if element.get(syntax.scope) is not None:
            opened[element] = _open(element, syntax)
        if owner is not None and element.get(syntax.name):
            _assign(owner, element, syntax, opened.get(element) or _value(element, document))
        elif element in opened:
            tops.append(opened[element])
    if "itemref" in document.source and syntax is MICRODATA:
        _follow_references(document, opened)
    return [item for item in tops if item.types]


def _elements(root: "etree._Element", path: str) -> "list[etree._Element]":
    found = root.xpath(path)
    return [each for each in found[:MAX_ELEMENTS] if etree.iselement(each)] if isinstance(found, list) else []


def _owner(element: "etree._Element", opened: "dict[etree._Element, Item]") -> Item | None:
    if not opened:
        return None
    return next((opened[above] for above in element.iterancestors() if above in opened), None)


def _follow_references(document: Document, opened: "dict[etree._Element, Item]") -> None:
    targets = {each.get("id"): each for each in reversed(_elements(document.root, "//*[@id]"))}
    references = [
        (item, targets[key])
        for element, item in opened.items()
        for key in (element.get("itemref") or "").split()
        if key in targets
    ]
    for item, target in references[:MAX_REFERENCES]:
        for element in _elements(target, "descendant-or-self::*[@itemprop]")[:MAX_REFERENCES]:
            if _owner(element, opened) is _owner(target, opened):
                _assign(item, element, MICRODATA, opened.get(element) or _value(element, document))


def _open(element: "etree._Element", syntax: Syntax) -> Item:
    types = (element.get(syntax.types) or "").split()
    if syntax.scope == RDFA.scope and any(
        name in element.xpath("string(ancestor-or-self::*[@vocab][1]/@vocab)") for name in _VOCABULARIES
    ):
        known = [name for name in types if ":" not in name or name.startswith((*syntax.prefixes, "http"))]
    else:
        known = [
            name for name in types if name.startswith(syntax.prefixes) or any(each in name for each in _VOCABULARIES)
        ]
    names = [clean(_unprefixed(name, syntax), 100) for name in known]
    return Item(tuple(name for name in names if name), clean(element.get(syntax.id), 2000))


def _assign(owner: Item, element: "etree._Element", syntax: Syntax, value: str | Item | None) -> None:
    for name in (element.get(syntax.name) or "").split()[:MAX_REFERENCES]:
        if ":" not in name or name.startswith(syntax.prefixes) or "schema.org/" in name:
            owner.add(_unprefixed(name, syntax), value)


def _unprefixed(name: str, syntax: Syntax) -> str:
    return name.partition(":")[2] if name.startswith(syntax.prefixes) else local_name(name)


def _value(element: "etree._Element", document: Document) -> str | None:
    for attribute in ("content", "datetime"):
        if (literal := element.get(attribute)) is not None:
            return clean(literal, 2000)
    tag = str(element.tag)
    if attribute := _URL_ATTRIBUTES.get(tag, ""):
        url = element.get(attribute)
        return document.absolute(url) or clean(url, 2000)
    if tag in {"data", "meter"} and element.get("value") is not None:
        return clean(element.get("value"), 2000)
    return text_of(element, 2000)
