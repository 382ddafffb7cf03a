"""JSON as pages get it wrong, read as far as it makes sense: in one pass, never raising.

Taken as meant: comments, missing and surplus commas and brackets, single and typographic quotes, bare names, quotes
inside strings that nobody escaped, line breaks in strings, `undefined` and the like, code around the value, an end that
was cut off.
"""

import re
from dataclasses import dataclass, field

MAX_DEPTH = 64
MAX_VALUES = 50_000

_SKIPPED = re.compile(r"(?:[\s,;\ufeff]++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)*+")
_BRACKET = re.compile(r"[\[{]")
_BARE = re.compile(r"[^\s,:;\[\]{}\"']++")
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u201d": "\u201d", "\u201e": "\u201c"}
# A quote ends its string where something follows that may follow a string: an end, or the next name or value.
_AFTER = (
    r"(?=\s*+(?:[}}\]:]|\Z|;|//|/\*|,[\s,]*+(?:[\"'\u201c\[{{\d}}\]/-]|true|false|null|@?\w{{1,60}}\s?:|\Z)"
    r"|{quote}@?[\w:.-]{{1,60}}{quote}\s?:))"
)
_ENDS = {
    end: re.compile(rf"(?:[^\\{end}]++|\\.|{end}(?!{_AFTER.format(quote=end)}))*+", re.DOTALL)
    for end in set(_QUOTES.values())
}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS = {"true": True, "false": False, "null": None, "undefined": None, "nan": None, "none": None}


def read(text: str) -> list[object]:
    """Every object and list of a text that stands at its top, in order; numbers that JSON would refuse are texts."""
    reader = _Reader(text)
    found: list[object] = []
    while (start := _BRACKET.search(text, reader.position)) and reader.budget > 0:
        reader.position = start.start()
        found.append(reader.value(0))
    return found


@dataclass
class _Reader:
    text: str
    position: int = 0
    budget: int = field(default=MAX_VALUES)

    def value(self, depth: int) -> object:
        """The value that begins here; None for what is none, which is then skipped."""
        self.budget -= 1
        start = self._next()
        if start in _QUOTES:
            return self._string(start)
        if start in "{[" and start:
            self.position += 1
            if depth > MAX_DEPTH or self.budget < 0:
                self.position = len(self.text)
                return None
            return self._object(depth) if start == "{" else self._list(depth)
        return _literal(self._bare())

    def _object(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while (start := self._next()) and start not in "}]" and self.budget > 0:
            self.budget -= 1
            name = self._string(start) if start in _QUOTES else self._bare()
            if self._next() != ":":
                continue
            self.position += 1
            follows = self._next()
            if follows and follows not in "}]:":
                found[name] = self.value(depth + 1)
        self.position += 1
        return found

    def _list(self, depth: int) -> list[object]:
        found: list[object] = []
        while (start := self._next()) and start not in "}]":
            found.append(self.value(depth + 1))
        self.position += 1
        return found

    def _next(self) -> str:
        if match := _SKIPPED.match(self.text, self.position):
            self.position = match.end()
        return self.text[self.position : self.position + 1]

    def _string(self, start: str) -> str:
        match = _ENDS[_QUOTES[start]].match(self.text, self.position + 1)
        self.position = match.end() + 1 if match else len(self.text)
        return _ESCAPE.sub(_unescaped, match.group()) if match else ""

    def _bare(self) -> str:
        match = _BARE.match(self.text, self.position)
        self.position = match.end() if match else self.position + 1
        return match.group() if match else ""


def _literal(word: str) -> object:
    return _LITERALS.get(word.lower(), word or None)


def _unescaped(match: re.Match[str]) -> str:
    code, character = match.groups()
    return chr(int(code, 16)) if code else _CONTROLS.get(character, character)
