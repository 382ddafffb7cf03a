"""Sitemap import: the URLs of sitemap files into ``pages``.

Claims ``sitemap_files.sitemap_import_status`` Queued; streams each file and upserts its URLs (`import_sitemap`). The
last step of the pipeline.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from scrapersky.queue.stage import Stage
from scrapersky.service import RunSummary, run_job_loop
from scrapersky.settings import Settings


async def process_sitemap_imports(limit: int | None = None) -> RunSummary:
    """Import the sitemap files that are due; see `scrapersky.service.run_job_loop` for ``limit`` and errors."""
    return await run_job_loop("sitemap-import", _stages, limit=limit)


@asynccontextmanager
async def _stages(settings: Settings) -> AsyncIterator[Sequence[Stage[Any, Any]]]:
    from scrapersky.web.fetcher import Fetcher
    from services.sitemap_import.import_sitemap import ImportSitemap

    async with Fetcher(settings, settings.sitemap_import_scheduler_max_instances) as fetcher:
        yield [ImportSitemap(settings, fetcher)]
