"""robots.txt as RFC 9309 says, and as Google's open source parser reads what the standard leaves open.

- Groups that name our product token are merged; ``*`` counts only where no group names it (§2.2.1).
- The longest matching rule wins, Allow on a tie (§2.2.2); ``*`` and a final ``$`` are special (§2.2.3), and are spelled
  ``%2A`` and ``%24`` where a rule means the characters themselves.
- Octets are compared after percent-encoding what may not stand in a URL, and decoding what need not be encoded.
- The first 500 KiB count (§2.5). Unavailable (4xx): all allowed; unreachable (5xx, network): all disallowed (§2.3.1).

Why not a library: the best one on the registries answers about 95 % of the public cases, and most of its errors allow
what is forbidden.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

LONGEST_FILE = 500 * 1024
LONGEST_LINE = 2083 * 8

_TOKEN = re.compile(r"[A-Za-z_-]+")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_KEYS = {
    "user-agent": "agent",
    "useragent": "agent",
    "user agent": "agent",
    "allow": "allow",
    "disallow": "disallow",
    "dissallow": "disallow",
    "dissalow": "disallow",
    "disalow": "disallow",
    "diasllow": "disallow",
    "disallaw": "disallow",
    "sitemap": "sitemap",
    "site-map": "sitemap",
    "crawl-delay": "delay",
}


@dataclass(frozen=True)
class Rule:
    """One Allow or Disallow line; ``pattern`` in octets, normalised."""

    pattern: bytes
    allow: bool


@dataclass(frozen=True)
class Robots:
    """What one origin's robots.txt says to us.

    Attributes:
        rules: Of the groups that apply to us.
        crawl_delay: Seconds between requests that those groups ask for, or None.
        sitemaps: Every Sitemap line, as written.
        reachable: False when the file could not be had: all is disallowed until it can.
    """

    rules: tuple[Rule, ...] = ()
    crawl_delay: float | None = None
    sitemaps: tuple[str, ...] = ()
    reachable: bool = True

    def allowed(self, url: str) -> bool:
        """Whether we may fetch a URL of this origin.

        Args:
            url: Absolute, or a path with an optional query. ``/robots.txt`` itself is always allowed (§2.2.2).
        """
        if not self.reachable:
            return False
        target = _target(url)
        if target == b"/robots.txt":
            return True
        longest, verdict = -1, True
        for rule in self.rules:
            length = len(rule.pattern)
            if (length > longest or (length == longest and rule.allow)) and _matches(rule.pattern, target):
                longest, verdict = length, rule.allow
        return verdict


UNAVAILABLE = Robots()
"""4xx: there are no rules."""
UNREACHABLE = Robots(reachable=False)
"""5xx or no answer: stay away."""


@dataclass
class _Group:
    agents: list[str] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    delay: float | None = None


def parse(body: bytes, product_token: str) -> Robots:
    """Read a robots.txt for one robot. Never raises: what cannot be read is skipped, as the standard asks.

    Args:
        body: The file; what lies beyond 500 KiB is ignored.
        product_token: Our name, e.g. ``ScraperSkyBot``; compared without case. A version after it is ignored.
    """
    groups, sitemaps = _groups(body)
    token = product_token.partition("/")[0].strip().lower()
    ours = [group for group in groups if token in group.agents] or [group for group in groups if "*" in group.agents]
    delays = [group.delay for group in ours if group.delay is not None]
    rules = tuple(rule for group in ours for rule in group.rules)
    return Robots(rules, max(delays, default=None), tuple(dict.fromkeys(sitemaps)))


def _groups(body: bytes) -> tuple[list[_Group], list[str]]:
    groups: list[_Group] = []
    sitemaps: list[str] = []
    naming = False
    for key, value in _lines(body):
        if key == "agent":
            if not naming:
                groups.append(_Group())
            groups[-1].agents.append(_agent(value))
            naming = True
        elif key == "sitemap":
            if value:
                sitemaps.append(value.decode(errors="replace"))
        elif key == "delay":
            if groups:
                groups[-1].delay = _seconds(value, groups[-1].delay)
        else:
            naming = False
            if groups and value:
                groups[-1].rules += _rules(value, allow=key == "allow")
    return groups, sitemaps


def _rules(value: bytes, *, allow: bool) -> Iterator[Rule]:
    pattern = _normal(value)
    yield Rule(pattern, allow)
    directory, slash, name = pattern.rpartition(b"/")
    if allow and slash and name.startswith(b"index.htm"):
        yield Rule(directory + b"/$", allow)


def _lines(body: bytes) -> Iterator[tuple[str, bytes]]:
    text = body[:LONGEST_FILE]
    for octet in (b"\xef", b"\xbb", b"\xbf"):
        if not text.startswith(octet):
            break
        text = text[1:]
    if len(body) > LONGEST_FILE:
        text = text[: max(text.rfind(b"\n"), text.rfind(b"\r"), 0)]
    for line in re.split(rb"\r\n|\n|\r", text):
        content = line[: LONGEST_LINE - 1].partition(b"#")[0].replace(b"\x00", b"").strip(b" \t\x0b\x0c")
        key, colon, value = content.partition(b":")
        if not colon:
            words = content.split()
            key, value = words if len(words) == 2 else (b"", b"")  # noqa: PLR2004
        name = _KEYS.get(key.strip().decode("latin-1").lower())
        if name is not None:
            yield name, value.strip(b" \t\x0b\x0c")


def _agent(value: bytes) -> str:
    text = value.decode(errors="replace")
    if text == "*" or text.startswith(("* ", "*\t")):
        return "*"
    token = _TOKEN.match(text)
    return token[0].lower() if token else ""


def _seconds(value: bytes, otherwise: float | None) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return otherwise
    return seconds if 0 <= seconds < float("inf") else otherwise


def _target(url: str) -> bytes:
    text = url.encode(errors="replace")
    rest = re.sub(rb"^[A-Za-z][A-Za-z0-9+.-]*://", b"//", text)
    if rest.startswith(b"//"):
        start = min((i for i in (rest.find(b"/", 2), rest.find(b"?", 2)) if i >= 0), default=len(rest))
        rest = rest[start:]
    rest = rest.partition(b"#")[0]
    return _literal(_normal(rest if rest.startswith(b"/") else b"/" + rest))


def _literal(text: bytes) -> bytes:
    return text.replace(b"*", b"%2A").replace(b"$", b"%24")


def _normal(text: bytes) -> bytes:
    out = bytearray()
    at = 0
    while at < len(text):
        octet = text[at]
        escape = _ESCAPE.match(text, at) if octet == ord("%") else None
        if escape is not None:
            decoded = unquote_to_bytes(escape[0])
            out += decoded if decoded[0] in _UNRESERVED else escape[0].upper()
            at += 3
            continue
        out += b"%%%02X" % octet if octet >= 0x80 or octet <= 0x20 else bytes((octet,))  # noqa: PLR2004
        at += 1
    return bytes(out)


def _matches(pattern: bytes, target: bytes) -> bool:
    """Linear in pattern times target, whatever stars a hostile file brings: each piece is found once, leftmost."""
    anchored = pattern.endswith(b"$")
    first, *rest = (_literal(piece) for piece in (pattern[:-1] if anchored else pattern).split(b"*"))
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
