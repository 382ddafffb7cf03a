"""What a home page says: one page of each kind, and pages that mean harm."""

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.metadata import Page, SiteMetadata, extract, read_page
from tests.support.pages import URL, ld, page, said


def test_title_description_and_language() -> None:
    found = said(
        '<title> Joe&#39;s   Plumbing\n&amp; Sons </title><meta name="Description" content="Honest work.">'
        '<link rel="canonical" href="/home">',
        attributes='lang="en-US"',
    )
    assert (found.title, found.description, found.language) == ("Joe's Plumbing & Sons", "Honest work.", "en-US")
    assert found.meta_json["canonical"] == "https://www.joesplumbing.com/home"


def test_open_graph_where_the_page_itself_is_silent() -> None:
    found = said('<meta property="og:title" content="Joe"><meta property="og:description" content="Pipes">')
    assert (found.title, found.description) == ("Joe", "Pipes")


@pytest.mark.parametrize(
    ("link", "icon"),
    [
        ('<link rel="icon" href="/i.png">', "https://www.joesplumbing.com/i.png"),
        ('<link rel="SHORTCUT ICON" href="i.ico">', "https://www.joesplumbing.com/i.ico"),
        ('<base href="https://cdn.example.com/x/"><link rel=icon href="i.svg">', "https://cdn.example.com/x/i.svg"),
        ('<link rel="apple-touch-icon" href="/a.png">', "https://www.joesplumbing.com/a.png"),
        ('<link rel="apple-touch-icon-precomposed" href="/a.png">', "https://www.joesplumbing.com/a.png"),
        ('<link rel="alternate icon" href="//cdn.example.com/i.ico">', "https://cdn.example.com/i.ico"),
        ('<link rel="icon" href="c.png" sizes="192x192"><link rel="icon" href="b.png" sizes="32x32">', f"{URL}b.png"),
        ('<link rel="mask-icon" href="m.svg"><link rel="apple-touch-icon" href="a.png">', f"{URL}a.png"),
        (
            '<link rel="icon" media="(prefers-color-scheme: dark)" href="d.png"><link rel="icon" href="l.png">',
            f"{URL}l.png",
        ),
        ('<meta name="msapplication-TileImage" content="/t.png">', f"{URL}t.png"),
        ('<link rel="icon" href="data:image/png;base64,AAAA"><link rel="icon" href="">', None),
        ('<link rel="stylesheet" href="/i.png"><link rel="image_src" href="/i.png">', None),
    ],
)
def test_icons(link: str, icon: str | None) -> None:
    assert said(link).favicon_url == icon


@pytest.mark.parametrize(
    ("head", "body", "logo"),
    [
        (
            ld('{"@type": "Organization", "logo": {"url": "/l.svg"}}'),
            '<header><img class="logo" src="/x.png">',
            "/l.svg",
        ),
        (ld('{"@type": "Article", "publisher": {"@type": "Organization", "logo": "/l.png"}}'), "", "/l.png"),
        ('<meta property="og:logo" content="/og.svg">', "", "/og.svg"),
        ('<meta property="og:image" content="/share.jpg">', "<p>x</p>", "/share.jpg"),
        (
            '<meta property="og:image" content="/share.jpg">',
            '<header><img class="logo" src="/l.png"></header>',
            "/l.png",
        ),
        ("", '<header><img class="site-logo" src="/header-logo.png" alt="Joe"></header>', "/header-logo.png"),
        ("", '<a class="navbar-brand" href="/"><img src="/l.png"></a>', "/l.png"),
        ("", '<div id="logo"><a href="/"><img src="/l.png"></a></div>', "/l.png"),
        ("", '<img src="/hero.jpg"><div id="logo"><img src="/l.png"></div>', "/l.png"),
        ("", '<div class="logo"><img src="/l.png"></div><img src="/hero.jpg">', "/l.png"),
        (
            "",
            '<img src="/hero.jpg"><div class="logo"><img src="/a.png"></div><div class="logo"><img src="/b.png">',
            None,
        ),
        ("", f'<header><a href="{URL}"><img src="/joes.png" alt="Joe"></a></header>', "/joes.png"),
        ("", '<header><img src="data:image/gif;base64,A" data-src="/logo.png" class="logo"></header>', "/logo.png"),
        ("", '<header><img class="logo" srcset="/l.png 1x, /l@2x.png 2x"></header>', "/l.png"),
        ("", '<header><picture class="logo"><source srcset="/l.webp 1x"><img src="/l.png"></picture>', "/l.png"),
        ("", '<div itemscope itemtype="http://schema.org/Organization"><img itemprop="logo" src="/m.png">', "/m.png"),
        ("", '<ul class="client-logos"><li><img src="/acme-logo.png"></ul><footer><img src="/visa-logo.png">', None),
        ("", '<header><img src="/yelp-logo.png"><img src="/bbb-logo.png"></header>', None),
        ("", '<p><img src="/van.jpg" alt="our van"></p>', None),
    ],
)
def test_logos(head: str, body: str, logo: str | None) -> None:
    found = said(head, body).logo_url
    assert found == (f"https://www.joesplumbing.com{logo}" if logo else None)


def test_wordpress_and_elementor_with_evidence() -> None:
    found = said(
        '<meta name="generator" content="WordPress 6.6.2">'
        '<link rel=stylesheet href="/wp-content/plugins/elementor/x.css">',
        '<div class="elementor elementor-12">x</div>',
    )
    assert (found.is_wordpress, found.wordpress_version, found.has_elementor) == (True, "6.6.2", True)
    assert found.tech_stack["WordPress"]["version"] == "6.6.2"
    assert found.tech_stack["WordPress"]["evidence"]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("<!-- Search Engine Optimization by Rank Math - https://rankmath.com/ -->", True),
        ('<meta name="generator" content="WooCommerce 9.1.2">', True),
        ('<meta name="generator" content="Drupal 10"><div class="wpcf7">x</div>', False),
        ("<style>:root{--wp--preset--spacing--20:0.44rem}</style>", True),
        ('<img src="https://i0.wp.com/joe/van.jpg">', False),
    ],
)
def test_wordpress_that_hides_its_folders(head: str, expected: bool) -> None:
    found = said(head)
    assert (found.is_wordpress, found.wordpress_version) == (expected, None)


def test_technologies_of_headers() -> None:
    found = said(server="nginx/1.25.3", x_powered_by="PHP/8.2.1")
    assert {"Nginx", "PHP"} <= {name.title() if name == "nginx" else name for name in found.tech_stack}


def test_structured_facts() -> None:
    facts = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": ["Plumber", "LocalBusiness"], "name": "Joe", "telephone": "512-555-0142", "priceRange": "$$"},
            {"@type": "WebSite", "name": "x"},
        ],
    }
    found = said(f'<script type="application/ld+json">{json.dumps(facts)}</script>')
    assert found.phone_numbers == ["+15125550142"]
    assert "Plumber" in str(found.meta_json["schema_types"])
    business: Any = found.meta_json["local_business"]
    assert business["name"] == "Joe"


@pytest.mark.parametrize(
    "broken", ["{", '{"@type": "Plumber",}', "<!-- {} -->", "[" * 100_000, '{"a": ' * 50_000, "null"]
)
def test_broken_structured_data_breaks_nothing(broken: str) -> None:
    found = said(f'<title>ok</title><script type="application/ld+json">{broken}</script>')
    assert found.title == "ok"


def test_contact_pages_of_the_same_site_best_first() -> None:
    links = read_page(
        page(
            body="""<a href="/about-us/">About us</a> <a href="/contact">Contact</a> <a href="/blog/">Blog</a>
            <a href="https://elsewhere.com/contact">Contact</a> <a href="mailto:x@y.zz">Contact</a>"""
        )
    ).contact_links
    assert links == ["https://www.joesplumbing.com/contact", "https://www.joesplumbing.com/about-us/"]


def test_facts_of_further_pages_are_gathered() -> None:
    contact = page(body="<p>office@joesplumbing.com, 512-555-0199</p>", url=f"{URL}contact")
    found = extract([page("<title>Home</title>"), contact])
    assert (found.title, found.email_addresses, found.phone_numbers) == (
        "Home",
        ["office@joesplumbing.com"],
        ["+15125550199"],
    )


def test_nothing_of_nothing() -> None:
    assert extract([]) == SiteMetadata()
    assert extract([Page(URL, b"", {})]).title is None


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 100_000,
        b"<a href='/x'>x</a>" * 100_000,
        b"<p " + b"a=b " * 500_000 + b">",
        b"<" * 2_000_000,
        b"&" * 1_000_000,
        b"a@" * 500_000,
        b"1-" * 500_000,
        b"[at]" * 200_000,
        bytes(range(256)) * 4000,
    ],
    ids=["depth", "links", "attributes", "angles", "ampersands", "ats", "digits", "hidden-ats", "bytes"],
)
def test_hostile_pages_cost_bounded_time(body: bytes) -> None:
    began = time.perf_counter()
    found = extract([Page(URL, b"<title>ok</title>" + body, {"content-type": "text/html"})])
    assert time.perf_counter() - began < 15
    assert "\x00" not in json.dumps(found.meta_json)


def test_a_mutated_page_raises_nothing() -> None:
    chance = random.Random(11)
    whole = page(
        "<title>Joe</title>"
        '<script type="application/ld+json">{"@type": "Plumber", "telephone": "+1 512 555 0142"}</script>',
        '<a href="tel:5125550142">call</a><a href="mailto:a@b.com">x</a><img class=logo src=/l.png>' * 5,
    ).body
    for _ in range(150):
        mutated = bytearray(whole)
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(mutated))
            mutated[at : at + chance.randrange(5)] = chance.randbytes(chance.randrange(5))
        json.dumps(extract([Page(URL, bytes(mutated), {})]).meta_json).encode()


@given(st.text(max_size=300))
def test_any_text_raises_nothing(text: str) -> None:
    found = said(f"<title>{text}</title>", text, content_type=text)
    assert "\x00" not in (found.title or "")
