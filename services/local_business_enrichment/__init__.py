"""Local business enrichment: Places searches, and a business's website into ``domains``.

Claims ``jobs`` of type ``places_search`` that are Queued and writes what Google finds to ``places_staging``
(`search_places`); claims ``local_businesses.domain_extraction_status`` Queued and turns the website's URL into a row of
``domains``, which is queued for its scan (`extract_domain`).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from scrapersky.queue.stage import Stage
from scrapersky.service import RunSummary, run_job_loop
from scrapersky.settings import Settings


async def process_places_search_background(limit: int | None = None) -> RunSummary:
    """Work the searches and businesses that are due; see `scrapersky.service.run_job_loop`."""
    return await run_job_loop("local-business-enrichment", _stages, limit=limit)


@asynccontextmanager
async def _stages(settings: Settings) -> AsyncIterator[Sequence[Stage[Any, Any]]]:
    from scrapersky.places.client import PlacesClient
    from services.local_business_enrichment.extract_domain import ExtractDomain
    from services.local_business_enrichment.search_places import SearchPlaces

    async with PlacesClient(settings) as places:
        yield [SearchPlaces(settings, places), ExtractDomain()]
