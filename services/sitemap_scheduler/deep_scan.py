"""Deep scans: Place Details into ``local_businesses``.

Claims ``places_staging.deep_scan_status`` Queued. Asks Google for the place's details. Writes a row of
``local_businesses`` a place (a business that is known keeps its curation and its domain extraction; the newest details
win) and marks the place processed. With AUTO_SELECT a new business is queued for the extraction of its domain.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.curation import initial_status
from scrapersky.places.client import Json, PlacesClient
from scrapersky.places.mapping import business
from scrapersky.queue.queues import DEEP_SCANS
from scrapersky.queue.stage import Lease
from scrapersky.settings import Settings

LEAD_SOURCE = "google-places"


@dataclass(frozen=True)
class StagedPlace:
    """A row of ``places_staging``."""

    id: int
    place_id: str
    tenant_id: UUID


class DeepScan:
    """The stage of ``deep-scans``."""

    queue = DEEP_SCANS
    row = StagedPlace

    def __init__(self, settings: Settings, places: PlacesClient) -> None:
        self._places = places
        self._curation = initial_status(settings).value

    async def work(self, row: StagedPlace, lease: Lease) -> Json:  # noqa: ARG002
        """The place's details as columns of ``local_businesses``, with the time they were fetched."""
        columns = business(await self._places.details(row.place_id))
        fetched = {"fetched_at": datetime.now(UTC).isoformat(timespec="seconds"), "place": columns["additional_json"]}
        return columns | {"place_id": row.place_id, "additional_json": {"google_places": fetched}}

    async def settle(self, session: AsyncSession, results: Sequence[tuple[StagedPlace, Json]]) -> None:
        """Upsert the businesses, in the order of their place ids, and mark the places processed."""
        described = {columns["place_id"]: columns | {"tenant_id": str(row.tenant_id)} for row, columns in results}
        rows = [described[place_id] for place_id in sorted(described)]
        values = {"rows": json.dumps(rows), "curation": self._curation, "lead_source": LEAD_SOURCE}
        await session.execute(UPSERT, values)
        await session.execute(PROCESSED, {"ids": [row.id for row, _ in results]})


COLUMNS = {
    "business_name": "text",
    "full_address": "text",
    "street_address": "text",
    "city": "text",
    "state": "text",
    "zip": "text",
    "country": "text",
    "phone": "text",
    "main_category": "text",
    "extra_categories": "text[]",
    "rating": "numeric",
    "reviews_count": "int",
    "price_text": "text",
    "website_url": "text",
    **{
        f"{day}_hours": "text" for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    },
    "timezone": "text",
    "latitude": "numeric",
    "longitude": "numeric",
    "additional_json": "jsonb",
}
_NAMES = ", ".join(COLUMNS)
_TYPED = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
_NEWEST = ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS)

UPSERT = text(f"""
INSERT INTO local_businesses AS known (place_id, tenant_id, lead_source, status, {_NAMES})
SELECT place_id, tenant_id, :lead_source, CAST(:curation AS text)::"SitemapCurationStatusEnum", {_NAMES}
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS found(place_id text, tenant_id uuid, {_TYPED})
ORDER BY place_id
ON CONFLICT (place_id) DO UPDATE SET {_NEWEST}, updated_at = now()""")  # noqa: S608

PROCESSED = text("""
UPDATE places_staging SET processed = true, processed_time = timezone('utc', now()), updated_at = timezone('utc', now())
WHERE id = ANY(:ids)""")
