"""Sitemaps of every form, mutated: no error but ours, no hang, no growth, and what comes out can be stored."""

import gzip
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.errors import PermanentError
from scrapersky.sitemaps.dates import parse_date
from scrapersky.sitemaps.entries import FREQUENCIES
from scrapersky.sitemaps.gunzip import Gunzip
from scrapersky.sitemaps.read import SitemapReader
from scrapersky.web.urls import normalise
from tests.benchmarks.sitemap_files import plain, rich
from tests.internet import files
from tests.support.fuzzing import fuzz


def packed(body: bytes) -> bytes:
    """As gzip, the same at any time: the names of tests hold it."""
    return gzip.compress(body, mtime=0)


BASE = "https://example.com/sitemap.xml"
URLS = [f"https://example.com/{name}?x=1&y=2" for name in ("a", "b/c", "d%20e", "é", "日本")]
NEWS = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE urlset [<!ENTITY site "https://example.com">]>
<n:urlset xmlns:n="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<n:url><n:loc><![CDATA[ https://example.com/a?x=1&y=2 ]]></n:loc><!-- none --><n:changefreq>Daily</n:changefreq>
<news:news><news:publication><news:name>N</news:name></news:publication><news:title>T &amp; t</news:title></news:news>
<n:priority>0,8</n:priority><n:lastmod>2026-10-05 10:00:00 +0200</n:lastmod></n:url>
<n:url><n:loc>&site;/b&#x2F;c</n:loc></n:url></n:urlset>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><link>https://example.com/</link></channel>
<item rdf:about="https://example.com/a"><title>A</title><dc:date>2026-10-05T10:00Z</dc:date></item></rdf:RDF>"""
WHOLE = [
    plain(30),
    rich(10),
    NEWS,
    RDF,
    files.index(URLS),
    files.rss(URLS),
    files.atom(URLS),
    "\n".join(["\ufeff# pages", *URLS, "www.example.com/x", "/y"]).encode(),
    files.urlset(URLS).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    files.urlset(URLS[:3]).replace(b"UTF-8", b"ISO-8859-1"),
    b"<br />\n<b>Warning</b>: x\n" + files.urlset(URLS),
]
PACKED = [packed(body) for body in WHOLE[:4]] + [packed(packed(plain(5))), packed(RDF) * 2]


def read(body: bytes) -> None:
    reader = SitemapReader(BASE)
    random, at = Random(len(body)), 0
    found = []
    while at < len(body):
        end = at + random.choice((1, 100, 40_000, 1 << 20))
        found += reader.feed(body[at:end])
        at = end
    for entry in found + reader.close():
        assert entry.loc.isascii()
        assert entry.loc.isprintable()
        assert normalise(entry.loc) == entry.loc
        assert entry.priority is None or 0 <= entry.priority <= 1
        assert entry.changefreq in {None, *FREQUENCIES}
        assert entry.lastmod is None or entry.lastmod.utcoffset() is not None


@pytest.mark.fuzz
@pytest.mark.parametrize("bodies", [WHOLE, PACKED], ids=["whole", "packed"])
def test_sitemaps(bodies: list[bytes]) -> None:
    fuzz(read, bodies, ours=(PermanentError,), seconds=5)


@pytest.mark.fuzz
def test_gunzip() -> None:
    def inflate(body: bytes) -> None:
        gunzip = Gunzip("fuzzed", 200)
        out = sum(map(len, gunzip.feed(body))) + sum(map(len, gunzip.close()))
        assert out <= 2 * 1024 * 1024 + 200 * len(body)

    fuzz(inflate, PACKED, ours=(PermanentError,))


DATES = "2026-10-05T10:00:00.123+02:00|2026-10|Mon, 05 Oct 2026 10:00:00 GMT|Oct 5, 2026 10:00 pm|05.10.2026|1748772000"


@pytest.mark.fuzz
def test_dates() -> None:
    def date(body: bytes) -> None:
        found = parse_date(body.decode("utf-8", "replace"))
        assert found is None or (found.year >= 1900 and parse_date(found.isoformat()) == found)

    fuzz(date, [each.encode() for each in DATES.split("|")], seconds=1)


PARTS = "<url>|</url>|<loc>|</loc>|<loc/>|<lastmod>|</lastmod>|<x>|</x>|<!--|-->|<![CDATA[|]]>|&amp;|&|2026| |<urlset>"


@pytest.mark.fuzz
@given(st.lists(st.sampled_from([*PARTS.split("|"), "https://example.com/a", "</urlset>"])))
def test_any_order_of_parts_in_any_pieces(parts: list[str]) -> None:
    """Whole or byte by byte, the same entries."""
    body = f"<urlset>{''.join(parts)}".encode()
    whole, slow = SitemapReader(BASE), SitemapReader(BASE)
    entries = whole.feed(body) + whole.close()
    again = [entry for at in range(len(body)) for entry in slow.feed(body[at : at + 1])]
    assert again + slow.close() == entries
    read(body)
