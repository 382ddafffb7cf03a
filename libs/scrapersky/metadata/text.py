"""Strings fit for the database: bounded, without control characters, whitespace collapsed."""

import re

MAX_URL = 2048

# Controls, surrogates, invisible marks and soft hyphens; not the joiners U+200C and U+200D, which spell words.
_JUNK = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufffe\uffff]+"
)


def clean(text: str | None, limit: int = 500) -> str | None:
    """Return ``text`` on one line, printable, at most ``limit`` characters; None where nothing is left."""
    if not text:
        return None
    kept = " ".join(_JUNK.sub("", text[: limit * 8]).split())
    return kept[:limit].rstrip() or None


def unique(texts: list[str], limit: int) -> list[str]:
    """The first ``limit`` different texts, in their order."""
    return list(dict.fromkeys(texts))[:limit]


def words(text: str) -> frozenset[str]:
    """The set of a table's words, which its source writes as running text."""
    return frozenset(text.split())
