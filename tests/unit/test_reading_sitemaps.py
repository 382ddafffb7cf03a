"""Sitemaps as sites serve them: every form, every encoding, and what is broken as far as it can be read."""

import gzip
import random
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.errors import PermanentError
from scrapersky.sitemaps.dates import parse_date
from scrapersky.sitemaps.read import Entry, SitemapReader

BASE = "https://example.com/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
OCTOBER = datetime(2026, 10, 5, tzinfo=UTC)


def packed(body: bytes) -> bytes:
    """As gzip, the same at any time: the names of tests hold it."""
    return gzip.compress(body, mtime=0)


def read(body: bytes, *, pieces: int = 1, base: str | None = BASE) -> tuple[SitemapReader, list[Entry]]:
    reader = SitemapReader(base)
    size = max(1, len(body) // pieces)
    entries = [entry for at in range(0, len(body), size) for entry in reader.feed(body[at : at + size])]
    return reader, entries + reader.close()


def locs(body: bytes | str, **more: object) -> list[str]:
    octets = body.encode() if isinstance(body, str) else body
    return [entry.loc for entry in read(octets, **more)[1]]  # type: ignore[arg-type]


def urlset(*urls: str, attributes: str = NS, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return f"{head}<urlset {attributes}>" + "".join(f"<url><loc>{u}</loc></url>" for u in urls) + "</urlset>"


A, B, C = (f"https://example.com/{name}" for name in "abc")


@pytest.mark.parametrize("pieces", [1, 3, 50, 10_000])
def test_an_entry_with_everything(pieces: int) -> None:
    body = f"""<?xml version="1.0"?><urlset {NS}>
<url><loc> {A}?x=1&amp;y=2 </loc><lastmod>2026-10-05</lastmod>
<changefreq>Weekly</changefreq><priority>0.8</priority></url>
<url><loc><![CDATA[{B}?p=1&q=2]]></loc><!-- no date --></url></urlset>""".encode()
    reader, entries = read(body, pieces=pieces)
    assert entries == [
        Entry("url", f"{A}?x=1&y=2", OCTOBER, "weekly", 0.8),
        Entry("url", f"{B}?p=1&q=2", None, None, None),
    ]
    assert (reader.kind, reader.repaired, reader.warnings) == ("urlset", False, [])


@pytest.mark.parametrize(
    "attributes",
    ["", 'xmlns="http://www.google.com/schemas/sitemap/0.84"', 'xmlns="https://www.sitemaps.org/wrong"', NS],
)
def test_any_namespace_or_none(attributes: str) -> None:
    assert locs(urlset(A, B, attributes=attributes)) == [A, B]


def test_prefixes() -> None:
    body = (
        f'<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9"><s:url><s:loc>{A}</s:loc></s:url></s:urlset>'
    )
    assert locs(body) == [A]


def test_extensions_have_locs_of_their_own() -> None:
    body = f"""<urlset {NS} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
        xmlns:video="http://www.google.com/schemas/sitemap-video/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml"><url>
        <image:image><image:loc>https://example.com/i.jpg</image:loc></image:image><loc>{A}</loc>
        <xhtml:link rel="alternate" hreflang="de" href="https://example.com/de"/>
        <video:video><video:content_loc>https://example.com/v.mp4</video:content_loc></video:video></url></urlset>"""
    reader, entries = read(body.encode())
    assert [entry.loc for entry in entries] == [A]
    assert reader.extensions == {"image", "video"}


def test_an_index() -> None:
    body = f"<sitemapindex {NS}><sitemap><loc>{A}</loc><lastmod>2026-10-05</lastmod></sitemap></sitemapindex>"
    reader, entries = read(body.encode())
    assert (reader.kind, entries) == ("index", [Entry("sitemap", A, OCTOBER)])


@pytest.mark.parametrize(
    "body",
    [
        packed(urlset(A, B).encode()),
        packed(packed(urlset(A, B).encode())),
        b"\xef\xbb\xbf" + urlset(A, B).encode(),
        urlset(A, B, head='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"),
        urlset(A, B, head="").encode("utf-16-le"),
        urlset(A, B, head='<?xml version="1.0" encoding="ISO-8859-1"?>').encode("latin-1"),
        b"\n\n  " + urlset(A, B).encode(),
        b"<!-- made by hand -->\n" + urlset(A, B).encode(),
        f"{A}\r\n{B}\r\n".encode(),
        f"\ufeff{A}\n\n  {B}  ".encode(),
    ],
)
@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_packed_and_encoded_in_every_way(body: bytes, pieces: int) -> None:
    assert [entry.loc for entry in read(body, pieces=pieces)[1]] == [A, B]


def test_letters_beyond_ascii_in_a_wrongly_declared_file() -> None:
    body = urlset("https://example.com/café", B).encode("latin-1")
    assert locs(body) == ["https://example.com/caf%C3%A9", B]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            f"<rss version='2.0'><channel><link>https://example.com/</link><item><link>{A}</link>"
            f"<pubDate>Mon, 05 Oct 2026 00:00:00 GMT</pubDate></item></channel></rss>",
            "rss",
        ),
        (
            f"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
            f" xmlns:dc='http://purl.org/dc/elements/1.1/'><item rdf:about='{A}'><link>{A}</link>"
            f"<dc:date>2026-10-05</dc:date></item></rdf:RDF>",
            "rss",
        ),
        (
            f"<feed xmlns='http://www.w3.org/2005/Atom'><link href='https://example.com/'/><entry>"
            f"<link rel='alternate' href='{A}'/><updated>2026-10-05T00:00:00Z</updated></entry></feed>",
            "atom",
        ),
    ],
)
def test_feeds_with_their_dates(body: str, kind: str) -> None:
    reader, entries = read(body.encode())
    assert reader.kind == kind
    assert [(entry.loc, entry.lastmod) for entry in entries] == [(A, OCTOBER)]


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (urlset(f"{A}?x=1&y=2", f"{B}?p=1&amp;q=2", C), [f"{A}?x=1&y=2", f"{B}?p=1&q=2", C]),
        (urlset(f"{A}&nbsp;", f"{B}?p=1&amp;q=2"), None),
        (urlset(A, B).replace("</url><url>", "<url>"), [A, B]),
        (urlset(A, f"{B}?p=1&amp;q=2", C)[:-20], [A, f"{B}?p=1&q=2"]),
        (urlset(A).replace("</urlset>", ""), [A]),
        ("garbage first " + urlset(A, f"{B}?p=1&amp;q=2"), [A, f"{B}?p=1&q=2"]),
    ],
)
def test_what_is_broken_is_repaired_and_said_to_be(broken: str, expected: list[str] | None) -> None:
    reader, entries = read(broken.encode())
    assert reader.repaired
    assert reader.warnings
    if expected is not None:
        assert [entry.loc for entry in entries][: len(expected)] == expected
    else:
        assert f"{B}?p=1&q=2" in [entry.loc for entry in entries]


def test_one_bad_byte_loses_nothing_else() -> None:
    body = urlset(A, "https://example.com/?a=1&amp;b=2", C).encode().replace(b"/a<", b"/a\xff<")
    found = locs(body)
    assert found[1:] == ["https://example.com/?a=1&b=2", C]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n ",
        b"<!DOCTYPE html><html><head><title>Not found</title></head><body><a href='/x'>x</a></body></html>",
        b"<html><body>404</body></html>",
        b'{"error": "not found"}',
        b"Just some words.\nAnd some more.",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        packed(b"<html></html>"),
    ],
)
def test_what_is_no_sitemap_says_so(body: bytes) -> None:
    with pytest.raises(PermanentError, match="not-a-sitemap"):
        read(body)


@pytest.mark.parametrize(
    ("loc", "expected"),
    [
        ("/x", "https://example.com/x"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
        ("www.example.com/x", "https://www.example.com/x"),
        ("HTTPS://EXAMPLE.com:443/x#top", "https://example.com/x"),
        ("https//www.example.com/x", "https://www.example.com/x"),
        ("http://https://www.example.com/x", "https://www.example.com/x"),
        ("https://http-club.example/x", "https://http-club.example/x"),
        ("/archive/http//www.example.org/", "https://example.com/archive/http//www.example.org/"),
    ],
)
def test_urls_that_are_not_quite(loc: str, expected: str) -> None:
    assert locs(urlset(loc)) == [expected]


@pytest.mark.parametrize("loc", ["mailto:a@example.com", "ftp://example.com/", "http://", "javascript:void(0)"])
def test_what_is_no_url_is_dropped_with_a_warning(loc: str) -> None:
    reader, entries = read(urlset(loc, A).encode())
    assert [entry.loc for entry in entries] == [A]
    assert reader.warnings


def test_entities_are_not_expanded_and_nothing_is_fetched() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    found = locs(
        f"<?xml version='1.0'?>{bomb}<urlset {NS}><url><loc>{A}?&b;&f;</loc></url><url><loc>{B}</loc></url></urlset>"
    )
    assert B in found
    assert not any("aaaaaaaaaaaa" in loc or "root:" in loc for loc in found)


def test_a_bomb_is_refused() -> None:
    body = packed(urlset(A).encode() + b" " * 80_000_000)
    with pytest.raises(PermanentError, match="decompression-bomb"):
        read(body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-10", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-05", OCTOBER),
        ("2026-10-05T12:30Z", datetime(2026, 10, 5, 12, 30, tzinfo=UTC)),
        ("2026-10-05T12:30:45+02:00", datetime(2026, 10, 5, 10, 30, 45, tzinfo=UTC)),
        ("2026-10-05T12:30:45.123456Z", datetime(2026, 10, 5, 12, 30, 45, 123456, tzinfo=UTC)),
        ("2026-10-05 12:30:45", datetime(2026, 10, 5, 12, 30, 45, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 08:00:00 -0500", datetime(2026, 10, 5, 8, tzinfo=timezone(timedelta(hours=-5)))),
        ("  2026-10-05  ", OCTOBER),
        ("20261005", OCTOBER),
        ("2026-02-30", None),
        ("yesterday", None),
        ("0000-00-00", None),
        ("now", None),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    assert parse_date(text) == expected


@given(st.text(max_size=60))
def test_dates_never_raise(text: str) -> None:
    found = parse_date(text)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize("priority", ["1.5", "-1", "high", "NaN", "1e400"])
def test_a_priority_out_of_range_is_dropped(priority: str) -> None:
    body = f"<urlset {NS}><url><loc>{A}</loc><priority>{priority}</priority></url></urlset>"
    assert read(body.encode())[1] == [Entry("url", A)]


def test_what_never_ends_is_not_held() -> None:
    reader = SitemapReader(BASE)
    reader.feed(urlset(A).partition("</urlset>")[0].encode() + b"<!-- ")
    began = time.perf_counter()
    for _ in range(400):
        reader.feed(b"more and more " * 4096)
        if reader.is_exhausted:
            break
    assert reader.is_exhausted
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "endless", [b'<url x="' + b"a" * 65_536, b"<url " + b"a" * 65_536, b"<a" * 32_768, b'<a "' * 16_384, b"&" * 65_536]
)
def test_what_makes_no_sense_costs_time_in_proportion(endless: bytes) -> None:
    reader = SitemapReader(BASE)
    reader.feed(f"<urlset {NS}><url><loc>{A}</loc></url>&x".encode())
    began = time.perf_counter()
    for _ in range(20):
        reader.feed(endless)
    assert time.perf_counter() - began < 10


def test_a_mutated_file_raises_nothing_but_ours() -> None:
    chance = random.Random(7)
    whole = urlset(*(f"{A}/{n}?x=1&amp;y={n}" for n in range(60))).encode()
    for body in (whole, packed(whole)):
        for _ in range(150):
            mutated = bytearray(body)
            for _ in range(chance.randrange(1, 6)):
                at = chance.randrange(len(mutated))
                mutated[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
            try:
                read(bytes(mutated), pieces=chance.choice([1, 9]))
            except PermanentError as error:
                assert error.cause in {"not-a-sitemap", "decompression-bomb"}  # noqa: PT017


@given(st.binary(max_size=500), st.sampled_from([b"", b"<urlset>", b"<?xml version='1.0'?><rss>", b"https://a.b/\n"]))
def test_arbitrary_bytes_raise_nothing_but_ours(body: bytes, head: bytes) -> None:
    try:
        read(head + body, pieces=3)
    except PermanentError as error:
        assert error.cause in {"not-a-sitemap", "decompression-bomb"}  # noqa: PT017
