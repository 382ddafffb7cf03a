"""Domain extraction: a business's website into ``domains``.

Claims ``local_businesses.domain_extraction_status`` Queued. Reads the domain from ``website_url``; nothing is fetched.
Writes a row of ``domains`` where the domain is new, which the domain scheduler's queue takes up, and links the business
to it: ``domains.local_business_id``. Several businesses may share a domain; the first keeps the link.

A business without a website is Completed and hands nothing on; its ``website_url`` is empty, and that is how to tell. A
page on a social network, in a directory or behind a link shortener is not its own website: Error ``not-own-website``.
What is no URL of a website: Error ``bad-website-url``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.errors import InputError, PermanentError
from scrapersky.queue.queues import DOMAIN_EXTRACTIONS
from scrapersky.queue.stage import Lease
from scrapersky.web.urls import domain_of, registrable

# fmt: off
OTHERS_SITES = frozenset({
    # Social networks, messengers and link lists
    "facebook.com", "fb.com", "fb.me", "m.me", "instagram.com", "threads.net", "threads.com", "twitter.com", "x.com",
    "linkedin.com", "youtube.com", "youtu.be", "tiktok.com", "pinterest.com", "snapchat.com", "wa.me", "whatsapp.com",
    "t.me", "linktr.ee", "beacons.ai", "lnk.bio", "bio.link",
    # Google's own profiles, and link shorteners
    "goo.gl", "g.page", "g.co", "business.site", "bit.ly", "tinyurl.com", "page.link",
    # Directories, marketplaces, booking and delivery
    "angi.com", "angieslist.com", "homeadvisor.com", "thumbtack.com", "nextdoor.com", "bbb.org", "houzz.com",
    "porch.com", "foursquare.com", "mapquest.com", "manta.com", "trustpilot.com", "opentable.com", "doordash.com",
    "ubereats.com", "grubhub.com", "toasttab.com", "airbnb.com", "etsy.com", "vagaro.com", "booksy.com", "zocdoc.com",
})
OTHERS_NAMES = frozenset({"google", "yelp", "tripadvisor", "yellowpages", "amazon", "ebay", "booking", "groupon"})
# fmt: on
"""Registrable domains on which a business has a page at most; and names that are such under .com and every country."""


@dataclass(frozen=True)
class Business:
    """A row of ``local_businesses``."""

    id: UUID
    tenant_id: UUID
    website_url: str | None


class ExtractDomain:
    """The stage of ``domain-extractions``."""

    queue = DOMAIN_EXTRACTIONS
    row = Business

    async def work(self, row: Business, lease: Lease) -> str | None:  # noqa: ARG002
        """The domain of the business's own website, or None where it has none."""
        if row.website_url is None or not row.website_url.strip():
            return None
        try:
            domain = domain_of(row.website_url)
        except InputError as error:
            raise PermanentError("bad-website-url", str(error)) from None
        host = someone_elses(domain)
        if host is not None:
            raise PermanentError("not-own-website", f"{row.website_url.strip()[:300]} is a page on {host}")
        return domain

    async def settle(self, session: AsyncSession, results: Sequence[tuple[Business, str | None]]) -> None:
        """Insert the domains that are new; link those that no business has yet."""
        found: dict[str, Business] = {}
        for row, domain in results:
            if domain is not None:
                found.setdefault(domain, row)
        rows = [
            {"domain": domain, "tenant_id": str(row.tenant_id), "local_business_id": str(row.id)}
            for domain, row in sorted(found.items())
        ]
        if rows:
            await session.execute(UPSERT, {"rows": json.dumps(rows)})


def someone_elses(domain: str) -> str | None:
    """The network, directory or shortener that a domain belongs to; None where it may be the business's own."""
    owner = registrable(domain)
    name, _, suffix = owner.partition(".")
    country = suffix.rpartition(".")[2]
    if name in OTHERS_NAMES and (suffix == "com" or len(country) == len("uk")):
        return owner
    return next((each for each in (domain, owner) if each in OTHERS_SITES), None)


UPSERT = text("""
INSERT INTO domains AS known (domain, tenant_id, local_business_id)
SELECT domain, tenant_id, local_business_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS found(domain text, tenant_id uuid, local_business_id uuid)
ORDER BY domain
ON CONFLICT (domain) DO UPDATE SET local_business_id = EXCLUDED.local_business_id
WHERE known.local_business_id IS NULL""")
