"""Client for the Places API (New): Text Search and Place Details.

https://developers.google.com/maps/documentation/places/web-service. The field mask sets the price of a call, so it
names what is stored and nothing else; see docs/google-places.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from scrapersky import metrics
from scrapersky.errors import ConfigurationError, PermanentError, TransientError
from scrapersky.settings import Settings
from scrapersky.web.politeness import retry_after

SEARCH_SKU = "text-search-enterprise"
SEARCH_FIELDS = (
    "nextPageToken",
    "places.id",
    "places.displayName",
    "places.formattedAddress",
    "places.location",
    "places.types",
    "places.rating",
    "places.userRatingCount",
    "places.priceLevel",
)
LOCATE_SKU = "text-search-pro"
LOCATE_FIELDS = ("places.location",)
DETAILS_SKU = "place-details-enterprise"
DETAILS_FIELDS = (
    "id",
    "displayName",
    "formattedAddress",
    "addressComponents",
    "location",
    "types",
    "primaryTypeDisplayName",
    "businessStatus",
    "timeZone",
    "nationalPhoneNumber",
    "internationalPhoneNumber",
    "rating",
    "userRatingCount",
    "priceLevel",
    "websiteUri",
    "regularOpeningHours",
)
PAGE_SIZE = 20
LONGEST_ANSWER = 4 * 1024 * 1024
TIMEOUT_SECONDS = 20

Json = dict[str, Any]


@dataclass(frozen=True)
class Circle:
    """An area to prefer: degrees and metres."""

    latitude: float
    longitude: float
    radius: float


@dataclass(frozen=True)
class SearchPage:
    """One page of a Text Search: places as Google describes them, and the token of the next page."""

    places: list[Json]
    next_page_token: str | None


class PlacesClient:
    """Speaks to the Places API; an async context manager, one for a run.

    Args:
        settings: GOOGLE_MAPS_API_KEY and PLACES_BASE_URL. Proxies of the environment are ignored.
    """

    def __init__(self, settings: Settings) -> None:
        self._key = settings.google_maps_api_key
        self._http = httpx.AsyncClient(
            base_url=str(settings.places_base_url), timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def search_text(
        self, query: str, *, page_token: str | None = None, near: Circle | None = None, pages_of: int = PAGE_SIZE
    ) -> SearchPage:
        """One page of places for a text such as "plumbers in Austin, TX".

        Args:
            query: What a person would type.
            page_token: Of the page before; the query must be the same.
            near: Prefer places in this circle.
            pages_of: Places a page, at most 20.

        Raises:
            ConfigurationError: The key is missing or refused. No row is to blame.
            TransientError: Over quota, 5xx, or no answer.
            PermanentError: Google does not accept the request.
        """
        body: Json = {"textQuery": query, "pageSize": pages_of}
        if page_token is not None:
            body["pageToken"] = page_token
        if near is not None:
            centre = {"latitude": near.latitude, "longitude": near.longitude}
            body["locationBias"] = {"circle": {"center": centre, "radius": near.radius}}
        answer = await self._call("POST", "/v1/places:searchText", SEARCH_FIELDS, SEARCH_SKU, body)
        return _page(answer)

    async def locate(self, location: str) -> tuple[float, float]:
        """Latitude and longitude of a place name, by the search's first result; errors as `search_text`."""
        body = {"textQuery": location, "pageSize": 1}
        places = _page(await self._call("POST", "/v1/places:searchText", LOCATE_FIELDS, LOCATE_SKU, body)).places
        where = places[0].get("location") if places else None
        if not isinstance(where, dict):
            raise PermanentError("unknown-location", f"Google knows no place named {location!r}")
        return float(where.get("latitude", 0.0)), float(where.get("longitude", 0.0))

    async def details(self, place_id: str) -> Json:
        """Place Details; errors as `search_text`, and PermanentError ``place-gone`` for an id of the past."""
        return await self._call("GET", f"/v1/places/{quote(place_id, safe='')}", DETAILS_FIELDS, DETAILS_SKU)

    async def _call(
        self, method: str, path: str, fields: tuple[str, ...], sku: str, body: Mapping[str, Any] | None = None
    ) -> Json:
        if self._key is None or not self._key.get_secret_value():
            raise ConfigurationError("GOOGLE_MAPS_API_KEY: is not set, and Places searches or deep scans are due")
        headers = {"X-Goog-Api-Key": self._key.get_secret_value(), "X-Goog-FieldMask": ",".join(fields)}
        metrics.PLACES_CALLS.labels(sku).inc()
        try:
            async with self._http.stream(method, path, headers=headers, json=body) as response:
                text = bytearray()
                async for piece in response.aiter_bytes():
                    text += piece
                    if len(text) > LONGEST_ANSWER:
                        raise PermanentError("places-answer", f"Places answered more than {LONGEST_ANSWER:,} bytes")
        except httpx.TimeoutException:
            raise TransientError("places-timeout", f"Places did not answer within {TIMEOUT_SECONDS} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TransientError("places-unreachable", f"Places cannot be reached: {error}") from None
        answer = _json(bytes(text))
        if response.status_code != httpx.codes.OK:
            raise _refusal(response, answer)
        if answer is None:
            raise TransientError("places-answer", "Places answered something that is no JSON object")
        return answer


def _json(text: bytes) -> Json | None:
    import json

    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _page(answer: Json) -> SearchPage:
    places = answer.get("places")
    token = answer.get("nextPageToken")
    found = [place for place in places if isinstance(place, dict)] if isinstance(places, list) else []
    return SearchPage(found, token if isinstance(token, str) and token else None)


def _refusal(response: httpx.Response, answer: Json | None) -> Exception:
    error = (answer or {}).get("error")
    error = error if isinstance(error, dict) else {}
    status, message = str(error.get("status", "")), str(error.get("message", ""))[:500]
    code = response.status_code
    if code in {401, 403} or "API_KEY_INVALID" in str(error.get("details", ""))[:2000]:
        return ConfigurationError(f"GOOGLE_MAPS_API_KEY: Google refuses it ({status or code}): {message}")
    if code == httpx.codes.TOO_MANY_REQUESTS:
        wait = retry_after(response.headers.get("retry-after"))
        return TransientError("places-quota", f"Google's quota is used up: {message}", retry_after=wait)
    if code >= httpx.codes.INTERNAL_SERVER_ERROR:
        return TransientError(f"places-{code}", f"Google answered {code} {status}: {message}")
    if code == httpx.codes.NOT_FOUND:
        return PermanentError("place-gone", f"Google no longer knows this place: {message}")
    return PermanentError(f"places-{code}", f"Google does not accept the request ({status}): {message}")
