"""The address guard: the values just inside and just outside of every range."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.web.address import (
    GLOBAL_UNICAST,
    NAMED_IPV6,
    SPECIAL_IPV4,
    SPECIAL_IPV6,
    refusal,
    why_not_public,
)
from scrapersky.web.spelling import why_inward


def _edges(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, list[int]]:
    network = ipaddress.ip_network(text)
    return network, [int(network.network_address) - 1, int(network.broadcast_address) + 1]


@pytest.mark.parametrize(("text", "reason"), [*SPECIAL_IPV4.items(), *SPECIAL_IPV6.items(), *NAMED_IPV6.items()])
def test_every_range_is_refused_to_its_edges(text: str, reason: str) -> None:
    network, _ = _edges(text)
    for address in (network.network_address, network.broadcast_address):
        assert why_not_public(address) is not None
        assert "RFC" in reason or "cloud" in reason


@pytest.mark.parametrize("text", SPECIAL_IPV4)
def test_what_lies_just_outside_an_ipv4_range_is_judged_by_itself(text: str) -> None:
    _, outside = _edges(text)
    for value in outside:
        if 0 <= value < 2**32:
            address = ipaddress.IPv4Address(value)
            listed = any(address in ipaddress.ip_network(other) for other in SPECIAL_IPV4)
            assert (why_not_public(address) is not None) is listed


@pytest.mark.parametrize("text", SPECIAL_IPV6)
def test_what_lies_just_outside_an_ipv6_range_is_judged_by_itself(text: str) -> None:
    _, outside = _edges(text)
    for value in outside:
        address = ipaddress.IPv6Address(value)
        listed = address not in GLOBAL_UNICAST or any(address in ipaddress.ip_network(o) for o in SPECIAL_IPV6)
        assert (why_not_public(address) is not None) is listed


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8", "1.1.1.1", "93.184.215.14", "172.15.255.255", "100.128.0.0", "2606:4700::1111", "2001:4860:4860::8888"],
)
def test_public_addresses_pass(text: str) -> None:
    assert why_not_public(ipaddress.ip_address(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::808:808",
        "64:ff9b:1::808:808",
        "2002:808:808::1",
        "2001:0:808:808::1",
        "2606:4700::5efe:808:808",
        "2606:4700::200:5efe:808:808",
        "fe80::1%2",
        "2606:4700::1%3",
        "::",
        "4000::1",
    ],
)
def test_metadata_services_and_embedded_addresses_are_refused(text: str) -> None:
    assert why_not_public(ipaddress.ip_address(text)) is not None


@given(st.integers(0, 2**128 - 1).filter(lambda value: value >> 125 != 1))
def test_nothing_outside_global_unicast_is_public(value: int) -> None:
    assert why_not_public(ipaddress.IPv6Address(value)) is not None


def test_allowed_networks_open_what_they_name_and_nothing_else() -> None:
    allowed = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
    assert refusal(ipaddress.ip_address("127.9.9.9"), allowed) is None
    assert refusal(ipaddress.ip_address("fd12::1"), allowed) is None
    assert refusal(ipaddress.ip_address("10.0.0.1"), allowed) == "private (RFC 1918)"
    assert refusal(ipaddress.ip_address("::ffff:127.0.0.1"), allowed) is not None


@pytest.mark.parametrize(
    ("name", "inward"),
    [
        ("intranet", True),
        ("db.prod.internal", True),
        ("127.0.0.1.nip.io", True),
        ("a-10-0-0-1.sslip.io", True),
        ("www.example.com", False),
        ("8.8.8.8.nip.io", False),
        ("10-0-0-1x.example.com", False),
        ("1-2-3.internal.example.com", False),
        ("10.0.300.1.example.com", False),
    ],
)
def test_names_that_nobody_resolves_may_be_inward_by_their_look(name: str, inward: bool) -> None:
    assert (why_inward(name) is not None) is inward
