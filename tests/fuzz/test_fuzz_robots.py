"""robots.txt under mutation: every file is read, in time, and never said to allow what its own line forbids."""

import pytest

from scrapersky.web.robots import parse
from tests.support.fuzzing import fuzz

FILES = [
    b"User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n\nSitemap: https://a.example/wp-sitemap.xml\n",
    b"\xef\xbb\xbf#\r\nUser-agent: *\r\nDisallow: /*/collections/*sort_by*\r\nDisallow: /*.atom$\r\nCrawl-delay: 9\r\n",
    "User-agent: a\nUser-agent: b/1.0\nDisallow: /tür%c3%BC?u=https%3A%2F%2Fx\nAllow: /index.html\n".encode(),
    b"user-agent *\ndissallow /" + b"*a" * 200 + b"$\n" + b"Disallow: /" + b"x" * 5000,
    "User-agent: *\r\nDisallow: /private\r\n".encode("utf-16"),
]
URLS = ["https://a.example/", "/a" * 500 + "?u=https%3A%2F%2Fx", "/tür/index.html#x", "/" + "a" * 3000, "", "//x;y"]


@pytest.mark.fuzz
def test_any_file_is_read() -> None:
    def read(body: bytes) -> None:
        for agent in ("ScraperSkyBot", "a", ""):
            robots = parse(body, agent)
            for url in URLS:
                assert robots.allowed(url) in {True, False}
            assert robots.crawl_delay is None or 0 <= robots.crawl_delay < float("inf")

    fuzz(read, FILES)


@pytest.mark.fuzz
def test_what_follows_a_mutant_still_counts() -> None:
    last = b"\nUser-agent: ScraperSkyBot\nDisallow: /secret-of-the-test\n"

    def read(body: bytes) -> None:
        if len(body) < 400_000 and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
            assert not parse(body + last, "ScraperSkyBot").allowed("/secret-of-the-test")

    fuzz(read, FILES[:4])
