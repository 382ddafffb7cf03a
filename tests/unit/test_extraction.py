"""What a home page says: one page of each kind, and pages that mean harm."""

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.metadata import Page, SiteMetadata, contact_links, extract

URL = "https://www.joesplumbing.com/"


def page(head: str = "", body: str = "", *, url: str = URL, attributes: str = 'lang="en"', **headers: str) -> Page:
    text = f"<!DOCTYPE html><html {attributes}><head>{head}</head><body>{body}</body></html>"
    return Page(url, text.encode(), {name.replace("_", "-"): value for name, value in headers.items()})


def said(head: str = "", body: str = "", **more: Any) -> SiteMetadata:
    return extract([page(head, body, **more)])


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
        ('<link rel="stylesheet" href="/i.png">', None),
    ],
)
def test_icons(link: str, icon: str | None) -> None:
    assert said(link).favicon_url == icon


@pytest.mark.parametrize(
    ("head", "body", "logo"),
    [
        (
            '<script type="application/ld+json">{"@type": "Organization", "logo": {"url": "/l.svg"}}</script>',
            "",
            "/l.svg",
        ),
        ("", '<header><img class="site-logo" src="/header-logo.png" alt="Joe"></header>', "/header-logo.png"),
        ("", '<p><img src="/van.jpg" alt="our van"></p>', None),
    ],
)
def test_logos(head: str, body: str, logo: str | None) -> None:
    found = said(head, body).logo_url
    assert found == (f"https://www.joesplumbing.com{logo}" if logo else None)


def cloudflare(address: str) -> str:
    return bytes([7, *(octet ^ 7 for octet in address.encode())]).hex()


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="mailto:joe@joesplumbing.com">write</a>',
        '<a href="MAILTO:Joe%40joesplumbing.com?subject=Hi">write</a>',
        "<p>joe@joesplumbing.com</p>",
        "<p>&#106;&#111;&#101;&#64;joesplumbing.com</p>",
        "<p>joe [at] joesplumbing [dot] com</p>",
        "<p>joe (at) joesplumbing.com</p>",
        f'<a class="__cf_email__" data-cfemail="{cloudflare("joe@joesplumbing.com")}">[email&#160;protected]</a>',
        f'<a href="/cdn-cgi/l/email-protection#{cloudflare("joe@joesplumbing.com")}">x</a>',
    ],
)
def test_e_mail_addresses_however_they_hide(markup: str) -> None:
    assert [address.lower() for address in said(body=markup).email_addresses] == ["joe@joesplumbing.com"]


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="logo@2x.png"> sprite@3x.webp',
        "<p>you@example.com</p>",
        "<script>Sentry.init({dsn: 'https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/2'})</script>",
        "<p>follow us @joesplumbing on Friday @ 5.pm</p>",
        "<p>605a7baede844d278b89dc95ae0a9123@sentry-next.wixpress.com</p>",
    ],
)
def test_what_only_looks_like_an_e_mail_address(markup: str) -> None:
    assert said(body=markup).email_addresses == []


@pytest.mark.parametrize(
    ("markup", "number"),
    [
        ('<a href="tel:+1-512-555-0142">call</a>', "+15125550142"),
        ("<p>(512) 555-0142</p>", "+15125550142"),
        ("<p>512.555.0142</p>", "+15125550142"),
        ("<p>+44 20 7946 0958</p>", "+442079460958"),
    ],
)
def test_telephone_numbers_in_every_form(markup: str, number: str) -> None:
    assert said(body=f"<p>Call us today:</p>{markup}").phone_numbers == [number]


@pytest.mark.parametrize(
    "text", ["2026-10-05", "$1,299.00", "30.2672, -97.7431", "Order 5125550142000017", "1998 - 2026"]
)
def test_numbers_that_call_nobody(text: str) -> None:
    assert said(body=f"<p>{text}</p>").phone_numbers == []


def test_a_number_is_read_by_the_country_of_the_page() -> None:
    german = said(body="<p>Telefon: 030 901820</p>", url="https://rohrreinigung.de/", attributes='lang="de"')
    assert german.phone_numbers == ["+4930901820"]


def test_profiles_and_not_share_buttons() -> None:
    found = said(
        body="""<a href="https://www.facebook.com/sharer/sharer.php?u=x">share</a>
        <a href="https://facebook.com/joesplumbing">Facebook</a> <a href="https://twitter.com/intent/tweet?text=x">x</a>
        <a href="https://x.com/joesplumb">X</a> <a href="https://www.instagram.com/p/Cabc123/">a picture</a>
        <a href="https://www.instagram.com/joesplumbing/">Instagram</a>
        <a href="//www.linkedin.com/company/joes/">in</a>
        <a href="https://www.youtube.com/watch?v=abc">film</a>
        <a href="https://www.youtube.com/@joesplumbing">YouTube</a>"""
    )
    assert "joesplumbing" in (found.facebook_url or "")
    assert "joesplumb" in (found.twitter_url or "")
    assert "/p/" not in (found.instagram_url or "/p/")
    assert "company/joes" in (found.linkedin_url or "")
    assert "@joesplumbing" in (found.youtube_url or "")


def test_wordpress_and_elementor_with_evidence() -> None:
    found = said(
        '<meta name="generator" content="WordPress 6.6.2">'
        '<link rel=stylesheet href="/wp-content/plugins/elementor/x.css">',
        '<div class="elementor elementor-12">x</div>',
    )
    assert (found.is_wordpress, found.wordpress_version, found.has_elementor) == (True, "6.6.2", True)
    assert found.tech_stack["WordPress"]["version"] == "6.6.2"
    assert found.tech_stack["WordPress"]["evidence"]


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
    links = contact_links(
        page(
            body="""<a href="/about-us/">About us</a> <a href="/contact">Contact</a> <a href="/blog/">Blog</a>
            <a href="https://elsewhere.com/contact">Contact</a> <a href="mailto:x@y.zz">Contact</a>"""
        )
    )
    assert links[:2] == ["https://www.joesplumbing.com/contact", "https://www.joesplumbing.com/about-us/"]
    assert not any("elsewhere" in link or "blog" in link for link in links)


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
