"""What JSON-LD, microdata and RDFa have in common: things with types, and properties that are texts or things."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_VALUES = 100
_PREFIX = re.compile(r"^(?:https?:)?//(?:www\.)?schema\.org/|^schema:|^https?://data-vocabulary\.org/")


@dataclass(eq=False)
class Item:
    """One thing that a page describes.

    Attributes:
        types: Its schema.org types without the vocabulary's URL, e.g. ``("Plumber",)``; empty for a bare reference.
        id: What other items refer to it by.
        properties: Values by property name, in the order of the page; at most `MAX_VALUES` each.
    """

    types: tuple[str, ...] = ()
    id: str | None = None
    properties: "dict[str, list[str | Item]]" = field(default_factory=dict)

    def add(self, name: str, value: "str | Item | None") -> None:
        """Append a value; None, and what exceeds the limit, is dropped."""
        values = self.properties.setdefault(local_name(name), [])
        if value is not None and len(values) < MAX_VALUES:
            values.append(value)

    def texts(self, name: str) -> list[str]:
        """Values of a property that are texts."""
        return [value for value in self.properties.get(name, ()) if isinstance(value, str)]

    def text(self, *names: str) -> str | None:
        """The first text of the first of these properties that has one."""
        return next((text for name in names for text in self.texts(name)), None)

    def items(self, name: str) -> "list[Item]":
        """Values of a property that are things themselves."""
        return [value for value in self.properties.get(name, ()) if isinstance(value, Item)]


class Graph:
    """All items of a page, from whatever syntax, with references between them resolved."""

    def __init__(self, tops: list[Item]) -> None:
        self.all = list(_walk(tops))
        self.by_id: dict[str, Item] = {}
        for item in self.all:
            if item.id and item.types:
                self.by_id.setdefault(item.id, item)

    def follow(self, item: Item, name: str) -> list[Item]:
        """The things that a property leads to, each replaced by its description where it is a bare reference."""
        return [self.by_id.get(value.id or "", value) if not value.types else value for value in item.items(name)]


def local_name(name: str) -> str:
    """A type or property without the vocabulary: ``https://schema.org/Plumber`` and ``schema:Plumber`` are Plumber."""
    return _PREFIX.sub("", name.strip()).rpartition("#")[2][:100]


def _walk(tops: list[Item]) -> Iterator[Item]:
    seen: set[int] = set()
    stack = list(reversed(tops))
    while stack:
        item = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        nested = [value for values in item.properties.values() for value in values if isinstance(value, Item)]
        stack.extend(reversed(nested))
