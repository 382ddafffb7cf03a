"""Which websites are a business's own."""

from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.errors import PermanentError
from services.local_business_enrichment.extract_domain import Business, ExtractDomain, someone_elses

NOBODY = UUID(int=0)


class NoLease:
    """A lease that is not used: nothing is written while this stage works."""

    attempt = 1

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        raise AssertionError


@pytest.mark.parametrize(
    "domain",
    [
        "facebook.com", "m.facebook.com", "instagram.com", "yelp.com", "yelp.co.uk", "en.yelp.com.hk", "google.com",
        "sites.google.com", "google.de", "maps.app.goo.gl", "joes.business.site", "wa.me", "linktr.ee", "amazon.co.jp",
        "tripadvisor.com.br", "booking.com", "bit.ly", "joes.page.link",
    ],
)  # fmt: skip
def test_pages_of_others(domain: str) -> None:
    assert someone_elses(domain) is not None


@pytest.mark.parametrize(
    "domain",
    [
        "joes.example", "yelp.plumbing", "notfacebook.com", "facebook.com.joes.example", "joes.github.io",
        "joes.wordpress.com", "amazon-plumbing.com", "joes.wixsite.com", "joes.co.uk",
    ],
)  # fmt: skip
def test_sites_of_ones_own(domain: str) -> None:
    assert someone_elses(domain) is None


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.Joes.example/x?utm_source=gmb#top", "joes.example"),
        ("joes.example", "joes.example"),
        ("http://Bücher.example/", "xn--bcher-kva.example"),
        (" http://joes.example:8080/ ", "joes.example"),
        (None, None),
        ("  ", None),
    ],
)
async def test_the_domain_of_a_website(website: str | None, domain: str | None) -> None:
    assert await ExtractDomain().work(Business(NOBODY, NOBODY, website), NoLease()) == domain


@pytest.mark.parametrize(
    ("website", "cause"),
    [
        ("https://m.facebook.com/joes", "not-own-website"),
        ("http://typo plumbing", "bad-website-url"),
        ("http://10.0.0.1/", "bad-website-url"),
        ("http://[::1]/", "bad-website-url"),
        ("mailto:joe@joes.example", "bad-website-url"),
        ("joe@joes.example", "bad-website-url"),
        ("javascript:alert(1)", "bad-website-url"),
        ("x" * 9_000, "bad-website-url"),
        ("http://\ud800/", "bad-website-url"),
    ],
)
async def test_what_is_no_website_of_ones_own(website: str, cause: str) -> None:
    with pytest.raises(PermanentError) as raised:
        await ExtractDomain().work(Business(NOBODY, NOBODY, website), NoLease())
    assert raised.value.cause == cause
    assert len(str(raised.value)) < 500
