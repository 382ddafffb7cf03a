"""Domain scheduler: website metadata.

Claims ``domains.status`` Queued; reads each home page and its contact and about pages (`scan_domain`); writes the
metadata columns of ``domains``. A person then selects domains for sitemap analysis, or AUTO_SELECT does.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from scrapersky.queue.stage import Stage
from scrapersky.service import RunSummary, run_job_loop
from scrapersky.settings import Settings


async def process_pending_domains(limit: int | None = None) -> RunSummary:
    """Scan the domains that are due; see `scrapersky.service.run_job_loop` for ``limit`` and errors."""
    return await run_job_loop("domain-scheduler", _stages, limit=limit)


@asynccontextmanager
async def _stages(settings: Settings) -> AsyncIterator[Sequence[Stage[Any, Any]]]:
    from scrapersky.web.fetcher import Fetcher
    from services.domain_scheduler.scan_domain import ScanDomain

    async with Fetcher(settings, settings.domain_scheduler_max_instances) as fetcher:
        yield [ScanDomain(settings, fetcher)]
