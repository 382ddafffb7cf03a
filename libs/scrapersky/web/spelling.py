"""The addresses that anyone's careless reader would find in a URL, so that what points inward is refused by its look.

The guard proper judges socket addresses (`scrapersky.web.resolve`) and needs none of this. But a URL that we cannot
read, because its host is misspelled for us, may be spelled just right for someone else: ``http://::1/``,
``http://[127.0.0.1]/``, ``http://127.0.0.1%00.example/``, ``http://425.510.425.510/``. Those are refused, which tells
an operator more than "not a URL" would.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from scrapersky.web.address import Address, why_not_public

_MOST_DECODINGS = 3
_AFTER_SCHEME = re.compile(r"(?:.*?:)??[/\\]{2,}", re.DOTALL)
_HTTP = re.compile(r"\s*https?:", re.IGNORECASE)
_END = re.compile(r"[/\\?#]")
_PLAIN = re.compile(r"[\w.:\[\]-]*")
_OCTAL = re.compile(r"(?:0[oO]|[oOqQ])([0-7]+)")
_EMBEDDED = re.compile(r"(?<![\w-])(?:[\w-]+-)?(\d{1,3})([.-])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?![^.])")
_INSIDE = (".internal", ".local", ".localdomain", ".home.arpa", ".intranet", ".corp", ".lan")
_LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
_LONGEST = 1024


def careless_addresses(url: str) -> set[Address]:
    """Every address that the host of a URL, or of what was meant to be one, may be read as; empty for a name.

    Args:
        url: As given; any scheme, or none.
    """
    text = url[:_LONGEST]
    found: set[Address] = set()
    for _ in range(_MOST_DECODINGS):
        for variant in (text, re.sub(r"[\t\r\n]", "", text)):
            found.update(_addresses(_host(variant)))
        text = unquote(text, errors="replace")
    return found


def _host(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf").strip()
    start = _AFTER_SCHEME.match(plain) or _HTTP.match(plain)
    rest = plain[start.end() :] if start else plain
    host = _END.split(rest, maxsplit=1)[0].rpartition("@")[2].strip()
    found = _PLAIN.match(host.replace("。", "."))
    return found[0] if found else ""


def _addresses(host: str) -> Iterator[Address]:
    inner = host[1:].partition("]")[0] if host.startswith("[") else host
    for text in (inner, inner.rpartition(":")[0]):
        try:
            yield ipaddress.IPv6Address(text)
        except ValueError:
            continue
    name = inner.partition(":")[0].rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        yield _LOOPBACK
    labels = name.split(".")
    if len(labels) <= 4:  # noqa: PLR2004
        for octal in (True, False):
            numbers = [_number(label, octal=octal) for label in labels]
            if None not in numbers:
                yield _ipv4([number or 0 for number in numbers])


def _ipv4(numbers: list[int]) -> ipaddress.IPv4Address:
    """As readers compute it that let each part overflow."""
    *first, last = numbers
    value = sum((number % 256) << (8 * (3 - place)) for place, number in enumerate(first))
    return ipaddress.IPv4Address((value + last % 256 ** (4 - len(first))) % 2**32)


def _number(label: str, *, octal: bool) -> int | None:
    try:
        if label.startswith("0x"):
            return int(label[2:] or "0", 16)
        if named := _OCTAL.fullmatch(label):
            return int(named[1], 8)
        leading = octal and label.startswith("0") and not set(label) & set("89")
        return int(label, 8 if leading else 10) if label.isdecimal() else None
    except ValueError:
        return None


def why_inward(name: str) -> str | None:
    """Why a name that nobody can resolve for us is no website's; None when it may be one.

    Args:
        name: A host in its normal form.
    """
    if "." not in name:
        return "a single label, which is no name of the Internet (RFC 7085)"
    if name.endswith(_INSIDE):
        return "a name of networks of one's own (RFC 6762, RFC 8375)"
    for parts in _EMBEDDED.findall(name):
        numbers = [int(part) for part in (parts[0], *parts[2:])]
        if max(numbers) < 256 and (reason := why_not_public(ipaddress.IPv4Address(bytes(numbers)))):  # noqa: PLR2004
            return f"it names {'.'.join(map(str, numbers))}, which is not public: {reason}"
    return None
