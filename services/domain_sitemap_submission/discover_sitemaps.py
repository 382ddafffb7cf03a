"""Sitemap analysis: finds a domain's sitemaps.

Claims ``domains.sitemap_analysis_status`` Queued. Looks into robots.txt, at the links of the home page, at well-known
paths, and into sitemap indexes. Writes a row of ``sitemap_files`` for each sitemap, once, and counts into the domain's
row. With AUTO_SELECT a new file is queued for its import. A domain without sitemaps is Completed, with a count of 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.curation import initial_status
from scrapersky.queue.queues import SITEMAP_ANALYSIS
from scrapersky.queue.stage import Lease
from scrapersky.settings import Settings
from scrapersky.sitemaps.discover import Discovery, discover
from scrapersky.sitemaps.files import store_sitemap_files
from scrapersky.web.fetcher import Fetcher


@dataclass(frozen=True)
class AnalysedDomain:
    """A row of ``domains``."""

    id: UUID
    domain: str
    tenant_id: UUID


class DiscoverSitemaps:
    """The stage of ``sitemap-analysis``."""

    queue = SITEMAP_ANALYSIS
    row = AnalysedDomain

    def __init__(self, settings: Settings, fetcher: Fetcher) -> None:
        self._settings = settings
        self._fetcher = fetcher

    async def work(self, row: AnalysedDomain, lease: Lease) -> Discovery:  # noqa: ARG002
        """Find the domain's sitemaps."""
        return await discover(self._fetcher, row.domain, self._settings)

    async def settle(self, session: AsyncSession, results: Sequence[tuple[AnalysedDomain, Discovery]]) -> None:
        """Write a row a sitemap, and the counts."""
        curation = initial_status(self._settings)
        for row, discovery in results:
            await store_sitemap_files(session, row.id, row.tenant_id, discovery.sitemaps, curation=curation)
            listed = sum(found.url_count or 0 for found in discovery.sitemaps if found.sitemap_type != "index")
            counts = {"id": row.id, "files": len(discovery.sitemaps), "urls": listed}
            await session.execute(text(COUNT), counts)


COUNT = """
UPDATE domains SET total_sitemaps = :files, sitemap_urls = :urls, updated_at = timezone('utc', now()) WHERE id = :id"""
