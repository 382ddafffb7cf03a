"""Elements to raw entries, whoever reads the markup: the strict parser or the tolerant one.

The rules bear with missing and misplaced tags: an entry ends where the next begins, a second ``loc`` begins an entry of
its own, text in the place of a ``loc`` counts as one. On well-formed files they do what the standards say.
"""

from collections.abc import Callable

from scrapersky.sitemaps.vocabulary import (
    BOUNDARY,
    LINK,
    LOC,
    ROOTS,
    SITEMAP_ENTRY,
    UNKNOWN,
    URL_ENTRY,
    Vocabulary,
    split,
)

RawEntry = tuple[str, dict[str, str]]
"""`URL_ENTRY` or `SITEMAP_ENTRY`, and what the entry says, by the names in `scrapersky.sitemaps.vocabulary`."""

LONGEST_TEXT = 16 * 1024
"""Characters kept of one element."""
MOST_NAMES = 10_000
TEXT, HREF, ABOUT, BASE, LINK_BASE = "text", "href", "about", "xml:base", "link xml:base"
"""Keys of a raw entry beside the vocabulary's: text of the entry itself, and attributes."""

_ENTRIES = frozenset((URL_ENTRY, SITEMAP_ENTRY))


class Collector:
    """Receives start tags, end tags and text; `entries` grows.

    Attributes:
        chars: Where text goes.
        entries: Raw entries not yet taken.
        vocabulary: Known once the root element is met.
        ignored: Elements passed over since the last entry began; bounds how deep they can be nested.
        at_entry_end: Called whenever an entry is complete.
        too_long: How many texts were longer than `LONGEST_TEXT`, and ignored.
    """

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.entries: list[RawEntry] = []
        self.vocabulary: Vocabulary | None = None
        self.base: str | None = None
        self.ignored = 0
        self.too_long = 0
        self.at_entry_end: Callable[[], None] | None = None
        self._entry: str | None = None
        self._fields: dict[str, str] = {}
        self._field: str | None = None
        self._nested = 0
        self._foreign: str | None = None
        self._is_open = True

    @property
    def is_between_urls(self) -> bool:
        """Whether the next thing may be an unprefixed ``<url>``, of a file that has them."""
        return self._entry is None and self._is_open and self.vocabulary is not None and self.vocabulary.has_plain_urls

    def start(self, name: str, attributes: list[str]) -> None:
        """A start tag; ``attributes`` are names and values in turn."""
        if self.vocabulary is None:
            self._start_root(name, attributes)
            return
        meaning = self.vocabulary[name]
        if self._foreign is not None and meaning not in _ENTRIES:
            self.ignored += 1
        elif self._field is not None and not self._ends_field(name, meaning):
            self._nested += 1
        elif meaning in _ENTRIES:
            self._start_entry(meaning, attributes)
        elif meaning == UNKNOWN:
            self.ignored += 1
            if self._entry is not None:
                self._take_text()
                self._foreign = name
        elif meaning == BOUNDARY:
            self._is_open = True
            self._end_entry()
            self.vocabulary.bind(attributes)
        else:
            self._start_field(meaning, attributes)

    def end(self, name: str) -> None:
        """An end tag."""
        if self.vocabulary is None:
            return
        meaning = self.vocabulary[name]
        if self._field is not None:
            if meaning == self._field:
                self._end_field()
            elif self._nested and meaning != BOUNDARY:
                self._nested -= 1
            elif meaning in _ENTRIES or meaning == BOUNDARY:
                self._end_field()
                self._end_entry()
                self._is_open = meaning != BOUNDARY
        elif meaning in _ENTRIES or meaning == BOUNDARY:
            self._end_entry()
            self._is_open = meaning != BOUNDARY
        elif name == self._foreign:
            self._foreign = None
            self.chars.clear()

    def meet(self, name: str) -> None:
        """Take note of an element's name that went past without its tags."""
        if self.vocabulary is not None:
            self.vocabulary[name]

    def trim(self) -> None:
        """Bound what is held of texts and names; called now and then."""
        if sum(map(len, self.chars)) > LONGEST_TEXT:
            self.chars.clear()
            if self._field is not None:
                self.too_long += 1
                self._field, self._foreign = None, ""
        if self.vocabulary is not None and len(self.vocabulary) > MOST_NAMES:
            self.vocabulary.clear()

    def reset(self) -> None:
        """Forget the entry that is open: it will be read again."""
        self._entry, self._fields, self._field, self._foreign = None, {}, None, None
        self._nested = 0
        self.chars.clear()

    def finish(self, *, in_markup: bool) -> None:
        """The file ended.

        Args:
            in_markup: It ended in the middle of a tag, so that the text before that tag is whole.
        """
        if in_markup and self._field is not None:
            self._end_field()
        elif not in_markup:
            self._field = None
            self.chars.clear()
        # An entry that was cut among its own elements has a whole URL; one cut deeper down is not complete.
        if self._foreign is None:
            self._end_entry()
        self.reset()

    def _start_root(self, name: str, attributes: list[str]) -> None:
        if split(name).local not in ROOTS:
            self.ignored += 1
            return
        self.vocabulary = Vocabulary(name)
        self.vocabulary.bind(attributes)
        self.base = _attribute(attributes, BASE)
        if self.vocabulary[name] in _ENTRIES:
            self._start_entry(self.vocabulary[name], attributes)

    def _start_entry(self, meaning: str, attributes: list[str]) -> None:
        self._end_entry()
        self._entry = meaning
        self.ignored = 0
        self.chars.clear()
        if attributes and self.vocabulary is not None:
            self.vocabulary.bind(attributes)
            if about := _attribute(attributes, "rdf:about"):
                self._fields[ABOUT] = about
            if base := _attribute(attributes, BASE):
                self._fields[BASE] = base

    def _end_entry(self) -> None:
        if self._entry is not None:
            if LOC not in self._fields:
                self._take_text()
            self.entries.append((self._entry, self._fields))
            self.reset()
            if self.at_entry_end is not None:
                self.at_entry_end()

    def _start_field(self, meaning: str, attributes: list[str]) -> None:
        if self._entry is None:
            if meaning != LOC:
                return
            self._entry = SITEMAP_ENTRY if self.vocabulary and self.vocabulary.kind == "index" else URL_ENTRY
        elif meaning == LOC and LOC in self._fields:
            self._start_entry(self._entry, [])
        elif meaning != LOC:
            self._take_text()
        self._field = meaning
        self.chars.clear()
        if meaning == LINK and attributes:
            self._take_href(attributes)

    def _take_text(self) -> None:
        if not self._fields and (text := "".join(self.chars).strip()):
            self._fields[TEXT] = text

    def _take_href(self, attributes: list[str]) -> None:
        """What Atom's ``link`` says in attributes; the relation's full name is a URI (RFC 4287 §4.2.7.2)."""
        relation = (_attribute(attributes, "rel") or "alternate").lower().rpartition("/")[2]
        href = _attribute(attributes, "href")
        if href and relation == "alternate" and HREF not in self._fields:
            self._fields[HREF] = href
            if base := _attribute(attributes, BASE):
                self._fields[LINK_BASE] = base

    def _end_field(self) -> None:
        text = "".join(self.chars)
        if self._field is not None and (self._field not in {LOC, LINK} or text.strip()):
            self._fields.setdefault(self._field, text)
        self._field = None
        self._nested = 0
        self.chars.clear()

    def _ends_field(self, name: str, meaning: str) -> bool:
        """Whether a start tag inside a field says that the field's own end tag is missing."""
        may_be_inside = meaning in _ENTRIES or meaning == UNKNOWN
        is_plain = meaning == UNKNOWN and ":" not in name
        if is_plain or (may_be_inside and not "".join(self.chars).strip()):
            return False
        self._end_field()
        return True


def _attribute(attributes: list[str], name: str) -> str | None:
    for index in range(0, len(attributes), 2):
        if attributes[index].lower() == name:
            return attributes[index + 1].strip()
    return None
