"""Legacy sitemap jobs: one domain's sitemaps, found and queued for import.

Claims ``jobs`` of type ``sitemap`` that are Queued. The domain is named by ``domain_id``, or by name in
``result_data.domain`` or ``job_metadata.domain``, and made if it is new. Discovers its sitemaps as domain sitemap
submission does. Writes a row of ``sitemap_files`` for each and queues their import, whatever AUTO_SELECT says: that is
what the job asked for. Counts into ``result_data``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.enums import CurationStatus
from scrapersky.errors import InputError, PermanentError
from scrapersky.queue.queues import SITEMAP_JOBS
from scrapersky.queue.stage import Lease
from scrapersky.settings import Settings
from scrapersky.sitemaps.discover import Discovery, discover
from scrapersky.sitemaps.files import store_sitemap_files
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.urls import domain_of


@dataclass(frozen=True)
class SitemapJobRow:
    """A row of ``jobs``."""

    id: int
    job_id: UUID
    tenant_id: str
    domain_id: UUID | None
    result_data: Any
    job_metadata: Any


@dataclass(frozen=True)
class JobResult:
    """The job's domain, its row where there was one, and its sitemaps."""

    domain: str
    discovery: Discovery


class SitemapJob:
    """The stage of ``sitemap-jobs``."""

    queue = SITEMAP_JOBS
    row = SitemapJobRow

    def __init__(self, settings: Settings, fetcher: Fetcher) -> None:
        self._settings = settings
        self._fetcher = fetcher

    async def work(self, row: SitemapJobRow, lease: Lease) -> JobResult:
        """Find the sitemaps of the domain that the job names."""
        domain = await self._domain(row, lease)
        return JobResult(domain, await discover(self._fetcher, domain, self._settings))

    async def _domain(self, row: SitemapJobRow, lease: Lease) -> str:
        for given in (row.result_data, row.job_metadata):
            name = given.get("domain") if isinstance(given, dict) else None
            if isinstance(name, str) and name.strip():
                try:
                    return domain_of(name)
                except InputError as error:
                    raise PermanentError("bad-domain", str(error)) from None
        if row.domain_id is None:
            raise PermanentError("no-domain", "the job names no domain: neither domain_id nor result_data.domain")
        async with lease.transaction() as session:
            found = await session.execute(text("SELECT domain FROM domains WHERE id = :id"), {"id": row.domain_id})
            return str(found.scalar_one())

    async def settle(self, session: AsyncSession, results: Sequence[tuple[SitemapJobRow, JobResult]]) -> None:
        """Write the sitemaps, queue their import, and say in the job how many there were."""
        for row, result in results:
            ensured = await session.execute(text(DOMAIN), {"domain": result.domain, "tenant": row.tenant_id})
            domain = ensured.one()
            found = result.discovery.sitemaps
            new = await store_sitemap_files(
                session, domain.id, domain.tenant_id, found, curation=CurationStatus.SELECTED, job_id=row.job_id
            )
            await session.execute(text(QUEUE_IMPORTS), {"domain": domain.id, "urls": [each.url for each in found]})
            counts = {"domain": result.domain, "sitemaps": len(found), "new": new}
            await session.execute(text(COUNT), {"id": row.id, "domain": domain.id, "counts": json.dumps(counts)})


DOMAIN = """
INSERT INTO domains AS known (domain, tenant_id) VALUES (:domain, CAST(:tenant AS uuid))
ON CONFLICT (domain) DO UPDATE SET domain = known.domain RETURNING id, tenant_id"""

QUEUE_IMPORTS = """
UPDATE sitemap_files SET deep_scrape_curation_status = 'Selected'
WHERE domain_id = :domain AND url = ANY(:urls) AND deep_scrape_curation_status IS DISTINCT FROM 'Selected'"""

COUNT = """
UPDATE jobs SET domain_id = :domain, result_data = coalesce(result_data, '{}') || CAST(:counts AS jsonb), progress = 1,
    updated_at = timezone('utc', now()) WHERE id = :id"""
