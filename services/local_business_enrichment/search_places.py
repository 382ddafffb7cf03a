"""Places searches: what Google finds for "plumbers in Austin, TX", into ``places_staging``.

Claims ``jobs`` of type ``places_search`` that are Queued; ``job_metadata`` has ``business_type`` and ``location``, and
may have ``radius_km`` and ``search_id``. Asks Text Search page by page, 60 places at the most; with a radius, looks up
where the location is first, asks for the rectangle around the circle, and drops what lies in its corners.

Writes a row of ``places_staging`` a place. A place that is known keeps its curation and its deep scan; the newest
description wins, and with it the search that it came from and ``search_time``, when it was fetched. Counts into
``result_data``: places found, new, and changed since they were last fetched; sets the row of ``place_searches`` that
the job came from to Completed. With AUTO_SELECT a new place is queued for its deep scan.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.curation import initial_status
from scrapersky.errors import PermanentError
from scrapersky.places.client import PlacesClient
from scrapersky.places.geography import Circle
from scrapersky.places.mapping import staged
from scrapersky.places.schema import Json, Place
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
    tenant_id_uuid: UUID | None
    job_metadata: Any


@dataclass(frozen=True)
class Search:
    """What a job asks for; ``radius_km`` None where it does not matter."""

    tenant: UUID
    business_type: str
    location: str
    radius_km: float | None
    search_id: UUID | None

    @property
    def query(self) -> str:
        """What Google is asked."""
        return f"{self.business_type} in {self.location}"


@dataclass(frozen=True)
class Found:
    """A search and its places, once each."""

    search: Search
    places: Sequence[Place]


class SearchPlaces:
    """The stage of ``place-searches``."""

    queue = PLACE_SEARCHES
    row = SearchJob

    def __init__(self, settings: Settings, places: PlacesClient) -> None:
        self._places = places
        self._max_pages = settings.places_max_pages
        self._curation = initial_status(settings).value

    async def work(self, row: SearchJob, lease: Lease) -> Found:  # noqa: ARG002
        """Every place that Google finds."""
        search = read_search(row)
        circle = None
        if search.radius_km is not None:
            circle = Circle(*await self._places.locate(search.location), search.radius_km)
        found: dict[str, Place] = {}
        token: str | None = None
        for _ in range(self._max_pages):
            page = await self._places.search_text(search.query, page_token=token, within=circle)
            found |= {place.id: place for place in page.places}
            token = page.next_page_token
            if token is None:
                break
        near = [place for place in found.values() if not circle or circle.contains(place.latitude, place.longitude)]
        return Found(search, near)

    async def settle(self, session: AsyncSession, results: Sequence[tuple[SearchJob, Found]]) -> None:
        """Upsert all places in the order of their ids; credit a place that several searches found to the last."""
        rows = {
            place.id: staged(place) | _provenance(row, found.search)
            for row, found in sorted(results, key=lambda result: result[0].id)
            for place in found.places
        }
        values = {"places": json.dumps(list(rows.values())), "ids": list(rows), "curation": self._curation}
        upserted = await session.execute(UPSERT, values)
        counts: dict[UUID, Counter[str]] = {row.job_id: Counter() for row, _ in results}
        for job_id, is_new, is_changed in upserted:
            counts[job_id].update(new=int(is_new), changed=int(is_changed))
        await session.execute(COUNT, [_counts(row, found, counts[row.job_id]) for row, found in results])
        finished = [{"id": found.search.search_id} for _, found in results if found.search.search_id is not None]
        if finished:
            await session.execute(FINISH_SEARCH, sorted(finished, key=lambda each: str(each["id"])))


def _provenance(row: SearchJob, search: Search) -> Json:
    return {
        "tenant_id": str(search.tenant),
        "search_job_id": str(row.job_id),
        "search_query": search.query[:255],
        "search_location": search.location,
    }


def _counts(row: SearchJob, found: Found, counted: Counter[str]) -> Json:
    counts = {"found": len(found.places), "new": counted["new"], "changed": counted["changed"]}
    return {"id": row.id, "counts": json.dumps(counts)}


def read_search(row: SearchJob) -> Search:
    """Read what a job asks for.

    Raises:
        PermanentError: ``bad-search``: it does not say what to search for, or where, or for whom.
    """
    given = row.job_metadata if isinstance(row.job_metadata, dict) else {}
    business_type, location = (str(given.get(name) or "").strip() for name in ("business_type", "location"))
    if not business_type or not location:
        raise PermanentError("bad-search", "job_metadata must have business_type and location")
    try:
        radius = None if given.get("radius_km") is None else float(given["radius_km"])
        search_id = UUID(str(given["search_id"])) if given.get("search_id") else None
        tenant = row.tenant_id_uuid or UUID(row.tenant_id)
    except (TypeError, ValueError) as error:
        raise PermanentError("bad-search", f"radius_km, search_id or tenant_id: {error}") from None
    if radius is not None and not (math.isfinite(radius) and 0 < radius <= LARGEST_RADIUS_KM):
        raise PermanentError("bad-search", f"radius_km must be above 0 and at most {LARGEST_RADIUS_KM}, not {radius}")
    return Search(tenant, business_type[:100], location[:255], radius, search_id)


# xmax is 0 in a row version that no other transaction has touched: in inserts, not in updates. What was there before
# is read in the statement's snapshot, so it is what was there before.
UPSERT = text("""
WITH before AS (SELECT place_id, raw_data FROM places_staging WHERE place_id = ANY(CAST(:ids AS varchar[])))
INSERT INTO places_staging AS known (place_id, name, formatted_address, vicinity, business_type, latitude, longitude,
    rating, user_ratings_total, price_level, raw_data, search_query, search_location, search_job_id, search_time,
    tenant_id, status)
SELECT place_id, name, formatted_address, vicinity, business_type, latitude, longitude, rating, user_ratings_total,
    price_level, raw_data, search_query, search_location, search_job_id, timezone('utc', now()), tenant_id,
    CAST(:curation AS text)::"SitemapCurationStatusEnum"
FROM jsonb_to_recordset(CAST(:places AS jsonb)) AS found(place_id text, name text, formatted_address text,
    vicinity text, business_type text, latitude float8, longitude float8, rating float8, user_ratings_total int,
    price_level int, raw_data jsonb, search_query text, search_location text, search_job_id uuid, tenant_id uuid)
ORDER BY place_id
ON CONFLICT (place_id) DO UPDATE SET name = EXCLUDED.name, formatted_address = EXCLUDED.formatted_address,
    vicinity = EXCLUDED.vicinity, business_type = EXCLUDED.business_type, latitude = EXCLUDED.latitude,
    longitude = EXCLUDED.longitude, rating = EXCLUDED.rating, user_ratings_total = EXCLUDED.user_ratings_total,
    price_level = EXCLUDED.price_level, raw_data = EXCLUDED.raw_data, search_query = EXCLUDED.search_query,
    search_location = EXCLUDED.search_location, search_job_id = EXCLUDED.search_job_id,
    search_time = EXCLUDED.search_time, updated_at = EXCLUDED.search_time
RETURNING search_job_id, xmax = 0, xmax <> 0 AND raw_data IS DISTINCT FROM
    (SELECT raw_data FROM before WHERE before.place_id = known.place_id)""")

COUNT = text("""
UPDATE jobs SET result_data = CAST(:counts AS jsonb), progress = 1, updated_at = timezone('utc', now())
WHERE id = :id""")

FINISH_SEARCH = text("""
UPDATE place_searches SET status = 'Completed', updated_at = timezone('utc', now()) WHERE id = :id""")
