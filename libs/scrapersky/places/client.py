"""Client for the Places API (New): Text Search and Place Details.

https://developers.google.com/maps/documentation/places/web-service/reference/rest. What is asked for, and what that
costs, is in `scrapersky.places.masks`.
"""

from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from scrapersky import metrics
from scrapersky.errors import ConfigurationError, PermanentError, TransientError
from scrapersky.places.geography import Circle
from scrapersky.places.masks import DETAILS, LOCATE, SEARCH, Mask
from scrapersky.places.schema import Json, Place, SearchPage, coordinate, json_object, read_page, read_place
from scrapersky.settings import Settings

if TYPE_CHECKING:
    from scrapersky.places.quota import Quota
    from scrapersky.places.wire import Wire

SEARCH_PATH = "/v1/places:searchText"
DETAILS_PATH = "/v1/places/{}"
PAGE_SIZE = 20
# English, since opening hours are read by the names of the days; names of places stay what they are.
LANGUAGE = "en"
PATIENCE = 5


class PlacesClient:
    """Speaks to the Places API; an async context manager, one for a run.

    Nothing is opened, and no HTTP library imported, before the first call: most runs make none.

    Args:
        settings: GOOGLE_MAPS_API_KEY, PLACES_BASE_URL, and what `scrapersky.places.wire` needs.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._wire: Wire | None = None
        self._quotas: dict[str, Quota] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._wire is not None:
            await self._wire.close()

    async def search_text(
        self, query: str, *, page_token: str | None = None, within: Circle | None = None
    ) -> SearchPage:
        """One page of at most 20 places for a text such as "plumbers in Austin, TX"; three pages are all there is.

        Args:
            query: What a person would type.
            page_token: Of the page before; everything else must be the same.
            within: Only places in the rectangle around this circle.

        Raises:
            ConfigurationError: The key is missing or refused, or PLACES_BASE_URL is wrong. No row is to blame.
            TransientError: The quota is used up for more than a minute, 5xx, no answer, or a page token that expired.
            PermanentError: Google does not accept the request.
        """
        # Plumbers often have no premises to visit; without the flag Google leaves such businesses out.
        body: Json = {
            "textQuery": query,
            "pageSize": PAGE_SIZE,
            "languageCode": LANGUAGE,
            "includePureServiceAreaBusinesses": True,
        }
        if within is not None:
            body["locationRestriction"] = {"rectangle": within.viewport()}
        if page_token is None:
            return read_page(await self._call(SEARCH, SEARCH_PATH, body))
        try:
            return read_page(await self._call(SEARCH, SEARCH_PATH, {**body, "pageToken": page_token}))
        except PermanentError as error:
            if error.cause != "places-400":
                raise
            # The same request passed without the token a moment ago: it is the token that Google no longer accepts.
            raise TransientError("places-page-token", error.explanation) from None

    async def locate(self, location: str) -> tuple[float, float]:
        """Latitude and longitude of a place by name, the first that Google finds.

        Raises:
            PermanentError: ``unknown-location``: it finds none.
            ScraperSkyError: As `search_text`.
        """
        answer = await self._call(LOCATE, SEARCH_PATH, {"textQuery": location, "pageSize": 1, "languageCode": LANGUAGE})
        places = answer.get("places")
        first = places[0] if isinstance(places, list) and places and isinstance(places[0], dict) else {}
        latitude, longitude = coordinate(first, "latitude", 90), coordinate(first, "longitude", 180)
        if latitude is None or longitude is None:
            raise PermanentError("unknown-location", f"Google finds no place named {location!r}")
        return latitude, longitude

    async def details(self, place_id: str) -> Place:
        """What Google says of one place.

        Raises:
            PermanentError: ``place-gone``: Google knows the id no more.
            ScraperSkyError: As `search_text`.
        """
        if not place_id.strip("."):
            raise PermanentError("bad-place-id", f"{place_id!r} is no place id")
        path = f"{DETAILS_PATH.format(quote(place_id, safe=''))}?languageCode={LANGUAGE}"
        place = read_place(await self._call(DETAILS, path))
        if place is None:
            raise PermanentError("places-answer", f"Places described {place_id} without an id")
        return place

    async def _call(self, mask: Mask, path: str, body: Json | None = None) -> Json:
        from scrapersky.places.quota import Quota, closed_for
        from scrapersky.places.refusals import TOO_MANY_REQUESTS, refusal
        from scrapersky.places.wire import Wire

        key = self._key()
        self._wire = self._wire or Wire(self._settings)
        quota = self._quotas.setdefault(mask.quota, Quota(mask.quota))
        headers = {"X-Goog-Api-Key": key, "X-Goog-FieldMask": mask.header}
        closed = 0.0
        for _ in range(PATIENCE):
            await quota.wait()
            answer = await self._wire.exchange("GET" if body is None else "POST", path, headers, body)
            if answer.status == TOO_MANY_REQUESTS:
                closed = closed_for(answer, datetime.now(UTC))
                quota.close(closed)
                continue
            if answer.status != 200:  # noqa: PLR2004
                raise refusal(answer, key)
            metrics.PLACES_CALLS.labels(mask.sku).inc()
            parsed = json_object(answer.body)
            if parsed is None:
                raise TransientError("places-answer", "Places answered something that is no JSON object")
            return parsed
        raise quota.used_up(closed)

    def _key(self) -> str:
        secret = self._settings.google_maps_api_key
        key = "" if secret is None else secret.get_secret_value()
        if not key:
            raise ConfigurationError("GOOGLE_MAPS_API_KEY: is not set, and Places searches or deep scans are due")
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ConfigurationError("GOOGLE_MAPS_API_KEY: has characters that no key has (a space, a line break …)")
        return key
