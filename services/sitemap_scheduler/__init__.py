"""Sitemap scheduler: legacy sitemap jobs and Google Places deep scans.

Claims ``jobs`` of type ``sitemap`` that are Queued and discovers that one domain's sitemaps, queueing their import
(`sitemap_job`); claims ``places_staging.deep_scan_status`` Queued and turns Place Details into ``local_businesses``
(`deep_scan`). A person then selects businesses for domain extraction, or AUTO_SELECT does.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from scrapersky.queue.stage import Stage
from scrapersky.service import RunSummary, run_job_loop
from scrapersky.settings import Settings


async def process_pending_jobs(limit: int | None = None) -> RunSummary:
    """Work the sitemap jobs and deep scans that are due; see `scrapersky.service.run_job_loop`."""
    return await run_job_loop("sitemap-scheduler", _stages, limit=limit)


@asynccontextmanager
async def _stages(settings: Settings) -> AsyncIterator[Sequence[Stage[Any, Any]]]:
    from scrapersky.places.client import PlacesClient
    from scrapersky.web.fetcher import Fetcher
    from services.sitemap_scheduler.deep_scan import DeepScan
    from services.sitemap_scheduler.sitemap_job import SitemapJob

    pods = settings.sitemap_scheduler_max_instances
    async with Fetcher(settings, pods) as fetcher, PlacesClient(settings) as places:
        yield [SitemapJob(settings, fetcher), DeepScan(settings, places)]
