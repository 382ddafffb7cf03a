"""A stand-in for the Places API (New): its documented HTTP/JSON, field masks, page tokens and error bodies.

The keys ``denied``, ``quota`` and ``broken`` are answered with 403, 429 and 500; no key and no field mask as Google
does.
"""

import json
from collections.abc import Sequence
from typing import Any

from tests.internet.businesses import Business
from tests.internet.server import Answer, HttpServer, Request

Json = dict[str, Any]
MOST_RESULTS = 60
KEY = "loopback-key"
STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
}


class PlacesStandIn:
    """Serves the API on the loopback; ``calls`` lists the paths it was asked for."""

    def __init__(self, known: Sequence[Business]) -> None:
        self._known = known
        self._server = HttpServer(self._answer, {})
        self.calls: list[str] = []

    @property
    def base_url(self) -> str:
        """Value for PLACES_BASE_URL."""
        return f"http://127.0.0.1:{self._server.http_port}"

    async def start(self) -> None:
        """Serve on a free port."""
        await self._server.start()

    async def stop(self) -> None:
        """Stop serving."""
        await self._server.stop()

    def _answer(self, request: Request) -> Answer:
        self.calls.append(request.path)
        key = request.headers.get("x-goog-api-key", "")
        refused = {
            "": (403, "Method doesn't allow unregistered callers. Please use API Key to call this API."),
            "denied": (403, "The provided API key is not authorized to use this API."),
            "quota": (429, "Quota exceeded for quota metric 'SearchTextRequest'."),
            "broken": (500, "Internal error encountered."),
        }.get(key)
        if refused:
            return _error(*refused)
        if key != KEY:
            return _error(400, "API key not valid. Please pass a valid API key.", reason="API_KEY_INVALID")
        mask = request.headers.get("x-goog-fieldmask", "")
        if not mask:
            return _error(
                400, "FieldMask is a required parameter. See https://cloud.google.com/apis/docs/system-parameters"
            )
        if request.method == "POST" and request.path == "/v1/places:searchText":
            return self._search(json.loads(request.body), mask.split(","))
        if request.method == "GET" and request.path.startswith("/v1/places/"):
            return self._details(request.path.rpartition("/")[2], mask.split(","))
        return _error(404, "Not found.")

    def _search(self, asked: Json, mask: list[str]) -> Answer:
        query, size = asked.get("textQuery"), asked.get("pageSize", 20)
        if not query:
            return _error(400, "Empty text_query.")
        if not 1 <= size <= 20:
            return _error(400, "Invalid page_size. It must be between 1 and 20.")
        start = 0
        if "pageToken" in asked:
            prefix, _, start_text = asked["pageToken"].rpartition("#")
            if prefix != query:
                return _error(400, "Request parameters for paging requests must match the initial SearchText request.")
            start = int(start_text)
        matching = [*self._known][:MOST_RESULTS] if "plumber" in query.lower() or "austin" in query.lower() else []
        shown = matching[start : start + size]
        answer: Json = {"places": [_describe(each) for each in shown]} if shown else {}
        if start + size < len(matching):
            answer["nextPageToken"] = f"{query}#{start + size}"
        return _masked(answer, mask)

    def _details(self, place_id: str, mask: list[str]) -> Answer:
        for each in self._known:
            if each.place_id == place_id:
                return _masked(_describe(each), mask)
        return _error(404, "The Place ID is no longer valid. Please refresh cached Place IDs.")


def _masked(answer: Json, mask: list[str]) -> Answer:
    if "*" not in mask:
        for path in mask:
            if path.partition(".")[0] not in {*answer, *_ALL_FIELDS, "places", "nextPageToken"}:
                return _error(
                    400, f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
                )
        answer = _keep(answer, [path.split(".") for path in mask])
    return Answer(content_type="application/json; charset=UTF-8", body=json.dumps(answer).encode())


def _keep(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        return [_keep(item, paths) for item in value]
    if not isinstance(value, dict):
        return value
    kept: Json = {}
    for name, inner in value.items():
        below = [path[1:] for path in paths if path[0] == name]
        if below:
            kept[name] = inner if [] in below else _keep(inner, below)
    return kept


def _error(code: int, message: str, *, reason: str | None = None) -> Answer:
    error: Json = {"code": code, "message": message, "status": STATUSES[code]}
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason, "domain": "googleapis.com"}]
    return Answer(code, "application/json; charset=UTF-8", json.dumps({"error": error}).encode())


def _describe(business: Business) -> Json:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    described: Json = {
        "id": business.place_id,
        "displayName": {"text": business.name, "languageCode": "en"},
        "formattedAddress": f"{business.street}, Austin, TX {business.zip}, USA",
        "addressComponents": _address(business),
        "location": {"latitude": business.latitude, "longitude": business.longitude},
        "types": ["plumber", "point_of_interest", "establishment"],
        "primaryTypeDisplayName": {"text": "Plumber", "languageCode": "en-US"},
        "businessStatus": "OPERATIONAL",
        "timeZone": {"id": "America/Chicago"},
        "nationalPhoneNumber": business.phone,
        "internationalPhoneNumber": f"+1 {business.phone[1:4]}-{business.phone[6:]}",
        "rating": business.rating,
        "userRatingCount": business.ratings,
        "priceLevel": "PRICE_LEVEL_MODERATE",
        "regularOpeningHours": {
            "weekdayDescriptions": [f"{day}: 7:30 AM – 6:00 PM" for day in days]
            + ["Saturday: Closed", "Sunday: Closed"]
        },
    }
    if business.website is not None:
        described["websiteUri"] = business.website
    return described


def _address(business: Business) -> list[Json]:
    number, _, street = business.street.partition(" ")

    def part(long: str, short: str, kind: str) -> Json:
        return {"longText": long, "shortText": short, "types": [kind], "languageCode": "en-US"}

    return [
        part(number, number, "street_number"),
        part(street, street, "route"),
        part("Austin", "Austin", "locality"),
        part("Texas", "TX", "administrative_area_level_1"),
        part("United States", "US", "country"),
        part(business.zip, business.zip, "postal_code"),
    ]


_ALL_FIELDS = frozenset(_describe(Business("", "", "", "", 0.0, 0.0, 0.0, 0, "(512) 555-0100", "")))
