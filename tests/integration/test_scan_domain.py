"""A domain's scan through the real fetcher: which pages are read, and how a site's icon is found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from scrapersky.metadata import SiteMetadata
from scrapersky.web.fetcher import Fetcher
from services.domain_scheduler.scan_domain import DomainToScan, ScanDomain
from tests.internet.network import SmallInternet
from tests.internet.server import Answer
from tests.internet.site import Promise, Route, Site, html
from tests.support.internet import online

ORIGIN = "https://joes.example"
PNG = Answer(content_type="image/png", body=b"\x89PNG\r\n\x1a\n")


async def scan(directory: Path, routes: Mapping[str, Route], **settings: object) -> SiteMetadata:
    """Scan a site that answers these paths, in an Internet of two."""
    sites = [
        Site("joes.example", "the one", "Joe's", Promise(), routes),
        Site("elsewhere.example", "another", "Else", Promise(), {"/": html("<p>Mail: bob@elsewhere.example</p>")}),
    ]
    async with SmallInternet(directory, sites) as internet:
        chosen = online(internet).model_copy(update=settings)
        async with Fetcher(chosen) as fetcher:
            lease: Any = None
            return await ScanDomain(chosen, fetcher).work(DomainToScan(uuid4(), "joes.example"), lease)


def home(head: str = "", body: str = "") -> Answer:
    return html(f"<!DOCTYPE html><html lang=en><head><title>Joe's</title>{head}</head><body>{body}</body></html>")


@pytest.mark.parametrize(
    ("routes", "icon"),
    [
        pytest.param({"/": home('<link rel="icon" href="/i.png">')}, "/i.png", id="declared: not even asked for"),
        pytest.param(
            {"/favicon.ico": Answer(content_type="image/x-icon", body=b"\0\0\1\0")}, "/favicon.ico", id="usual"
        ),
        pytest.param({"/favicon.ico": html("<p>not found</p>")}, None, id="a soft 404 is no icon"),
        pytest.param({}, None, id="none"),
        pytest.param(
            {
                "/favicon.ico": Answer(302, headers={"Location": "/wp-includes/images/w-logo-blue-white-bg.png"}),
                "/wp-includes/images/w-logo-blue-white-bg.png": PNG,
            },
            None,
            id="WordPress's own logo is not the site's",
        ),
        pytest.param(
            {
                "/": home('<link rel="manifest" href="/app/site.webmanifest">'),
                "/app/site.webmanifest": Answer(
                    content_type="application/manifest+json",
                    body=b'{"icons": [{"src": "big.png", "sizes": "512x512"}, {"src": "small.png", "sizes": "48x48"}]}',
                ),
            },
            "/app/small.png",
            id="of the manifest",
        ),
        pytest.param(
            {"/": home('<link rel="manifest" href="/m.json">'), "/m.json": html("<p>no"), "/favicon.ico": PNG},
            "/favicon.ico",
            id="a broken manifest is passed over",
        ),
    ],
)
async def test_the_icon_of_a_site(tmp_path: Path, routes: dict[str, Route], icon: str | None) -> None:
    found = await scan(tmp_path, {"/": home()} | routes)
    assert found.favicon_url == (icon and ORIGIN + icon)


LINKS = '<a href="/contact">Contact</a> <a href="/about">About us</a> <a href="/team">Our team</a>'
PAGES = {
    "/": home(body=LINKS),
    "/contact": home(body="<p>contact@joes.example</p>"),
    "/about": home(body="<p>about@joes.example</p>"),
    "/team": home(body="<p>team@joes.example</p>"),
}


@pytest.mark.parametrize(("most", "names"), [(1, []), (2, ["contact"]), (3, ["contact", "about"])])
async def test_as_many_pages_are_read_as_the_setting_allows(tmp_path: Path, most: int, names: list[str]) -> None:
    found = await scan(tmp_path, PAGES, domain_scheduler_max_pages=most)
    assert found.email_addresses == [f"{name}@joes.example" for name in names]
    assert found.meta_json["pages"] == [f"{ORIGIN}/", *(f"{ORIGIN}/{name}" for name in names)]


@pytest.mark.parametrize(
    "contact",
    [
        Answer(302, headers={"Location": "https://elsewhere.example/"}),
        Answer(500),
        Answer(content_type="application/pdf", body=b"%PDF joe@joes.example"),
    ],
    ids=["leads to another site", "broken", "no page"],
)
async def test_a_further_page_that_cannot_be_read_is_left_out(tmp_path: Path, contact: Answer) -> None:
    found = await scan(tmp_path, PAGES | {"/contact": contact})
    assert found.email_addresses == ["about@joes.example"]
    assert found.title == "Joe's"
