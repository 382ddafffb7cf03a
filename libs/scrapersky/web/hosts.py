"""Hosts of URLs in their normal form, as the WHATWG's host parser reads them (URL Standard §3.5).

Names are mapped by UTS 46 without transitional processing, so that ``ß`` and emoji stay what they are; an IPv4 address
in any spelling that browsers read becomes four decimal numbers; an IPv6 address takes the form of RFC 5952, with the
IPv4-mapped ones in hexadecimal. Where browsers keep a trailing dot we drop it: it is the same site.
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache

import idna

LONGEST_HOST = 253

_FORBIDDEN = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_JOINERS = "\u200c\u200d"


@lru_cache(maxsize=4096)
def normal_host(text: str) -> str:
    """The normal form of a host.

    Args:
        text: As it stands in a URL; an IPv6 address in brackets.

    Raises:
        ValueError: It cannot be read; `idna.IDNAError` and UnicodeError are of this kind.
    """
    if text.startswith("["):
        return _ipv6(text)
    name = _mapped(_ESCAPE.sub(_octet, text.encode()).decode() if "%" in text else text).rstrip(".")
    if not name or len(name) > LONGEST_HOST or ".." in name or _FORBIDDEN.search(name):
        raise ValueError(text)
    return _ipv4(name) if _NUMBER.fullmatch(name.rpartition(".")[2]) else name


def _octet(escape: re.Match[bytes]) -> bytes:
    return bytes([int(escape[1], 16)])


def _mapped(text: str) -> str:
    if text.isascii() and "xn--" not in text.lower():
        return text.lower()
    labels = idna.uts46_remap(text, std3_rules=False).split(".")
    return ".".join(_ascii_label(label) for label in labels)


def _ascii_label(label: str) -> str:
    if label.startswith("xn--"):
        decoded = label[4:].encode("ascii").decode("punycode")
        if decoded.isascii() or idna.uts46_remap(decoded, std3_rules=False) != decoded:
            raise ValueError(label)
        if _ascii_label(decoded) != label:
            raise ValueError(label)
        return label
    if label.isascii():
        return label
    if unicodedata.category(label[0]).startswith("M"):
        raise ValueError(label)
    idna.check_bidi(label)
    if any(char in _JOINERS and not idna.valid_contextj(label, at) for at, char in enumerate(label)):
        raise ValueError(label)
    return "xn--" + label.encode("punycode").decode("ascii")


def _ipv6(text: str) -> str:
    if not text.endswith("]") or "%" in text:
        raise ValueError(text)
    address = ipaddress.IPv6Address(text[1:-1])
    if address.ipv4_mapped is not None:  # Python spells these one way up to 3.12, and another way since
        value = int(address.ipv4_mapped)
        return f"[::ffff:{value >> 16:x}:{value & 0xFFFF:x}]"
    return f"[{address.compressed}]"


def _ipv4(name: str) -> str:
    numbers = [_number(part) for part in name.split(".")]
    last = 256 ** (5 - len(numbers)) if len(numbers) <= 4 else 0  # noqa: PLR2004
    if numbers[-1] >= last or any(number > 255 for number in numbers[:-1]):  # noqa: PLR2004
        raise ValueError(name)
    value = sum(number << (8 * (3 - place)) for place, number in enumerate(numbers[:-1]))
    return str(ipaddress.IPv4Address(value + numbers[-1]))


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    if text[:2] in {"0x", "0X"}:
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") else 10)
