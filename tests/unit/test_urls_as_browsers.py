"""URLs as browsers read them: the http and https cases that the URL Standard and its public test suite turn on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.errors import InputError
from scrapersky.web.urls import LONGEST_URL, normalise, parse

BASE = "http://example.org/foo/bar"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("http://example\t.\norg", "http://example.org/"),
        ("http:foo.com", "http://example.org/foo/foo.com"),
        ("HTTP:/example.com/", "http://example.org/example.com/"),
        ("http:", "http://example.org/foo/bar"),
        ("http::@c:29", "http://example.org/foo/:@c:29"),
        ("https:foo.com", "https://foo.com/"),
        ("https:/example.com/", "https://example.com/"),
        ("http:////////user:@google.com:99?foo", "http://google.com:99/?foo"),
        ("\t   :foo.com   \n", "http://example.org/foo/:foo.com"),
        (" foo.com  ", "http://example.org/foo/foo.com"),
        ("http://f:21/ b ? d # e ", "http://f:21/%20b%20?%20d%20"),
        ("http://f:00000000000000/c", "http://f:0/c"),
        ("http://f:00000000000000000000080/c", "http://f/c"),
        ("http://f:\n/c", "http://f/c"),
        ("http://a:b@c:29/d", "http://c:29/d"),
        ("http://&a:foo(b]c@d:2/", "http://d:2/"),
        ("http://foo.com:b@d/", "http://d/"),
        ("http://foo.com/\\@", "http://foo.com//@"),
        ("\\\\x\\hello", "http://x/hello"),
        ("http://a:b@c\\", "http://c/"),
        ("http://foo.com/?a\\b", "http://foo.com/?a\\b"),
        ("/a/ /c", "http://example.org/a/%20/c"),
        ("http://e.com////../..", "http://e.com//"),
        ("http://e.com/foo/bar//../..", "http://e.com/foo/"),
        ("http://e.com/foo/..bar", "http://e.com/foo/..bar"),
        ("http://e.com/foo/.%2E/ton", "http://e.com/ton"),
        ("http://e.com/(%28:%3A%29)", "http://e.com/(%28:%3A%29)"),
        ("http://e.com/?q='x'|[y]", "http://e.com/?q=%27x%27|[y]"),
        ("http://e.com/'x'|[y]", "http://e.com/'x'|[y]"),
        ("#β", BASE),
    ],
)
def test_references(reference: str, expected: str) -> None:
    assert normalise(reference, BASE) == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.168.257", "192.168.1.1"),
        ("192.168.257.", "192.168.1.1"),
        ("192.168.257.com", "192.168.257.com"),
        ("256", "0.0.1.0"),
        ("4294967295", "255.255.255.255"),
        ("0x", "0.0.0.0"),
        ("0XFFFFFFFF", "255.255.255.255"),
        ("%30%78%63%30%2e%30%32%35%30.01", "192.168.0.1"),
        ("0Ｘｃ０．０２５０．０１", "192.168.0.1"),
        ("127。0。0｡1", "127.0.0.1"),
        ("①②⑦.⓪.⓪.①", "127.0.0.1"),
        ("127.0.0.\u00ad1", "127.0.0.1"),
        ("[::127.0.0.1]", "[::7f00:1]"),
        ("[0:0:0:0:0:0:13.1.68.3]", "[::d01:4403]"),
        ("[::FFFF:127.0.0.1]", "[::ffff:7f00:1]"),
        ("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"),
        ("[1:2:3:4:5:6:0:8]", "[1:2:3:4:5:6:0:8]"),
        ("GOO\u200b\u2060\ufeffgoo.com", "googoo.com"),
        ("www.foo。bar.com", "www.foo.bar.com"),
        ("Ｇｏ.com", "go.com"),
        ("faß.ExAmPlE", "xn--fa-hia.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("💩.la", "xn--ls8h.la"),
        ("xn--ls8h.la", "xn--ls8h.la"),
        ("ab--c.example", "ab--c.example"),
        ("-a-.example", "-a-.example"),
    ],
)
def test_hosts(host: str, expected: str) -> None:
    assert normalise(f"http://{host}/") == f"http://{expected}/"
    assert normalise(f"http://{expected}/") == f"http://{expected}/"


@pytest.mark.parametrize(
    "host",
    [
        *("4294967296", "0x100000000", "256.256.256.256", "1.2.3.4.5", "0..0x300", "foo.0x4", "foo.09", "foo.2.3"),
        *("+1.2.3.4", "1_0.1", "0x1g.1", "08.1", "[1::2]:3:4", "[::1.2.3.4x]", "[::1.2.3.]", "[2001::1", "[www.x.com]"),
        *("[v1.x]", "[::1%25lo]", "[::1]x", "f:c", "f: ", "f:65536", "f:" + "9" * 5000, "x x", "a%00b", "a%2fb", "a^b"),
        *(
            "\ufdd0zyx.com",
            "％００.com",
            "xn--",
            "xn--a",
            "xn--zn7c.com",
            "a\u200cb",
            "\u0301a.com",
            "xn--8ö",
            "..",
            "%",
        ),
    ],
)
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(InputError):
        normalise(f"http://{host}/")


def test_port_zero_is_a_port() -> None:
    assert parse("http://e.com:0/").effective_port == 0


def test_what_grows_too_long_is_refused_too() -> None:
    with pytest.raises(InputError, match="longer"):
        normalise("http://e.com/" + "ü" * (LONGEST_URL // 4))
    with pytest.raises(InputError, match="longer"):
        normalise("x" * 8000, "http://e.com/" + "y" * 8000 + "/")


LIKELY = st.lists(
    st.sampled_from([
        *("http:", "https:", "//", "/", "\\", "@", ":", "?", "#", ".", "..", "%2e", "%2E%2e", "%", "%41", "%zz", "%ff"),
        *("[", "]", "::1", "[::1]", "127.1", "0x7f", "a", "B", "ü", "ß", "xn--", "xn--bcher-kva", "com", "example.com"),
        *(":80", ":443", ":0", " ", "\t", "\n", "'", '"', "<", "&amp;", "+", "~", "\u200d", "。", "١", "💩", "\x00"),
    ]),
    max_size=12,
).map("".join)  # fmt: skip


@given(LIKELY, st.sampled_from([None, BASE, "https://user@ü.example:8443/a/b/?q"]))
def test_the_normal_form_is_stable_and_plain(text: str, base: str | None) -> None:
    try:
        once = normalise(text, base)
    except InputError:
        return
    assert normalise(once) == str(parse(once)) == once
    assert once.isascii()
    assert not set(once) & set('# \t\n"<>@'[:-1])


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text(text: str, base: str) -> None:
    for given_base in (None, f"http://{base}"):
        try:
            once = normalise(text, given_base)
        except InputError:
            continue
        assert normalise(once) == once
