"""Domain sitemap submission: finds a domain's sitemaps.

Claims ``domains.sitemap_analysis_status`` Queued; looks in robots.txt, in links and at well-known paths, and into
sitemap indexes (`discover_sitemaps`); writes a row of ``sitemap_files`` for each. A person then selects files for
import, or AUTO_SELECT does.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from scrapersky.queue.stage import Stage
from scrapersky.service import RunSummary, run_job_loop
from scrapersky.settings import Settings


async def process_pending_domain_sitemap_submissions(limit: int | None = None) -> RunSummary:
    """Analyse the domains that are due; see `scrapersky.service.run_job_loop` for ``limit`` and errors."""
    return await run_job_loop("domain-sitemap-submission", _stages, limit=limit)


@asynccontextmanager
async def _stages(settings: Settings) -> AsyncIterator[Sequence[Stage[Any, Any]]]:
    from scrapersky.web.fetcher import Fetcher
    from services.domain_sitemap_submission.discover_sitemaps import DiscoverSitemaps

    async with Fetcher(settings, settings.domain_sitemap_scheduler_max_instances) as fetcher:
        yield [DiscoverSitemaps(settings, fetcher)]
