"""URLs: one normal form, so that one page is one row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.errors import InputError
from scrapersky.web.urls import domain_of, host_of, normalise, same_site


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://WWW.Example.COM/", "http://www.example.com/"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com:443/", "https://example.com/"),
        ("http://example.com:080/", "http://example.com/"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("https://example.com:/", "https://example.com/"),
        ("https://user:secret@example.com/x", "https://example.com/x"),
        ("https://example.com./x", "https://example.com/x"),
        ("  https://example.com/a\tb\nc  ", "https://example.com/abc"),
        ("https:\\\\example.com\\a\\b", "https://example.com/a/b"),
        ("https:///example.com/a", "https://example.com/a"),
        ("https://example.com/a/./b/../c", "https://example.com/a/c"),
        ("https://example.com/../../a", "https://example.com/a"),
        ("https://example.com/a/%2E%2e/b", "https://example.com/b"),
        ("https://example.com/a/..", "https://example.com/"),
        ("https://example.com/a//b", "https://example.com/a//b"),
        ("https://example.com/%7Euser/%e2%82%ac", "https://example.com/~user/%E2%82%AC"),
        ("https://example.com/straße?q=ü", "https://example.com/stra%C3%9Fe?q=%C3%BC"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://example.com/%%341", "https://example.com/%2541"),
        ("https://example.com/a%2Fb", "https://example.com/a%2Fb"),
        ("https://example.com/?utm_source=x&gclid=y", "https://example.com/?utm_source=x&gclid=y"),
        ("https://example.com/?", "https://example.com/?"),
        ("https://example.com?q=1", "https://example.com/?q=1"),
        ("https://example.com/?a=/../b", "https://example.com/?a=/../b"),
        ("https://example.com/a#b?c", "https://example.com/a"),
        ("https://MÜNCHEN.de/", "https://xn--mnchen-3ya.de/"),
        ("https://ex%61mple.com/", "https://example.com/"),
        ("https://ｅｘａｍｐｌｅ．ｃｏｍ/", "https://example.com/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://017700000001/", "http://127.0.0.1/"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
        ("http://[2001:DB8:0:0::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://under_score.example.com/", "http://under_score.example.com/"),
    ],
)
def test_normal_form(url: str, expected: str) -> None:
    assert normalise(url) == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/x",
        "/x",
        "ftp://example.com/",
        "javascript:alert(1)",
        "mailto:a@example.com",
        "http://",
        "http:///",
        "http://?q",
        "http://exa mple.com/",
        "http://example.com:99999/",
        "http://example.com:8o/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://a..b/",
        "http://exa\x00mple.com/",
        "http://\ud800.com/",
        "http://example.com/" + "a" * 8200,
    ],
)
def test_what_is_no_url_is_named(url: str) -> None:
    with pytest.raises(InputError) as error:
        normalise(url)
    assert repr(url[:20])[1:10] in str(error.value)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("x", "https://e.example/d/x"),
        ("./x", "https://e.example/d/x"),
        ("../x", "https://e.example/x"),
        ("/x", "https://e.example/x"),
        ("//other.example/x", "https://other.example/x"),
        ("\\\\other.example\\x", "https://other.example/x"),
        ("?y", "https://e.example/d/page?y"),
        ("", "https://e.example/d/page?q"),
        ("#top", "https://e.example/d/page?q"),
        ("http://other.example", "http://other.example/"),
    ],
)
def test_references_are_resolved(reference: str, expected: str) -> None:
    assert normalise(reference, "https://e.example/d/page?q#f") == expected


@given(
    st.text(max_size=100), st.sampled_from(["https://example.com/", "http://", "https://a.b/?", "http://x.y:80/", ""])
)
def test_the_normal_form_is_stable(text: str, prefix: str) -> None:
    try:
        once = normalise(prefix + text, "https://base.example/a/b")
    except InputError:
        return
    assert normalise(once) == once
    assert once.isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HTTPS://WWW.Example.COM:443/x?y", "example.com"),
        ("example.com/", "example.com"),
        (" münchen.de ", "xn--mnchen-3ya.de"),
        ('"example.org"', "example.org"),
        ("//example.net/a@b", "example.net"),
        ("shop.example.co.uk", "shop.example.co.uk"),
        ("www.com", "www.com"),
        ("www.www.example.com", "www.example.com"),
    ],
)
def test_domains(text: str, expected: str) -> None:
    assert domain_of(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "1.2.3.4", "http://[::1]/", "a@b.com", "http://u:p@b.com", "foo bar", "-x.com", "http://x y"],
)
def test_what_is_no_domain(text: str) -> None:
    with pytest.raises(InputError):
        domain_of(text)


def test_sites() -> None:
    assert host_of("https://A.example:8443/x") == "a.example"
    assert same_site("https://www.joes.co.uk/", "http://blog.joes.co.uk/x")
    assert not same_site("https://a.github.io/", "https://b.github.io/")
