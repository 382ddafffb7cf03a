"""JSON-LD as pages have it: in comments, with trailing commas, HTML entities, several documents in one script.

Source: JSON-LD 1.1, only as far as schema.org uses it: no contexts are loaded, no expansion is done.
"""

import html
import json
import re
from collections.abc import Iterator

from scrapersky.metadata import broken_json
from scrapersky.metadata.document import Document
from scrapersky.metadata.items import Item, local_name
from scrapersky.metadata.text import clean

MAX_SCRIPTS = 100
MAX_SCRIPT = 1_000_000
MAX_ITEMS = 5000
MAX_DEPTH = 32

_WRAPPING = re.compile(
    r"^[\s;]*(?:<!--|(?://|/\*)?\s*<!\[CDATA\[\s*(?:\*/)?)|(?:(?://|/\*)?\s*\]\]>\s*(?:\*/)?|-->)[\s;]*$"
)
_BETWEEN = re.compile(r"[\s,;\ufeff]*")
_DECODER = json.JSONDecoder(strict=False)


def items(document: Document) -> list[Item]:
    """The top-level items of all JSON-LD scripts of a page; what cannot be read is left out."""
    budget = [MAX_ITEMS]
    found: list[Item] = []
    scripts = [
        script.text
        for script in document.root.iter("script")
        if script.text and "ld+json" in (script.get("type") or "").lower()
    ]
    for text in scripts[:MAX_SCRIPTS]:
        for value in load(text[:MAX_SCRIPT]):
            found.extend(_tops(value, budget))
    return found


def load(text: str) -> list[object]:
    """Read every JSON value of a script, repairing what pages get wrong; an empty list where nothing can be read."""
    text = _WRAPPING.sub("", text.strip().strip("\ufeff")).strip()
    values, is_whole = _values(text)
    if is_whole:
        return values
    if "&quot;" in text[:200]:
        text = html.unescape(text)
    return broken_json.read(text)


def _values(text: str) -> tuple[list[object], bool]:
    values: list[object] = []
    position = 0
    while (match := _BETWEEN.match(text, position)) and match.end() < len(text):
        try:
            value, position = _DECODER.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            return values, False
        values.append(value)
    return values, True


def _tops(value: object, budget: list[int]) -> Iterator[Item]:
    stack = [value]
    while stack and budget[0] > 0:
        each = stack.pop()
        if isinstance(each, list):
            stack.extend(reversed(each))
        elif isinstance(each, dict):
            if item := _item(each, budget, 0):
                yield item
            stack.append(each.get("@graph"))


def _item(value: dict[str, object], budget: list[int], depth: int) -> Item | None:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        return None
    types = [clean(local_name(each), 100) for each in _strings(value.get("@type", value.get("type")))]
    item = Item(tuple(name for name in types if name), next(_strings(value.get("@id")), None))
    for name, values in value.items():
        if not name.startswith("@"):
            for each in values if isinstance(values, list) else [values]:
                item.add(name, _value(each, budget, depth))
    return item if item.types or item.id or item.properties else None


def _value(value: object, budget: list[int], depth: int) -> "str | Item | None":
    if isinstance(value, dict):
        return _value(value["@value"], budget, MAX_DEPTH) if "@value" in value else _item(value, budget, depth + 1)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return clean(html.unescape(value), 2000)
    return str(value) if isinstance(value, int | float) else None


def _strings(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield each[:2000]
