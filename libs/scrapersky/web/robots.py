"""robots.txt as RFC 9309 says, and as Google's open source parser reads what the standard leaves open.

- Groups that name our product token are merged; ``*`` counts only where no group names it (§2.2.1). Lines that are none
  of the standard's never end a group (§2.2.4).
- The longest matching rule wins, Allow on a tie (§2.2.2); ``*`` and a final ``$`` are special (§2.2.3), and are spelled
  ``%2A`` and ``%24`` where a rule means the characters themselves. A rule that does not begin with ``/`` or ``*``
  matches nothing.
- Octets are compared after percent-encoding what may not stand in a URL, and decoding what need not be encoded; in the
  query also ``:``, ``/``, ``?`` and ``@``, as the standard's table of examples has it.
- The first 500 KiB count (§2.5). Unavailable (4xx): all allowed; unreachable (5xx, network): all disallowed (§2.3.1).
- Names beyond product tokens: see `scrapersky.web.robots_agents`.
- From Google's parser: a forgotten colon, the misspellings it knows, keys that only begin as they should; who allows
  ``index.html`` allows its directory; a line's first 16,663 octets count.

Why not a library: the best one on the registries answers about 95 % of the public cases, and most of its errors allow
what is forbidden.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from scrapersky.web.robots_agents import agents, names
from scrapersky.web.robots_lines import LONGEST_FILE, Key, lines

__all__ = ["LONGEST_FILE", "UNAVAILABLE", "UNREACHABLE", "Robots", "parse"]

_SPECIAL = re.compile(rb"%[0-9A-Fa-f]{2}|[\x00-\x20\"%<>\\^`{|}\x7f-\xff]")
_IN_QUERY = re.compile(rb"%(?:2F|3A|3F|40)")
# Nearly every URL and rule: what is normal already takes one match instead of a dozen steps.
_PLAIN_URL = re.compile(r"https?://[^/?#;]*(/[A-Za-z0-9_.~/,=&:@!'()+;-]*(?:\?[A-Za-z0-9_.~/,=&:@!'()+;?-]*)?)")
_PLAIN_RULE = re.compile(rb"/[A-Za-z0-9_.~/,=&:@!'()+;-]*")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class _Wild(NamedTuple):
    """A rule with ``*`` or a final ``$``: the pieces between the stars, in both readings of its query.

    ``needle`` is the longest of them: a target that does not hold it needs no further look.
    """

    length: int
    allow: bool
    anchored: bool
    pieces: tuple[bytes, ...]
    query_pieces: tuple[bytes, ...]
    needle: bytes
    query_needle: bytes

    def matches(self, target: bytes, decoded: bytes) -> bool:
        """Whether it matches a target, or the target with its query decoded."""
        if self.needle in target and _matches(self.pieces, target, anchored=self.anchored):
            return True
        if decoded is target and self.query_pieces is self.pieces:
            return False
        return self.query_needle in decoded and _matches(self.query_pieces, decoded, anchored=self.anchored)


@dataclass(frozen=True)
class Robots:
    """What one origin's robots.txt says to us.

    Attributes:
        plain: Rules without special characters, by their path; True allows.
        lengths: Of the plain rules, longest first.
        wild: All others, longest first.
        crawl_delay: Seconds between requests that the groups that apply to us ask for, or None.
        sitemaps: Every Sitemap line, as written.
        reachable: False when the file could not be had: all is disallowed until it can.
    """

    plain: Mapping[bytes, bool] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    wild: tuple[_Wild, ...] = ()
    crawl_delay: float | None = None
    sitemaps: tuple[str, ...] = ()
    reachable: bool = True

    @property
    def size(self) -> int:
        """How many rules apply to us."""
        return len(self.plain) + len(self.wild)

    def allowed(self, url: str) -> bool:
        """Whether we may fetch a URL of this origin.

        Args:
            url: Absolute, or a path with an optional query. ``/robots.txt`` itself is always allowed (§2.2.2).
        """
        if not self.reachable:
            return False
        plain = _PLAIN_URL.fullmatch(url)
        if plain is not None:
            target = decoded = plain[1].encode()
        else:
            target = _literal(_normal(_path_and_query(url.encode(errors="replace"))))
            decoded = _query_decoded(target)
        if target == b"/robots.txt":
            return True
        longest, verdict = self._plainly(decoded)
        for rule in self.wild:
            if rule.length < longest or (rule.length == longest and verdict):
                break
            if rule.matches(target, decoded):
                return rule.allow
        return verdict

    def _plainly(self, target: bytes) -> tuple[int, bool]:
        for length in self.lengths:
            start = target[:length]
            verdict = self.plain.get(start)
            if verdict is not None:
                return len(start), verdict
        return -1, True


UNAVAILABLE = Robots()
"""4xx: there are no rules."""
UNREACHABLE = Robots(reachable=False)
"""5xx or no answer: stay away."""


@dataclass
class _Group:
    agents: set[str] = field(default_factory=set)
    rules: list[tuple[bytes, bool]] = field(default_factory=list)
    delays: dict[str, float] = field(default_factory=dict)
    undelayed: set[str] = field(default_factory=set)


def parse(body: bytes, product_token: str) -> Robots:
    """Read a robots.txt for one robot. Never raises: what cannot be read is skipped, as the standard asks.

    Args:
        body: The file; what lies beyond 500 KiB is ignored.
        product_token: Our name, e.g. ``ScraperSkyBot``; compared without case. A version after it is ignored, and of a
            whole User-Agent header each name counts.
    """
    groups, sitemaps = _groups(body)
    for name in names(product_token):
        ours = [group for group in groups if name in group.agents]
        if ours:
            delays = [group.delays[name] for group in ours if name in group.delays]
            rules = (rule for group in ours for rule in group.rules)
            plain, wild = _compiled(rules)
            lengths = tuple(sorted({len(path) for path in plain}, reverse=True))
            return Robots(plain, lengths, wild, max(delays, default=None), sitemaps)
    return Robots(sitemaps=sitemaps)


def _groups(body: bytes) -> tuple[list[_Group], tuple[str, ...]]:
    groups: list[_Group] = []
    sitemaps: dict[str, None] = {}
    naming = False
    for key, value in lines(body):
        if key is Key.AGENT:
            if not naming:
                groups.append(_Group())
            meant = set(agents(value))
            groups[-1].agents |= meant
            groups[-1].undelayed |= meant
            naming = True
        elif key is Key.SITEMAP:
            if value:
                sitemaps[value.decode(errors="replace")] = None
        elif groups and key is Key.DELAY:
            _delay(groups[-1], value)
        elif groups:
            naming = False
            if value:
                groups[-1].rules.append((value, key is Key.ALLOW))
    return groups, tuple(sitemaps)


def _delay(group: _Group, value: bytes) -> None:
    """It is meant for the agents named since the last one: two robots in a row may ask for different delays."""
    try:
        seconds = float(value)
    except ValueError:
        return
    if 0 <= seconds < float("inf"):
        group.delays |= dict.fromkeys(group.undelayed or group.agents, seconds)
        group.undelayed = set()


def _compiled(rules: Iterable[tuple[bytes, bool]]) -> tuple[dict[bytes, bool], tuple[_Wild, ...]]:
    plain: dict[bytes, bool] = {}
    wild: list[_Wild] = []
    for value, allow in rules:
        if _PLAIN_RULE.fullmatch(value) and not (allow and b"/index.htm" in value):
            plain[value] = allow or plain.get(value, False)
            continue
        for pattern in _patterns(_normal(value), allow=allow):
            if b"*" in pattern or pattern.endswith(b"$"):
                wild.append(_wild(pattern, allow=allow))
            else:
                path = _literal(_query_decoded(pattern))
                plain[path] = allow or plain.get(path, False)
    wild.sort(key=lambda rule: (rule.length, rule.allow), reverse=True)
    return plain, tuple(wild)


def _wild(pattern: bytes, *, allow: bool) -> _Wild:
    anchored = pattern.endswith(b"$")
    inner = pattern[:-1] if anchored else pattern
    pieces, decoded = _pieces(inner), _query_decoded(inner)
    query_pieces = pieces if decoded == inner else _pieces(decoded)
    needles = max(pieces, key=len), max(query_pieces, key=len)
    return _Wild(len(pattern), allow, anchored, pieces, query_pieces, *needles)


def _patterns(pattern: bytes, *, allow: bool) -> Iterator[bytes]:
    yield pattern
    directory, slash, name = pattern.rpartition(b"/")
    if allow and slash and name.startswith(b"index.htm"):
        yield directory + b"/$"


def _pieces(pattern: bytes) -> tuple[bytes, ...]:
    return tuple(_literal(piece) for piece in pattern.split(b"*"))


def _path_and_query(url: bytes) -> bytes:
    """Of an absolute URL, of one without its scheme, or of a path; as Google's parser takes URLs apart."""
    rest = url.partition(b"#")[0]
    if not rest.startswith(b"/") or rest.startswith(b"//"):
        rest = re.sub(rb"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//", b"", rest)
        start = re.search(rb"[/?;]", rest)
        rest = rest[start.start() :] if start else b"/"
    return rest if rest.startswith(b"/") else b"/" + rest


def _normal(text: bytes) -> bytes:
    return _SPECIAL.sub(_octet, text)


def _octet(found: re.Match[bytes]) -> bytes:
    text = found[0]
    if len(text) == 1:
        return b"%%%02X" % text[0]
    value = int(text[1:], 16)
    return bytes((value,)) if value in _UNRESERVED else text.upper()


def _literal(text: bytes) -> bytes:
    return text.replace(b"*", b"%2A").replace(b"$", b"%24")


def _query_decoded(text: bytes) -> bytes:
    path, mark, query = text.partition(b"?")
    return path + mark + _IN_QUERY.sub(lambda found: bytes((int(found[0][1:], 16),)), query) if mark else text


def _matches(pieces: tuple[bytes, ...], target: bytes, *, anchored: bool) -> bool:
    """Linear in pattern times target, whatever stars a hostile file brings: each piece is found once, leftmost."""
    first, *rest = pieces
    if not target.startswith(first):
        return False
    at = len(first)
    if not rest:
        return not anchored or at == len(target)
    *middle, last = rest
    for piece in middle:
        found = target.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if anchored:
        return len(target) - len(last) >= at and target.endswith(last)
    return target.find(last, at) >= 0
