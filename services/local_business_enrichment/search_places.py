"""Places searches: what Google finds for "plumbers in Austin, TX", into ``places_staging``.

Claims ``jobs`` of type ``places_search`` that are Queued; ``job_metadata`` has ``business_type`` and ``location``, and
may have ``radius_km`` and ``search_id``. Asks Text Search page by page, 60 places at the most. Writes a row of
``places_staging`` a place (a place that is known keeps its curation and its deep scan; the newest description wins),
counts into ``result_data``, and the state of the row of ``place_searches`` that the job came from. With AUTO_SELECT a
new place is queued for its deep scan.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.curation import initial_status
from scrapersky.errors import PermanentError
from scrapersky.places.client import Circle, Json, PlacesClient
from scrapersky.places.mapping import staged, within
from scrapersky.queue.queues import PLACE_SEARCHES
from scrapersky.queue.stage import Lease
from scrapersky.settings import Settings

LARGEST_RADIUS_KM = 50


@dataclass(frozen=True)
class SearchJob:
    """A row of ``jobs``."""

    id: int
    job_id: UUID
    tenant_id: str
    job_metadata: Any


@dataclass(frozen=True)
class Search:
    """What a job asks for; ``radius_km`` None where it does not matter."""

    business_type: str
    location: str
    radius_km: float | None
    search_id: UUID | None


class SearchPlaces:
    """The stage of ``place-searches``."""

    queue = PLACE_SEARCHES
    row = SearchJob

    def __init__(self, settings: Settings, places: PlacesClient) -> None:
        self._places = places
        self._max_pages = settings.places_max_pages
        self._curation = initial_status(settings).value

    async def work(self, row: SearchJob, lease: Lease) -> list[Json]:  # noqa: ARG002
        """Every place that Google finds, as columns of ``places_staging``, once each."""
        search = read_search(row.job_metadata)
        near = await self._circle(search)
        query = f"{search.business_type} in {search.location}"
        found: list[Json] = []
        token: str | None = None
        for _ in range(self._max_pages):
            page = await self._places.search_text(query, page_token=token, near=near)
            found += page.places
            token = page.next_page_token
            if token is None:
                break
        if near is not None:
            found = within(found, near.latitude, near.longitude, near.radius / 1000)
        described = {place["place_id"]: place for place in map(staged, found)}
        return [described[place_id] | {"search_query": query[:255]} for place_id in sorted(described)]

    async def _circle(self, search: Search) -> Circle | None:
        if search.radius_km is None:
            return None
        latitude, longitude = await self._places.locate(search.location)
        return Circle(latitude, longitude, min(search.radius_km, LARGEST_RADIUS_KM) * 1000)

    async def settle(self, session: AsyncSession, results: Sequence[tuple[SearchJob, list[Json]]]) -> None:
        """Upsert the places of each search, and say in the job how many there were."""
        for row, places in results:
            search = read_search(row.job_metadata)
            common = {
                "tenant": row.tenant_id,
                "job_id": row.job_id,
                "location": search.location,
                "curation": self._curation,
            }
            upserted = await session.execute(UPSERT, {"places": json.dumps(places), **common})
            new = sum(bool(is_new) for (is_new,) in upserted)
            counts = {"found": len(places), "new": new, "known": len(places) - new}
            await session.execute(COUNT, {"id": row.id, "counts": json.dumps(counts)})
            if search.search_id is not None:
                await session.execute(FINISH_SEARCH, {"id": search.search_id})


def read_search(metadata: object) -> Search:
    """Read ``job_metadata``.

    Raises:
        PermanentError: It does not say what to search for, or where.
    """
    given = metadata if isinstance(metadata, dict) else {}
    business_type, location = (str(given.get(name) or "").strip() for name in ("business_type", "location"))
    if not business_type or not location:
        raise PermanentError("bad-search", "job_metadata must have business_type and location")
    try:
        radius = float(given["radius_km"]) if given.get("radius_km") else None
        search_id = UUID(str(given["search_id"])) if given.get("search_id") else None
    except ValueError as error:
        raise PermanentError("bad-search", f"job_metadata: {error}") from None
    return Search(business_type[:100], location[:255], radius, search_id)


UPSERT = text("""
INSERT INTO places_staging AS known (place_id, name, formatted_address, business_type, latitude, longitude, rating,
    user_ratings_total, price_level, raw_data, search_query, search_location, search_job_id, search_time, tenant_id,
    status)
SELECT place_id, name, formatted_address, business_type, latitude, longitude, rating, user_ratings_total, price_level,
    raw_data, search_query, CAST(:location AS text), CAST(:job_id AS uuid), timezone('utc', now()),
    CAST(:tenant AS uuid), CAST(:curation AS text)::"SitemapCurationStatusEnum"
FROM jsonb_to_recordset(CAST(:places AS jsonb)) AS found(place_id text, name text, formatted_address text,
    business_type text, latitude float8, longitude float8, rating float8, user_ratings_total int, price_level int,
    raw_data jsonb, search_query text)
ORDER BY place_id
ON CONFLICT (place_id) DO UPDATE SET name = EXCLUDED.name, formatted_address = EXCLUDED.formatted_address,
    business_type = EXCLUDED.business_type, latitude = EXCLUDED.latitude, longitude = EXCLUDED.longitude,
    rating = EXCLUDED.rating, user_ratings_total = EXCLUDED.user_ratings_total, price_level = EXCLUDED.price_level,
    raw_data = EXCLUDED.raw_data, search_time = EXCLUDED.search_time, updated_at = timezone('utc', now())
RETURNING xmax = 0""")

COUNT = text("""
UPDATE jobs SET result_data = CAST(:counts AS jsonb), progress = 1, updated_at = timezone('utc', now())
WHERE id = :id""")

FINISH_SEARCH = text("""
UPDATE place_searches SET status = 'Completed', updated_at = timezone('utc', now()) WHERE id = :id""")
