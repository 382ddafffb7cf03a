"""Domain extraction: a business's website into ``domains``.

Claims ``local_businesses.domain_extraction_status`` Queued. Reads the domain from ``website_url``; nothing is fetched.
Writes a row of ``domains`` where the domain is new, which the domain scheduler's queue takes up, and links the business
to it; several businesses may share a domain, and the first keeps the link. A business without a website is done, and
hands nothing on. A page on a social network or a directory is not its own website: Error ``not-own-website``.
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
from scrapersky.settings import Settings
from scrapersky.web.urls import domain_of, registrable

# fmt: off
OTHERS_SITES = frozenset({
    "facebook.com", "fb.com", "fb.me", "instagram.com", "twitter.com", "x.com", "linkedin.com", "youtube.com",
    "youtu.be", "tiktok.com", "pinterest.com", "yelp.com", "angi.com", "homeadvisor.com", "thumbtack.com",
    "nextdoor.com", "bbb.org", "yellowpages.com", "tripadvisor.com", "opentable.com", "doordash.com",
    "ubereats.com", "grubhub.com", "linktr.ee", "google.com", "goo.gl", "g.page", "business.site", "wa.me",
    "whatsapp.com", "t.me", "booking.com", "airbnb.com", "amazon.com", "etsy.com", "ebay.com", "bit.ly",
})
# fmt: on
"""Registrable domains of social networks, directories and link shorteners."""


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

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def work(self, row: Business, lease: Lease) -> str | None:  # noqa: ARG002
        """The domain of the business's own website, or None where it has none."""
        if row.website_url is None or not row.website_url.strip():
            return None
        try:
            domain = domain_of(row.website_url)
        except InputError as error:
            raise PermanentError("bad-website-url", str(error)) from None
        if domain in OTHERS_SITES or registrable(domain) in OTHERS_SITES:
            raise PermanentError("not-own-website", f"{row.website_url[:300]} is a page on {registrable(domain)}")
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
        await session.execute(UPSERT, {"rows": json.dumps(rows)})


UPSERT = text("""
INSERT INTO domains AS known (domain, tenant_id, local_business_id)
SELECT domain, tenant_id, local_business_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS found(domain text, tenant_id uuid, local_business_id uuid)
ORDER BY domain
ON CONFLICT (domain) DO UPDATE SET local_business_id = EXCLUDED.local_business_id
WHERE known.local_business_id IS NULL""")
