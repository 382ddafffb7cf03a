"""Forms of sitemaps that users of other readers know, and what ours makes of each: one table for each kind."""

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from scrapersky.errors import PermanentError
from scrapersky.sitemaps.dates import parse_date
from scrapersky.sitemaps.read import Entry, SitemapReader

BASE = "https://example.com/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
IMAGES = "http://www.google.com/schemas/sitemap-image/1.1"
A, B, C = (f"https://example.com/{name}" for name in "abc")
DAY, STAMP = datetime(2026, 10, 5, tzinfo=UTC), "2026-10-05T00:00:00Z"


def packed(body: bytes) -> bytes:
    """As gzip, the same at any time: the names of tests hold it."""
    return gzip.compress(body, mtime=0)


def read(body: str | bytes, base: str | None = BASE, step: int = 1 << 20) -> tuple[SitemapReader, list[Entry]]:
    octets = body.encode() if isinstance(body, str) else body
    reader = SitemapReader(base)
    entries = [entry for at in range(0, len(octets), step) for entry in reader.feed(octets[at : at + step])]
    return reader, entries + reader.close()


def locs(body: str | bytes, base: str | None = BASE) -> list[str]:
    whole, pieces = ([entry.loc for entry in read(body, base, step)[1]] for step in (1 << 20, 7))
    assert whole == pieces
    return whole


def urlset(inside: str, attributes: str = NS) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {attributes}>{inside}</urlset>'


def of(*urls: str) -> str:
    return urlset("".join(f"<url><loc>{each}</loc></url>" for each in urls))


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (f"<url xmlns=''><loc> {A}</loc></url><url xmlns=''><loc>{B} </loc></url>", [A, B]),
        (f"<url><image:image xmlns:image='{IMAGES}'><image:loc>{B}</image:loc></image:image><loc>{A}</loc></url>", [A]),
        (f"<url><i:image xmlns:i='{IMAGES}'><i:loc>{B}</i:loc></i:image></url>", []),
        (f"<url><loc>{A}</loc><image xmlns='{IMAGES}'><loc>{B}</loc></image></url>", [A]),
        (f"<url>{A}<image:image><image:loc>{B}</image:loc></image:image></url>", [A]),
        (f"<url><loc>{A}</loc><x:link rel='alternate' href='{B}' xmlns:x='http://www.w3.org/1999/xhtml'/></url>", [A]),
        (f"<url><video:video><video:content_loc>{B}</video:content_loc></video:video><loc>{A}</loc></url>", [A]),
        (f"<url><lastmod>2026-10-05</lastmod></url><url><loc>{A}</loc></url>", [A]),
        (f"<url><loc/></url><url/><url><loc> </loc></url><url><loc>{A}</loc></url>", [A]),
        (f"<url><url><loc>{A}</loc></url></url>", [A]),
        (f"<url><loc>{A}</loc></url><url><loc>{A}</loc></url>", [A, A]),
        (f"<!-- <url><loc>{B}</loc></url> --><url><loc>{A}</loc></url>", [A]),
        (f"<![CDATA[<url><loc>{B}</loc></url>]]><url><loc>{A}</loc></url>", [A]),
        (f"<url><loc>{A}<loc>{B}", [A, B]),
        ("", []),
    ],
)  # fmt: skip
def test_elements(inside: str, expected: list[str]) -> None:
    assert locs(urlset(inside)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"\n   {A}\n", A),
        (f"<![CDATA[ {A}?x=1&y=2 ]]>", f"{A}?x=1&y=2"),
        (f"<![CDATA[{A}]]>?x=1", f"{A}?x=1"),
        (f"<!-- first -->{A}<!-- last -->", A),
        ("https://example.com/<!-- in the middle -->a", A),
        ("https://example.com/\n   a", A),
        (f"{A}?x=1&amp;y=&apos;2&apos;&#38;z=&#x26;", f"{A}?x=1&y=%272%27&z=&"),
        (f"{A}?x=1&y=2&copy=3", f"{A}?x=1&y=2&copy=3"),
        (f"{A}?x=1&AMP;y=2", f"{A}?x=1&y=2"),
        ("https://example.com/caf&eacute;", "https://example.com/caf%C3%A9"),
        ("https://example.com/a&#0;b", "https://example.com/ab"),
        ("https://example.com/&#xD800;b", B),
        ("https://example.com/\x00b", B),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
        ("www.example.com/x", "https://www.example.com/x"),
        ("example.com/x", "https://example.com/x"),
        ("x/y", "https://example.com/x/y"),
        ("http:/example.com/x", "http://example.com/x"),
        ("“https://example.com/a”", A),
        ("\u200bhttps://example.com/a\ufeff", A),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        (f"<a href='{B}'>{A}</a>", A),
    ],
)
def test_text_of_loc(text: str, expected: str) -> None:
    assert locs(of(text, B))[0] == expected


@pytest.mark.parametrize("loc", ["/a", "//", "", "mailto:a@example.com", "javascript:void(0)", "ftp://example.com/"])
def test_what_is_no_url_without_a_base(loc: str) -> None:
    reader, entries = read(of(loc, A), None)
    assert [entry.loc for entry in entries] == [A]
    assert reader.warnings
    assert not reader.repaired


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<URLSET><URL><LOC>{A}</LOC><LASTMOD>2026-10-05</LASTMOD></URL></URLSET>", A),
        ("<?xml version='1.0'?><UrlSet><Url><Loc>{A}</Loc><LastMod>2026-10-05</LastMod></Url></UrlSet>", A),
        ("<s:urlset xmlns:s='x'><s:url><s:loc>{A}</s:loc><s:lastmod>2026-10-05</s:lastmod></s:url></s:urlset>", A),
        ("<sitemapindex><sitemap><loc>{A}</loc><lastmod>2026-10-05</lastmod></sitemap></sitemapindex>", A),
        ("<rss><channel><link>{B}</link><pubDate>2001</pubDate><item><link>{A}</link>"
         "<pubDate>Mon, 05 Oct 2026 00:00 GMT</pubDate></item></channel></rss>", A),
        ("<rss><channel><item><guid>{A}</guid><pubDate>05 Oct 26 00:00 UT</pubDate></item></channel></rss>", A),
        ("<rss xmlns:a='http://www.w3.org/2005/Atom'><channel><item><a:link rel='alternate' href='{B}'/>"
         "<link>{A}</link><a:updated>{STAMP}</a:updated></item></channel></rss>", A),
        ("<rss xmlns:dc='x'><channel><item><link>{A}</link><dc:date>{STAMP}</dc:date></item></channel></rss>", A),
        ("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
         "<channel><items><rdf:Seq><rdf:li rdf:resource='{B}'/></rdf:Seq></items></channel>"
         "<item rdf:about='{A}'><date>{STAMP}</date></item></rdf:RDF>", A),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><link rel='self' href='{B}'/><updated>2001</updated><entry>"
         "<link rel='self' href='{B}'/><link rel='edit' href='{C}'/><link href='{A}'/><id>tag:x</id>"
         "<published>2020</published><updated>{STAMP}</updated></entry></feed>", A),
        ("<feed xmlns='http://purl.org/atom/ns#'><entry><link rel='alternate' href='{A}'/><issued>{STAMP}</issued>"
         "</entry></feed>", A),
        ("<feed><entry><link rel='http://www.iana.org/assignments/relation/alternate' href='{A}'/>"
         "<updated>{STAMP}</updated></entry></feed>", A),
        ("<feed xml:base='/blog/'><entry xml:base='2026/'><link xml:base='x/' href='y'/><updated>{STAMP}</updated>"
         "</entry></feed>", "https://example.com/blog/2026/x/y"),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><entry><source><link href='{B}'/><updated>2001</updated></source>"
         "<content><div xmlns='http://www.w3.org/1999/xhtml'><link href='{C}'/></div></content>"
         "<link href='{A}'/><updated>{STAMP}</updated></entry></feed>", A),
    ],
)  # fmt: skip
def test_roots_and_feeds_with_their_dates(body: str, expected: str) -> None:
    filled = body.format(A=A, B=B, C=C, STAMP=STAMP)
    reader, [entry] = read(filled)
    assert (entry.loc, entry.lastmod, reader.repaired) == (expected, DAY, False)
    assert entry.kind == ("sitemap" if reader.kind == "index" else "url")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<urlset/>", "urlset"),
        (f"<urlset {NS}></urlset>", "urlset"),
        ("<sitemapindex></sitemapindex>", "index"),
        ("<rss><channel><link>https://example.com/</link></channel></rss>", "rss"),
        ("<feed><link href='https://example.com/'/></feed>", "atom"),
    ],
)
def test_an_empty_one_is_a_sitemap(body: str, kind: str) -> None:
    reader, entries = read(body)
    assert (reader.kind, entries, reader.warnings) == (kind, [], [])


ENCODED = f"<urlset {NS}><url><loc>https://example.com/é</loc></url></urlset>"
GZIP = packed(of(A).encode())


@pytest.mark.parametrize(
    "body",
    [
        ENCODED.encode(),
        b"\xef\xbb\xbf" + ENCODED.encode(),
        ENCODED.encode("utf-16"),
        ENCODED.encode("utf-16-le"),
        ENCODED.encode("utf-16-be"),
        b"\xfe\xff" + f"<?xml version='1.0' encoding='UTF-8'?>{ENCODED}".encode("utf-16-be"),
        f"<?xml version='1.0' encoding='ISO-8859-1'?>{ENCODED}".encode("latin-1"),
        f"<?xml version='1.0' encoding='ISO-8859-1'?>{ENCODED}".encode(),
        f"<?xml version='1.0' encoding='UTF-8'?>{ENCODED}".encode("latin-1"),
        f"<?xml version='1.0' encoding='UTF-16'?>{ENCODED}".encode(),
        f"<?xml version='1.0' encoding='no-such'?>{ENCODED}".encode(),
        f"<?xml version='1.0' encoding='windows-1252'?>{ENCODED}".encode("cp1252"),
        "https://example.com/é\n".encode("latin-1"),
        "https://example.com/é\n".encode("utf-16"),
    ],
)
def test_encodings_declared_rightly_and_wrongly(body: bytes) -> None:
    assert locs(body) == ["https://example.com/%C3%A9"]


@pytest.mark.parametrize("name", ["windows-1251", "koi8-r", "shift_jis", "gb2312", "euc-kr", "big5", "iso-8859-5"])
def test_legacy_encodings(name: str) -> None:
    letter = {"windows-1251": "я", "koi8-r": "я", "iso-8859-5": "я", "euc-kr": "한"}.get(name, "日")
    url = f"https://example.com/{letter * 9}"
    body = f"<?xml version='1.0' encoding='{name}'?><urlset><url><loc>{url}</loc></url></urlset>"
    assert locs(body.encode(name)) == locs(of(url))


@pytest.mark.parametrize(
    ("body", "repaired", "warned"),
    [
        (packed(packed(GZIP)), False, False),
        (packed(of(A).encode()[:40]) + packed(of(A).encode()[40:]), False, False),
        (GZIP + b"\0" * 600, False, False),
        (GZIP + b"<!-- not gzip -->", False, True),
        (GZIP[:-3], True, True),
        (GZIP[:-8] + b"\xff" * 8, True, True),
        (b"\n \t" + of(A).encode(), False, True),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + of(A).encode(), False, True),
        (b"<br />\n<b>Warning</b>: Undefined index in <b>/x.php</b> on line <b>3</b>\n" + of(A).encode(), True, True),
        (b"Notice: something\n" + of(A).encode(), True, True),
        (of(A).encode() + b"\n<!-- 1.2 s -->\n", False, False),
        (of(A).encode() + b"<script>x</script>", True, True),
        (b"<!DOCTYPE urlset SYSTEM 'http://127.0.0.1:9/x.dtd'>" + of(A).encode().partition(b"\n")[2], False, True),
    ],
)
def test_what_stands_around_a_whole_sitemap(body: bytes, repaired: bool, warned: bool) -> None:
    reader, entries = read(body)
    assert [entry.loc for entry in entries] == [A]
    assert (reader.repaired, bool(reader.warnings)) == (repaired, warned)


def test_a_gzip_file_of_which_nothing_is_left_says_so() -> None:
    with pytest.raises(PermanentError, match=r"not-a-sitemap.* cut off"):
        read(GZIP[:12])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{A}\r{B}\r", [A, B]),
        (f"\ufeff# made by hand\n{A}  # the first\n\n\n{B}", [A, B]),
        (f"{A}#top\n", [A]),
        (f"Our pages:\n{A}\nftp://example.com/x\n{B}\tNews\n", [A, B]),
        (f"{A} {B}\n", [A, B]),
        (f'"{A}"\n"{B}"\n', [A, B]),
        (f"# made by hand\r{A}\r", [A]),
        (f"//example.com/a\nwww.example.com/a\n{A}", [A, "https://www.example.com/a", A]),
    ],
)
def test_text_files(body: str, expected: list[str]) -> None:
    assert locs(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "<!-- hello --><!DOCTYPE html><html><head><link rel='alternate' href='/feed'></head><p>&lt;urlset&gt;</html>",
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "x" "y"><html xmlns="http://www.w3.org/1999/xhtml"/>',
        "<div>Page not found</div>",
        "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "<?xml version='1.0'?>",
        '{"version": "https://jsonfeed.org/version/1", "items": [{"url": "https://example.com/a"}]}',
        "User-agent: *\nSitemap: https://example.com/sitemap.xml\n",
        "404: see https://example.com/",
        b"%PDF-1.7\n\xe2\xe3\xcf\xd3",
        b"\xef\xbb\xbf",
        packed(b""),
    ],
)
def test_what_is_no_sitemap(body: str | bytes) -> None:
    with pytest.raises(PermanentError, match="not-a-sitemap"):
        read(body)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("<priority>1</priority>", (None, 1.0)),
        ("<priority>0</priority>", (None, 0.0)),
        ("<priority> 0,8 </priority>", (None, 0.8)),
        ("<priority>.5</priority>", (None, 0.5)),
        ("<priority>1.01</priority>", (None, None)),
        ("<priority>-0.1</priority>", (None, None)),
        ("<priority>80%</priority>", (None, None)),
        ("<priority/>", (None, None)),
        ("<changefreq> DAILY\n</changefreq>", ("daily", None)),
        ("<changefreq>fortnightly</changefreq>", (None, None)),
        ("<changefreq/>", (None, None)),
    ],
)
def test_frequency_and_priority(field: str, expected: tuple[str | None, float | None]) -> None:
    [entry] = read(urlset(f"<url><loc>{A}</loc>{field}</url>"))[1]
    assert (entry.changefreq, entry.priority) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025", "2025-01-01"),
        ("2025-06", "2025-06-01"),
        ("2025-6-1", "2025-06-01"),
        ("2025/06/01", "2025-06-01"),
        ("2025-06-01 10:00:00", "2025-06-01T10:00:00"),
        ("20250601100000", "2025-06-01T10:00:00"),
        ("2025-06-01t10:00:00z", "2025-06-01T10:00:00"),
        ("2025-06-01T10:00Z", "2025-06-01T10:00:00"),
        ("2025-06-01T10:00:00.1234567890Z", "2025-06-01T10:00:00.123456"),
        ("2025-06-01T10:00:00+0000", "2025-06-01T10:00:00"),
        ("2025-06-01T10:00:00 00:00", "2025-06-01T10:00:00"),
        ("2025-06-01T10:00:00-05:30", "2025-06-01T15:30:00"),
        ("2025-06-01T24:00:00Z", "2025-06-02"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59"),
        ("Sun, 1 Jun 25 10:00 EST", "2025-06-01T15:00:00"),
        ("Sunday, 01-Jun-25 10:00:00 GMT", "2025-06-01T10:00:00"),
        ("Sun Jun 01 2025 10:00:00 GMT+0200 (CEST)", "2025-06-01T08:00:00"),
        ("June 1, 2025 10:00 pm", "2025-06-01T22:00:00"),
        ("31/12/2025", "2025-12-31"),
        ("1748772000", "2025-06-01T10:00:00"),
        *(
            (text, None)
            for text in """01/06/2025|2025-13-01|2025-02-29|2025-06-31|0000-00-00|0001-01-01T00:00:00Z|-0001-11-30
            2025-06-01T25:00:00Z|2025-06-01T24:00:01Z|2025-06-01T10:60:00Z|2025-06-01T10:00:00+24:00
            2025-06-01T10:00:00+05:75|2025-06-01 10:00:00 +0575|9999-12-31T23:59:59-05:00|now|null|{{ date }}|12345
            2025-06-01/2025-07-01|٢٠٢٥-٠٦-٠١""".replace("\n", "|").split("|")
        ),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    assert parse_date(text.strip()) == (expected and datetime.fromisoformat(expected).replace(tzinfo=UTC))


def test_reading_opens_no_file_and_no_connection() -> None:
    """Audited by the interpreter: entities, stylesheets, schemas and external DTDs are never followed."""
    body = (
        "<?xml version='1.0'?><?xml-stylesheet href='http://127.0.0.1:9/x.xsl'?><!DOCTYPE urlset SYSTEM"
        " 'http://127.0.0.1:9/x.dtd' [<!ENTITY a SYSTEM 'file:///etc/passwd'><!ENTITY % b SYSTEM"
        f" 'http://127.0.0.1:9/y'>%b;]><urlset {NS} xmlns:xi='http://www.w3.org/2001/XInclude'>"
        f"<url><loc>{A}?&a;</loc></url><xi:include href='/etc/passwd'/></urlset>"
    )
    program = (
        "import sys\nfrom scrapersky.sitemaps.read import SitemapReader\nreader = SitemapReader(None)\n"
        "reader.feed(b'<urlset><url><loc>https://a.example/</loc></url></urlset>')\n"
        "forbid = lambda event, _: event.startswith(('open', 'socket')) and sys.exit(event)\nsys.addaudithook(forbid)\n"
        "reader = SitemapReader(None)\nbody = sys.argv[1].encode()\n"
        "print(json.dumps([entry.loc for entry in reader.feed(body) + reader.close()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import json\n{program}", body], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [f"{A}?"]
