"""``fetch``, ``robots``, ``sitemap`` and ``page`` on the small Internet: the contract's JSON and exit codes."""

import asyncio
import gzip
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scrapersky.db.models import Base
from tests.internet.network import SmallInternet

COMMAND = Path(sys.executable).with_name("scrapersky")
SITEMAP = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://a.example/x</loc>
<lastmod>2026-01-02</lastmod></url><url><loc>https://b.example/y</loc><priority>0.5</priority></url></urlset>"""
ROBOTS = b"User-agent: MyBot\nDisallow: /private\nCrawl-delay: 2\nSitemap: https://a.example/s.xml\n"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        assert self.code == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]


async def scrapersky(*arguments: object, stdin: bytes = b"", environment: dict[str, str] | None = None) -> Done:
    process = await asyncio.create_subprocess_exec(
        *(str(COMMAND), *map(str, arguments)),
        env={"PATH": os.environ["PATH"], **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


async def test_a_fetch_says_every_hop(internet: SmallInternet) -> None:
    done = await scrapersky("fetch", "http://redirectandsons.example/", "--json", environment=internet.environment)
    [found] = done.lines
    assert set(found) == {"url", "final_url", "status", "content_type", "bytes", "seconds", "hops"}
    assert (found["url"], found["final_url"]) == (
        "http://redirectandsons.example/",
        "https://www.redirectandsons.example/",
    )
    assert (found["status"], found["bytes"] > 20_000) == (200, True)
    assert [set(hop) for hop in found["hops"]] == [{"url", "address", "status"}] * 3
    assert {hop["address"] for hop in found["hops"]} == {"127.0.0.1"}
    plain = await scrapersky("fetch", "http://redirectandsons.example/", environment=internet.environment)
    assert plain.out.count("\n") == 4


@pytest.mark.parametrize(
    ("url", "code", "cause"),
    [
        ("https://trapdoorplumbing.example/", 77, "address-refused"),
        ("https://keepoutplumbing.example/", 77, "robots-disallowed"),
        ("https://deadendplumbing.example/", 69, "connect-refused"),
        ("https://capitolrooter.example/no-such-page", 69, "http-404"),
        ("https://expiredplumbing.example/", 69, "tls-expired"),
        ("no url at all", 65, "no url at all"),
        ("ftp://capitolrooter.example/", 65, "ftp://capitolrooter.example/"),
    ],
)
async def test_a_fetch_that_fails_says_why_in_one_line(
    url: str, code: int, cause: str, internet: SmallInternet
) -> None:
    done = await scrapersky("fetch", url, "--json", environment=internet.environment)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1), done.err
    assert cause in done.err


async def test_without_leave_the_loopback_is_refused() -> None:
    done = await scrapersky("fetch", "http://127.0.0.1/", "--json")
    assert (done.code, done.out) == (77, "")
    assert done.err.startswith("address-refused: ")


async def test_robots_check(tmp_path: Path, internet: SmallInternet) -> None:
    file = tmp_path / "robots.txt"
    file.write_bytes(ROBOTS)
    urls = ("https://a.example/private/1", "https://a.example/open")
    expected = [
        {"url": urls[0], "allowed": False, "crawl_delay": 2.0},
        {"url": urls[1], "allowed": True, "crawl_delay": 2.0},
    ]
    assert (await scrapersky("robots", "check", "--robots", file, "--agent", "MyBot", *urls)).lines == expected
    piped = await scrapersky("robots", "check", "--robots", "-", "--agent", "MyBot", *urls, stdin=ROBOTS)
    assert piped.lines == expected
    url = "https://keepoutplumbing.example/robots.txt"
    remote = await scrapersky(
        "robots", "check", "--robots", url, "--agent", "ScraperSkyBot", "/x", environment=internet.environment
    )
    assert [line["allowed"] for line in remote.lines] == [False]


async def test_robots_sitemaps(tmp_path: Path) -> None:
    done = await scrapersky("robots", "sitemaps", "-", stdin=ROBOTS)
    assert (done.code, done.out) == (0, "https://a.example/s.xml\n")
    missing = await scrapersky("robots", "sitemaps", tmp_path / "none.txt")
    assert (missing.code, missing.err.count("\n")) == (65, 1)


@pytest.mark.parametrize("pipe", [True, False])
async def test_sitemap_parse_reads_files_and_stdin(pipe: bool, tmp_path: Path) -> None:
    file = tmp_path / "sitemap.xml"
    file.write_bytes(gzip.compress(SITEMAP))
    source = "-" if pipe else file
    stdin = file.read_bytes() if pipe else b""
    done = await scrapersky("sitemap", "parse", source, "--base-url", "https://a.example/", stdin=stdin)
    first = {"kind": "url", "loc": "https://a.example/x", "changefreq": None, "priority": None, "same_site": True}
    assert done.lines[0] == first | {"lastmod": "2026-01-02T00:00:00+00:00"}
    assert (done.lines[1]["lastmod"], done.lines[1]["priority"], done.lines[1]["same_site"]) == (None, 0.5, False)
    assert done.err == ""


async def test_sitemap_parse_reads_urls_and_warns(internet: SmallInternet) -> None:
    url = "https://crackedpipes.example/sitemap.xml"
    done = await scrapersky("sitemap", "parse", url, environment=internet.environment)
    assert len(done.lines) == 102
    assert "warning: " in done.err
    table = await scrapersky("sitemap", "parse", url, "--format", "table", environment=internet.environment)
    assert table.out.splitlines()[0].split() == ["KIND", "LOC", "LASTMOD", "CHANGEFREQ", "PRIORITY", "SAME_SITE"]


async def test_what_is_no_sitemap_is_65(tmp_path: Path, internet: SmallInternet) -> None:
    page = await scrapersky("sitemap", "parse", "https://capitolrooter.example/", environment=internet.environment)
    piped = await scrapersky("sitemap", "parse", "-", stdin=b"<html><body>Hello</body></html>")
    missing = await scrapersky("sitemap", "parse", tmp_path / "none.xml")
    assert [each.code for each in (page, piped, missing)] == [65, 65, 65]
    assert [each.out for each in (page, piped, missing)] == ["", "", ""]


async def test_sitemap_discover(internet: SmallInternet) -> None:
    done = await scrapersky(
        "sitemap", "discover", "https://lonestarplumbing.example/", environment=internet.environment
    )
    assert len(done.lines) == 4
    assert {frozenset(line) for line in done.lines} == {
        frozenset({"url", "discovery_method", "sitemap_type", "status_code"})
    }
    assert {line["status_code"] for line in done.lines} == {200}
    dead = await scrapersky("sitemap", "discover", "https://deadendplumbing.example/", environment=internet.environment)
    assert (dead.code, dead.out) == (69, "")


async def test_page_extract(tmp_path: Path) -> None:
    file = tmp_path / "home.html"
    file.write_text("<html lang='en'><title>Ann's</title><a href='mailto:ann@a.example'>write</a></html>")
    done = await scrapersky("page", "extract", file, "--url", "https://a.example/")
    facts = json.loads(done.out)
    assert facts.keys() <= set(Base.metadata.tables["domains"].columns.keys())
    assert (facts["title"], facts["language"], facts["email_addresses"]) == ("Ann's", "en", ["ann@a.example"])
    piped = await scrapersky("page", "extract", "-", "--url", "https://a.example/", stdin=file.read_bytes())
    assert json.loads(piped.out) == facts
    missing = await scrapersky("page", "extract", tmp_path / "none.html", "--url", "https://a.example/")
    bad = await scrapersky("page", "extract", file, "--url", "no url")
    assert [(each.code, each.out, each.err.count("\n")) for each in (missing, bad)] == [(65, "", 1)] * 2
