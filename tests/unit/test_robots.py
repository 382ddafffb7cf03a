"""robots.txt: RFC 9309 and what Google's open source parser makes of what the standard leaves open."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.web.robots import LONGEST_FILE, UNAVAILABLE, UNREACHABLE, parse
from scrapersky.web.robots_lines import LONGEST_LINE


def allowed(text: str | bytes, url: str, agent: str = "FooBot") -> bool:
    return parse(text.encode() if isinstance(text, str) else text, agent).allowed(url)


SITE = "http://foo.bar"


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("", "/x", True),
        ("Disallow:", "/x", True),
        ("Disallow: /", "/x", False),
        ("Disallow: /", "/robots.txt", True),
        ("Disallow: /x", "/x/page.html", False),
        ("Disallow: /x", "/X", True),
        ("Disallow: /x\nAllow: /x/page", "/x/page.html", True),
        ("Allow: /x/page\nDisallow: /x", "/x/page.html", True),
        ("Disallow: /x\nAllow: /x", "/x", True),
        ("Disallow: *.gif$", "/a/b.gif", False),
        ("Disallow: *.gif$", "/a/b.gif?x", True),
        ("Disallow: /a*b*c", "/a-x-b-y-c-z", False),
        ("Disallow: /a*b*c", "/a-c-b", True),
        ("Disallow: /*?", "/x?y=1", False),
        ("Disallow: /a$b", "/a$b", False),
        ("Disallow: /file-with-a-%2A.html", "/file-with-a-*.html", False),
        ("Disallow: /a%3cd.html", "/a%3Cd.html", False),
        ("Disallow: /foo/bar/%62%61%7A", "/foo/bar/baz", False),
        ("Disallow: /a%2fb", "/a/b", True),
        ("Disallow: /foo/ツ", "/foo/%E3%83%84", False),
        ("Disallow: /foo/%E3%83%84", "/foo/ツ", False),
        ("Disallow: /x # comment", "/x", False),
        ("Disallow /x", "/x", False),
        ("Dissallow: /x", "/x", False),
        ("Disallow /x y", "/x", True),
        ("Disallow: /x", "/y#/x", True),
        ("Disallow: /x\nAllow: /x/index.html", "/x/", True),
        ("Disallow: /x\nAllow: /x/index.html", "/x/y", False),
        ("noindex: /x\nfoo", "/x", True),
    ],
)
def test_rules(rules: str, path: str, expected: bool) -> None:
    assert allowed(f"User-agent: FooBot\n{rules}\n", SITE + path) is expected


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_line_ends(end: str) -> None:
    assert not allowed(end.join(["user-agent: foobot", "", "  Disallow : /x  "]), f"{SITE}/x")


GROUPS = """
allow: /first
user-agent: FooBot
disallow: /foo
user-agent: *
disallow: /
user-agent: BarBot
sitemap: /s.xml
crawl-delay: 7
user-agent: BazBot

allow: /baz
disallow: /
user-agent: foobot/2.1
disallow: /more
"""


@pytest.mark.parametrize(
    ("agent", "path", "expected"),
    [
        ("FooBot", "/foo", False),
        ("FOOBOT", "/more", False),
        ("FooBot/9", "/x", True),
        ("BarBot", "/baz", True),
        ("BazBot", "/baz", True),
        ("BazBot", "/x", False),
        ("OtherBot", "/first", False),
        ("Foo", "/x", False),
        ("FooBotNews", "/x", False),
    ],
)
def test_groups_are_merged_and_exact(agent: str, path: str, expected: bool) -> None:
    assert allowed(GROUPS, SITE + path, agent) is expected


def test_an_agent_ends_at_the_first_other_character() -> None:
    text = "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n"
    assert allowed(text, f"{SITE}/x/y", "Foo")
    assert not allowed(text, f"{SITE}/x/y", "Foo Bar")


def test_crawl_delay_and_sitemaps() -> None:
    robots = parse(GROUPS.encode() + b"Sitemap: https://foo.bar/t.xml\nSITEMAP:https://foo.bar/t.xml", "BarBot")
    assert robots.crawl_delay == 7
    assert robots.sitemaps == ("/s.xml", "https://foo.bar/t.xml")


@pytest.mark.parametrize("delay", ["nan", "-1", "x", "inf", ""])
def test_a_senseless_crawl_delay_is_none(delay: str) -> None:
    assert parse(f"user-agent: *\ncrawl-delay: {delay}".encode(), "x").crawl_delay is None


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"])
def test_a_byte_order_mark_is_skipped_also_in_part(mark: bytes) -> None:
    assert not allowed(mark + b"User-agent: foobot\nDisallow: /x", f"{SITE}/x")


def test_long_lines_are_cut() -> None:
    line = "/x/" + "a" * (LONGEST_LINE - 14)
    text = f"user-agent: FooBot\ndisallow: {line}/qux\n"
    assert not allowed(text, f"{SITE}{line}/fux")
    assert allowed(text, f"{SITE}/fux")


def test_the_first_500_kib_count_and_a_cut_line_does_not() -> None:
    head = b"user-agent: FooBot\ndisallow: /x\n"
    filling = b"#" * (LONGEST_FILE - len(head) - 12) + b"\n"
    assert not allowed(head + filling, f"{SITE}/x")
    assert allowed(head + filling + b"disallow: /yes-and-no\n", f"{SITE}/y")


def test_unavailable_allows_and_unreachable_disallows() -> None:
    assert UNAVAILABLE.allowed(f"{SITE}/x")
    assert not UNREACHABLE.allowed(f"{SITE}/x")


def test_a_hostile_pattern_costs_no_more_than_its_length() -> None:
    text = "user-agent: *\n" + "disallow: /" + "*a" * 5000 + "$\n"
    began = time.perf_counter()
    assert allowed(text, SITE + "/" + "a" * 4000 + "b")
    assert time.perf_counter() - began < 1


@given(st.binary(max_size=2000), st.text(max_size=200))
def test_never_raises(body: bytes, url: str) -> None:
    robots = parse(b"user-agent: *\n" + body, "FooBot")
    assert robots.allowed(url) in {True, False}
