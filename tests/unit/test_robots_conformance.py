"""robots.txt, case by case: RFC 9309's examples and rules, and what public parsers' test suites ask beyond them."""

import pytest

from scrapersky.web.robots import LONGEST_FILE, parse

SITE = "http://foo.bar"


def allowed(text: str | bytes, url: str, agent: str = "FooBot") -> bool:
    return parse(text.encode() if isinstance(text, str) else text, agent).allowed(url)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("/fish", "/fish /fish.html /fish/salmon.html /fishheads /fish.php?id=x", "/Fish.asp /catfish /?id=fish"),
        ("/fish*", "/fish /fish.html /fish/salmon.html /fishheads /fish.php?id=x", "/Fish.asp /catfish /?id=fish"),
        ("/fish/", "/fish/ /fish/?id=x /fish/salmon.htm", "/fish /fish.html /animals/fish/"),
        ("/*.php", "/a.php /b/a.php /a.php?x /a.php/ /index?f=a.php/ //b/a.php.x", "/ /windows.PHP /index?php /php/"),
        ("/*.php$", "/a.php /b/a.php", "/a.php?x /a.php/ /a.php5 /windows.PHP /aaaphpaaa"),
        ("/fish*.php", "/fish.php /fishheads/catfish.php?x", "/Fish.PHP"),
        ("/$", "/", "/x /?x"),
        ("*", "/ /x", ""),
        ("*m", "/foo.htm /moo /foom", "/foo"),
        ("/foo*/*bar.html", "/foo/bar.html /food/rebar.html", "/food/rebarf /foo/bar"),
        ("*****/****.js", "/a/b.js /.js", "/a"),
        ("/*s=", "/?s=x /a?s=", "/s/ /"),
        ("//folder/*", "//folder/page //folder/", "/folder/page //folder"),
        ("/path;params?query", "/path;params?query", "/path /path;params"),
        ("/?", "/?query", "/"),
        ("/;", "/;params", "/"),
        ("/x$/abc", "/x$/abcdef /x%24/abc", "/x/abc"),
        ("/x/abc%24", "/x/abc$abc /x/abc%24", "/x/abc"),
        ("/x%2Ax/abc", "/x*x/abcdef /x%2ax/abc", "/xabcx/abc"),
        ("/x*x/abc", "/x*x/abc /xyx/abc", "/x/abc"),
        ("/a%3cd.html", "/a%3Cd.html /a%3cd.html /a<d.html", "/a%3Dd.html"),
        ("/a<d|e^f.html", "/a%3Cd%7Ce%5Ef.html /a<d|e^f.html", "/a"),
        ("/a%2fb.html", "/a%2Fb.html", "/a/b.html"),
        ("/a/b.html", "/a/b.html", "/a%2fb.html"),
        ("/%7ejoe/", "/~joe/x /%7Ejoe/", "/%7Fjoe/"),
        ("/100%/x", "/100%25/x /100%/x", "/100/x"),
        ("/a b", "/a%20b", "/a"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84 /foo/bar/%e3%83%84", "/foo/bar/%E3"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz /foo/bar/%62%61%7a", "/foo/bar/"),
        ("/f?u=https://foo.bar", "/f?u=https%3A%2F%2Ffoo.bar /f?u=https://foo.bar/x", "/f?u=https%3B"),
        ("/f?u=https%3A%2F%2Ffoo.bar", "/f?u=https://foo.bar /f?u=https%3a%2f%2ffoo.bar", "/f?u="),
        ("/*%2Fx", "/a?u=%2Fx /a%2Fx", "/a?u=/x /a/x"),
        ("/*?u=%2Fx", "/a?u=/x /b?u=%2fx", "/a?u=x"),
    ],
)  # fmt: skip
def test_patterns(pattern: str, matching: str, other: str) -> None:
    text = f"User-agent: *\nDisallow: {pattern}\n"
    for path in matching.split():
        assert not allowed(text, SITE + path), path
    for path in other.split():
        assert allowed(text, SITE + path), path


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("allow: /p\ndisallow: /", "/page", True),
        ("allow: /folder\ndisallow: /folder", "/folder/page", True),
        ("disallow: /folder\nallow: /folder", "/folder/page", True),
        ("allow: /page\ndisallow: /*.htm", "/page.htm", False),
        ("allow: /x/page.\ndisallow: /*.html", "/x/page.html", True),
        ("allow: /page\ndisallow: */*.htm", "/page.htm", False),
        ("allow: /$\ndisallow: /", "/", True),
        ("allow: /$\ndisallow: /", "/page.html", False),
        ("allow: *\ndisallow: /", "/x", True),
        ("disallow: /\nallow: /$\ndisallow: /longer/than/the/target/", "/", True),
        ("allow: /\ndisallow: /*a\nallow: /longer/than/the/target", "/a", False),
        ("disallow: /\nallow: /a*b$", "/a/b", True),
        ("disallow: /\nallow: /a*b$", "/a/bc", False),
        ("disallow:\ndisallow: /x", "/x", False),
        ("disallow: foo", "/foo", True),
        ("disallow: http://foo.bar/x", "/x", True),
        ("DiSaLLow:/x", "/x", False),
        ("disallow /x", "/x", False),
        ("disallow\t/x", "/x", False),
        ("disallow: /x \t", "/x", False),
        ("disallowed: /x", "/x", False),
        ("dis-allow: /x", "/x", True),
        ("desallow: /x", "/x", False),
        ("dsallow: /x", "/x", False),
        ("allows: /x/y\ndisallow: /x", "/x/y", True),
        ("\xa0disallow: /x", "/x", True),
        ("# disallow: /\ndisallow: /q#x\nallow: /", "/q", False),
        ("disallow: /x\x00y", "/xy", False),
    ],
)
def test_rules(rules: str, path: str, expected: bool) -> None:
    assert allowed(f"user-agent: foobot\n{rules}\n", SITE + path) is expected


@pytest.mark.parametrize(
    ("text", "agent", "expected"),
    [
        ("user-agent: *\ndisallow: /\nuser-agent: foobot\ndisallow:", "FooBot", True),
        ("user-agent: *\ndisallow: /\nuser-agent: foobot\ndisallow:", "BarBot", False),
        ("user-agent: *\ndisallow: /\nuser-agent: foobot", "FooBot", True),
        ("user-agent: foobot\nuser-agent: *\ndisallow: /", "FooBot", False),
        ("user-agent: foobot\n\n# a comment\n\nuser-agent: barbot\ndisallow: /", "FooBot", False),
        ("user-agent: foobot\nsitemap: /s.xml\nuser-agent: barbot\ndisallow: /", "FooBot", False),
        ("user-agent: foobot\nunknown: x\nuser-agent: barbot\ndisallow: /", "FooBot", False),
        ("user-agent: foobot\ncrawl-delay: 3\nuser-agent: barbot\ndisallow: /", "FooBot", False),
        ("user-agent: foobot\ndisallow:\nuser-agent: barbot\ndisallow: /", "FooBot", True),
        ("user-agent: foobot/1.0\ndisallow: /", "FooBot", False),
        ("user-agent: foobot/1.0\ndisallow: /", "FooBot/2.1 (+http://foo)", False),
        ("user-agent: foobot\ndisallow: /", "foobot2", False),
        ("user-agent: foobot\ndisallow: /", "FooBot News", True),
        ("user-agent: foobot\ndisallow: /", "FooBot-News", True),
        ("user-agent: foobot-news\ndisallow: /", "FooBot", True),
        ("user-agent: foobot\ndisallow: /", "", True),
        ("user-agent: ツ\ndisallow: /", "", True),
        ("user-agent:\ndisallow: /", "", True),
        ("user-agent: MJ12bot\ndisallow: /", "MJ12bot", False),
        ("user-agent: MJ12bot\ndisallow: /", "MJ12bot/v1.4.8", False),
        ("user-agent: MJ12bot\ndisallow: /", "MJbot", True),
        ("user-agent: 360Spider\ndisallow: /", "360spider", False),
        ("user-agent: archive.org_bot\ndisallow: /", "archive.org_bot", False),
        ("user-agent: UnicödeBöt\ndisallow: /", "UnicödeBöt", False),
        ("user-agent: Jävla-Foobot\ndisallow: /", "jävla-fanbot", True),
        ("user-agent: * x\ndisallow: /", "FooBot", False),
        ("user-agent: *x\ndisallow: /", "FooBot", True),
        ("user-agent: *\ndisallow: /x\nuser-agent: *\ndisallow: /", "FooBot", False),
        ("user-agent foobot\ndisallow /", "FooBot", False),
        ("user agent: foobot\ndisallow: /", "FooBot", False),
        ("useragent: foobot\ndisallow: /", "FooBot", False),
        ("disallow: /\nuser-agent: foobot", "FooBot", True),
        ("foo: foobot\nbar: /", "FooBot", True),
        ("<!DOCTYPE html><html><body>user-agent: *<br>\ndisallow: /<BR/></body>", "FooBot", False),
        ("<p>user-agent: *</p>\n<pre class='x'>disallow: /page", "FooBot", False),
        ("<html><head><title>Moved</title></head><body>disallow: /</body></html>", "FooBot", True),
        ("user-agent: spider1\ndisallow: /", "spider2", True),
        ("user-agent: spider1\ndisallow: /\nuser-agent: spider3\ndisallow: /", "spider2", True),
        ("user-agent: spider1\ndisallow: /", "spider", False),
        ("user-agent: spider2.1\ndisallow: /", "spider/7", False),
        ("user-agent: red green\ndisallow: /", "green", False),
        ("user-agent: red, green/2.0, blue\ndisallow: /", "Green", False),
        ("user-agent: red, green, blue\ndisallow: /", "yellow", True),
        ("user-agent: Mozilla/5.0 (compatible; green/1.0)\ndisallow: /", "green", True),
        ("user-agent: * green\nallow: /\nuser-agent: blue\ndisallow: /", "green", True),
        ("user-agent: green\ndisallow: /", "Mozilla/5.0 (compatible; Green/1.0; +https://a.b/red)", False),
        ("user-agent: red\ndisallow: /", "Mozilla/5.0 (compatible; Green/1.0; +https://a.b/red)", True),
        ("user-agent: mozilla\ndisallow: /", "Mozilla/5.0 (compatible; Green/1.0)", True),
        ("user-agent: Big Green\ndisallow: /", "big green", False),
        ("user-agent: Big Green\nallow: /\nuser-agent: *\ndisallow: /", "big green", False),
        ("useg-agent: green\ndisallow: /", "green", False),
        ("user_agents: green\ndisallow: /", "green", False),
        ("", "FooBot", True),
    ],
)
def test_groups(text: str, agent: str, expected: bool) -> None:
    assert allowed(text, f"{SITE}/page", agent) is expected


@pytest.mark.parametrize(
    ("text", "delays"),
    [
        ("user-agent: a\ncrawl-delay: 10\nuser-agent: b\ncrawl-delay: 15", {"a": 10, "b": 15, "c": None}),
        ("user-agent: a\nuser-agent: b\ncrawl-delay: 0.5\ndisallow: /x", {"a": 0.5, "b": 0.5}),
        ("user-agent: *\ndisallow: /x\ncrawl-delay: 5.2 # slowly", {"a": 5.2, "*": 5.2}),
        ("user-agent: *\ncrawl-delay: 9\nuser-agent: a\ndisallow: /x", {"a": None, "b": 9}),
        ("user-agent: *\ncrawl-delay: 9\ndisallow:\nuser-agent: a\ndisallow: /x", {"a": None, "b": 9}),
        ("crawl-delay: 5\nuser-agent: a", {"a": None, "*": None}),
        ("user-agent: a\ncrawldelay: 3", {"a": 3}),
        ("user-agent: a\ncrawl delay: 3", {"a": 3}),
        ("user-agent: a1\ncrawl-delay: 3\nuser-agent: a2\ncrawl-delay: 4<br>", {"a1": 3, "a2": 4, "a3": None}),
        ("user-agent: a\ncrawl-delay: 3\ndisallow: /\nuser-agent: a\ncrawl-delay: 8", {"a": 8}),
        ("user-agent: a\ncrawl-delay: 10s\ncrawl-delay: -1\ncrawl-delay: 1e400", {"a": None}),
    ],
)
def test_crawl_delays(text: str, delays: dict[str, float | None]) -> None:
    for agent, delay in delays.items():
        assert parse(text.encode(), agent).crawl_delay == delay, agent


def test_sitemaps_stand_anywhere_and_are_kept_as_written() -> None:
    text = "Sitemap: https://a.b/1.xml\nuser-agent: x\nsite-map:/2.xml\ndisallow: /\nSITEMAPS : 3.xml # x\n"
    text += "sitemap:\nsitemap: /2.xml\nhttps://a.b/x/Sitemap4.xml\nhttps://a.b/imprint\n"
    found = ("https://a.b/1.xml", "/2.xml", "3.xml", "https://a.b/x/Sitemap4.xml")
    assert parse(text.encode(), "FooBot").sitemaps == found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("e") else ""
    assert not allowed((mark + "user-agent: *\ndisallow: /tür\n").encode(encoding), f"{SITE}/t%C3%BCr")


def test_a_mark_of_utf_16_before_text_that_is_none() -> None:
    assert not allowed(b"\xff\xfeuser-agent: *\ndisallow: /x\n", f"{SITE}/x")


def test_other_octets_are_taken_as_they_are() -> None:
    assert not allowed(b"user-agent: *\ndisallow: /t\xfcr\n", f"{SITE}/t%FCr")
    assert not allowed(b"\xff\x00\xfe\nuser-agent: *\ndisallow: /x\n", f"{SITE}/x")


@pytest.mark.parametrize("head", [b"\xef\x11\xbfuser-agent: foobot\n", b"user-agent: foobot\n\xef\xbb\xbf"])
def test_a_byte_order_mark_that_is_broken_or_in_the_middle_spoils_its_line(head: bytes) -> None:
    assert allowed(head + b"disallow: /\n", f"{SITE}/")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", "/"),
        ("http://www.example.com", "/"),
        ("http://www.example.com/a/b?c=http://d.e/", "/a/b?c=http://d.e/"),
        ("http://www.example.com/a/b?c=d&e=f#fragment", "/a/b?c=d&e=f"),
        ("http://www.example.com?a", "/?a"),
        ("http://user@example.com:10/x", "/x"),
        ("example.com/a", "/a"),
        ("example.com?a", "/?a"),
        ("example.com", "/"),
        ("a", "/"),
        ("a/b", "/b"),
        ("/a", "/a"),
        ("//a/b/c", "/b/c"),
        ("http://a.b#x/y", "/"),
        ("http://a.b//x", "//x"),
    ],
)
def test_which_part_of_a_url_counts(url: str, path: str) -> None:
    assert not allowed(f"user-agent: *\ndisallow: {path}$\n", url)
    assert allowed("user-agent: *\ndisallow: /\nallow: /robots.txt", "http://a.b/robots.txt#x")


def test_the_limit_is_500_kib_and_no_less() -> None:
    rule = b"user-agent: *\ndisallow: /x\n"
    assert not allowed(b"\n" * (LONGEST_FILE - len(rule)) + rule, f"{SITE}/x")
    assert allowed(b"\n" * LONGEST_FILE + rule, f"{SITE}/x")
