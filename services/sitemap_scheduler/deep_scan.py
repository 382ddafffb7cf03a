"""Deep scans: Place Details into ``local_businesses``.

Claims ``places_staging.deep_scan_status`` Queued. Asks Google for the place's details. Writes a row of
``local_businesses`` a place and marks the place processed. A business that is known keeps its curation, its domain
extraction, its tenant and the columns that Google is not asked for; of the others the newest details win.
``additional_json.google_places`` has what Google said and when it was fetched; what others keep beside it stays. With
AUTO_SELECT a new business is queued for the extraction of its domain.

``place_id`` is the one that was staged, also where Google answers with the id that replaced it: it links the two rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.curation import initial_status
from scrapersky.places.client import PlacesClient
from scrapersky.places.mapping import DAYS, business
from scrapersky.places.schema import Place
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

    async def work(self, row: StagedPlace, lease: Lease) -> Place:  # noqa: ARG002
        """The place's details."""
        return await self._places.details(row.place_id)

    async def settle(self, session: AsyncSession, results: Sequence[tuple[StagedPlace, Place]]) -> None:
        """Upsert the businesses, in the order of their place ids, and mark the places processed."""
        rows = [
            business(place) | {"place_id": row.place_id, "tenant_id": str(row.tenant_id), "said": place.raw}
            for row, place in results
        ]
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
    **{f"{day}_hours": "text" for day in DAYS},
    "timezone": "text",
    "latitude": "numeric",
    "longitude": "numeric",
    "accessibility": "text[]",
}
"""What `scrapersky.places.mapping.business` fills, with the types that JSON is read as."""
_NAMES = ", ".join(COLUMNS)
_TYPED = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
_NEWEST = ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS)

UPSERT = text(f"""
INSERT INTO local_businesses AS known (place_id, tenant_id, lead_source, status, additional_json, {_NAMES})
SELECT place_id, tenant_id, :lead_source, CAST(:curation AS text)::"SitemapCurationStatusEnum",
    jsonb_build_object('google_places', jsonb_build_object('fetched_at', now(), 'place', said)), {_NAMES}
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS found(place_id text, tenant_id uuid, said jsonb, {_TYPED})
ORDER BY place_id
ON CONFLICT (place_id) DO UPDATE SET {_NEWEST}, updated_at = now(),
    additional_json = EXCLUDED.additional_json
        || CASE WHEN jsonb_typeof(known.additional_json) = 'object'
            THEN known.additional_json - 'google_places' ELSE '{{}}' END""")  # noqa: S608

PROCESSED = text("""
UPDATE places_staging SET processed = true, processed_time = timezone('utc', now()), updated_at = timezone('utc', now())
WHERE id = ANY(:ids)""")
