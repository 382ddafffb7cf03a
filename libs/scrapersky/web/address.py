"""Which addresses are public: by the IANA special-purpose registries (RFC 6890), not by a library's opinion.

IPv4: https://www.iana.org/assignments/iana-ipv4-special-registry, IPv6: …/iana-ipv6-special-registry. What is not
listed there and not multicast is public in IPv4; in IPv6 only 2000::/3 is allocated for global unicast (RFC 4291 §2.4),
less what is listed. Every form that embeds an IPv4 address is refused whole: a public website has no need of one, and a
translator on our side of it would take us anywhere.
"""

import ipaddress
from bisect import bisect_right
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SPECIAL_IPV4 = {
    "0.0.0.0/8": "this network (RFC 791)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "shared by carriers (RFC 6598)",
    "127.0.0.0/8": "loopback (RFC 1122)",
    "168.63.129.16/32": "the platform of a cloud (Azure), reachable from inside only",
    "169.254.0.0/16": "link-local, cloud metadata included (RFC 3927)",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.0.0.0/24": "protocol assignments (RFC 6890)",
    "192.0.2.0/24": "documentation (RFC 5737)",
    "192.31.196.0/24": "AS112 (RFC 7535)",
    "192.52.193.0/24": "AMT (RFC 7450)",
    "192.88.99.0/24": "6to4 relays (RFC 7526)",
    "192.168.0.0/16": "private (RFC 1918)",
    "192.175.48.0/24": "AS112 (RFC 7534)",
    "198.18.0.0/15": "benchmarking (RFC 2544)",
    "198.51.100.0/24": "documentation (RFC 5737)",
    "203.0.113.0/24": "documentation (RFC 5737)",
    "224.0.0.0/4": "multicast (RFC 1112)",
    "240.0.0.0/4": "reserved, broadcast included (RFC 1112, RFC 919)",
}
SPECIAL_IPV6 = {
    "2001::/23": "protocol assignments, Teredo included (RFC 2928, RFC 4380)",
    "2001:db8::/32": "documentation (RFC 3849)",
    "2002::/16": "6to4 (RFC 3056)",
    "2620:4f:8000::/48": "AS112 (RFC 7534)",
    "3fff::/20": "documentation (RFC 9637)",
}
NAMED_IPV6 = {
    "::/128": "unspecified (RFC 4291)",
    "::1/128": "loopback (RFC 4291)",
    "::ffff:0:0/96": "IPv4-mapped (RFC 4291)",
    "::ffff:0:0:0/96": "IPv4-translated (RFC 2765)",
    "::/96": "IPv4-compatible (RFC 4291)",
    "64:ff9b::/96": "NAT64 (RFC 6052)",
    "64:ff9b:1::/48": "NAT64 of a local network (RFC 8215)",
    "100::/64": "discard-only (RFC 6666)",
    "100:0:0:1::/64": "dummy (RFC 9780)",
    "5f00::/16": "segment routing (RFC 9602)",
    "fc00::/7": "unique local, cloud metadata included (RFC 4193)",
    "fe80::/10": "link-local (RFC 4291)",
    "fec0::/10": "site-local (RFC 3879)",
    "ff00::/8": "multicast (RFC 4291)",
}
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})


def _sorted(table: dict[str, str]) -> tuple[list[int], list[int], list[str]]:
    entries = sorted((ipaddress.ip_network(text), reason) for text, reason in table.items())
    networks = [network for network, _ in entries]
    return (
        [int(network.network_address) for network in networks],
        [int(network.broadcast_address) for network in networks],
        [reason for _, reason in entries],
    )


_IPV4 = _sorted(SPECIAL_IPV4)
_IPV6 = _sorted(SPECIAL_IPV6)
_NAMED_IPV6 = [(ipaddress.IPv6Network(text), reason) for text, reason in NAMED_IPV6.items()]


def why_not_public(address: Address) -> str | None:
    """The reason why an address is not public unicast, with its RFC; None when it is public.

    Args:
        address: What a socket would connect to, never the text of a URL.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return _listed(int(address), _IPV4)
    if address.scope_id is not None:
        return "scoped to one link (RFC 4007)"
    if address not in GLOBAL_UNICAST:
        return next((reason for network, reason in _NAMED_IPV6 if address in network), "not global unicast (RFC 4291)")
    if (int(address) >> 32) & 0xFFFF_FFFF in ISATAP:
        return "ISATAP (RFC 5214)"
    return _listed(int(address), _IPV6)


def _listed(value: int, table: tuple[list[int], list[int], list[str]]) -> str | None:
    first, last, reasons = table
    at = bisect_right(first, value) - 1
    return reasons[at] if at >= 0 and value <= last[at] else None


def refusal(address: Address, allowed: Sequence[Network]) -> str | None:
    """As `why_not_public`, but an address inside one of the ``allowed`` networks passes."""
    if any(address.version == network.version and address in network for network in allowed):
        return None
    return why_not_public(address)
