"""Whom a User-agent line means, and under which names a group may mean us.

RFC 9309 §2.2.1 knows product tokens of letters, ``_`` and ``-``. Sites write more: versions, several names in a line,
robots that have digits in their names. Google's parser takes the letters that a line begins with; so do we, but only
for a robot of just that name: ``Agent1`` means ``Agent`` too, and never ``Agent2``.
"""

import re
from collections.abc import Iterator

_LETTERS = re.compile(r"[a-z_-]+")
_VERSIONED = re.compile(r"([a-z_-]+)[0-9.]+")
_NAME = re.compile(r"[\w.!-]+(?:/\S*)?")
_BETWEEN = re.compile(r"[\s,]+")
# What Google's parser reads is kept apart from what is written: no name ends like this.
_SHORTENED = "/"
_LINK = re.compile(r"https?:\S*")
_HEADER_WORD = re.compile(r"[^\s/;,()+]+")
_NO_ROBOTS_NAME = frozenset({"mozilla", "compatible"})


def agents(value: bytes) -> Iterator[str]:
    """The names that the value of a User-agent line stands for; a list of names stands for each."""
    text = value.decode(errors="replace").lower()
    words = [word for word in _BETWEEN.split(text) if word]
    if not words or words[0].startswith("*"):
        yield from words[:1] if words[:1] == ["*"] else ()
        return
    listed = words if all(_NAME.fullmatch(word) for word in words) else words[:1]
    for word in listed:
        yield word.partition("/")[0]
        letters = _LETTERS.match(word)
        if letters is not None:
            yield letters[0] + _SHORTENED
    if len(words) > 1:
        yield text


def names(agent: str) -> Iterator[str]:
    """Under which names a group may mean a robot, the best first.

    Args:
        agent: A product token, with or without its version, or a whole User-Agent header.
    """
    text = agent.strip().lower()
    if text.startswith("mozilla"):
        named = [word for word in _HEADER_WORD.findall(_LINK.sub("", text)) if word not in _NO_ROBOTS_NAME]
    else:
        named = [text.partition("/")[0].strip()]
    for name in named:
        if name and not re.search(r"\s", name):
            yield from (name, name + _SHORTENED)
            versioned = _VERSIONED.fullmatch(name)
            if versioned is not None:
                yield versioned[1]
    yield "*"
    if " " in text:  # no product token: Google's parser does not know it, so it counts where nothing else does
        yield text
