"""Web pages under mutation: whatever they have become, their facts are read, fit the database, and cost little."""

# ruff: noqa: E501 -- markup

import json

import pytest

from scrapersky.metadata import Page, extract
from scrapersky.metadata.broken_json import read as read_json
from scrapersky.metadata.icons import from_manifest
from scrapersky.metadata.scripts import built_texts
from scrapersky.web.html import decode, parse
from tests.internet.crowd import busy_crowd
from tests.internet.server import Request
from tests.support.fuzzing import fuzz
from tests.support.pages import URL, cloudflare, ld, page

BUSY = busy_crowd(1, 0)[0].answer(Request("https", "plumber0001.example", "GET", "/", {})).body
DENSE = page(
    '<meta charset="windows-1252"><title>Joe</title><base href="https://cdn.example.net/"><link rel=icon href=i.png sizes=32x32>'
    + ld('{"@graph": [{"@type": "Plumber", "telephone": "+1 512 555 0142", "geo": {"latitude": 1, "longitude": 2}}]}')
    + '<meta name=generator content="WordPress 6.6"><script src="/wp-includes/js/wp-embed.min.js?ver=6.6.1"></script>',
    f'<a href="/cdn-cgi/l/email-protection#{cloudflare("a@joesplumbing.com")}">x</a> joe [at] joes [dot] com Fax 512-555-0143'
    '<div itemscope itemref="a b" itemtype="http://schema.org/Store"><b itemprop="name">x</b></div><i id=a itemprop=email>x@y.com'
    "</i><div vocab='http://schema.org/' typeof=Store><b property=telephone>512 555 0144</b></div>"
    "<script>var a = 'joe' + '@' + 'joes.com'; String.fromCharCode(106,64); unescape('%6a')</script>"
    '<span style="unicode-bidi:bidi-override">moc.x@y</span><a href="tel:1-800-FLOWERS,,5">x</a>'
    '<footer><a href="https://www.facebook.com/pages/Joe/123">f</a><img class=logo srcset="a.png 1x"></footer>',
).body
PAGES = [BUSY, DENSE, "<p>Größe 電話 03-3224-9999 ✆ +49 (0) 30 / 901820".encode("utf-16")]


@pytest.mark.fuzz
def test_pages() -> None:
    def read(body: bytes) -> None:
        for charset in ("", "; charset=gbk"):
            found = extract([Page(URL, body, {"content-type": f"text/html{charset}"})])
            text = json.dumps(
                [found.title, found.tech_stack, found.email_addresses, found.meta_json], ensure_ascii=False
            )
            assert "\\u0000" not in text
            text.encode()

    fuzz(read, PAGES, seconds=4, mebibytes=200)


@pytest.mark.fuzz
def test_decoding_and_parsing() -> None:
    fuzz(lambda body: parse(decode(body, None), URL), PAGES, seconds=3, mebibytes=200)


@pytest.mark.fuzz
def test_broken_json() -> None:
    files = [b'{\'a\': [1, "b", {c: "d"e"}], // x\n}', '{"@type": "Plumber", “name”: “Joe”, "n": NaN,}'.encode()]
    fuzz(lambda body: read_json(body.decode("utf-8", "replace")), files, seconds=3, mebibytes=150)


@pytest.mark.fuzz
def test_scripts_and_manifests() -> None:
    files = [
        b"var a='x'+\"@\"+'y.com'; a += unescape('%40') + atob('YQ=='); String.fromCharCode(0x40, 64); 'ab'.split('').reverse()"
        b'.join("")',
        b'{"icons": [{"src": "i.png", "sizes": "48x48 72x72", "type": "image/png"}]}',
    ]

    def read(body: bytes) -> None:
        for text in built_texts(body.decode("utf-8", "replace")):
            assert len(text) <= 2000
        icon = from_manifest(body, URL)
        assert icon is None or icon.startswith("http")

    fuzz(read, files, seconds=2)
