"""A stand-in for the Places API (New): its documented HTTP/JSON, field masks, page tokens, limits and error bodies.

https://developers.google.com/maps/documentation/places/web-service/reference/rest/v1/places/searchText. A request that
Google would refuse is refused: without key or field mask, with a field that does not exist, an unknown parameter, a
token of another search. Some keys are answered with errors, see `places_errors.KEYS`; `next_answers` come before all.
"""

import base64
import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tests.internet.businesses import Business
from tests.internet.places_described import FIELDS, LOCALITIES, Json, describe, describe_locality
from tests.internet.places_errors import KEYS, UNKNOWN_KEY, error
from tests.internet.server import LOOPBACK, Answer, HttpServer, Request

KEY = "loopback-key"
MOST_RESULTS = 60
LARGEST_PAGE = 20
LARGEST_RADIUS = 50_000.0
PARAMETERS = frozenset({
    "textQuery", "pageSize", "pageToken", "languageCode", "regionCode", "locationBias", "locationRestriction",
    "includedType", "openNow", "minRating", "priceLevels", "rankPreference", "strictTypeFiltering",
    "includePureServiceAreaBusinesses",
})  # fmt: skip


class RefusedError(Exception):
    """The request is refused with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True)
class Call:
    """A request as it came, refused or not."""

    method: str
    path: str
    mask: tuple[str, ...]
    body: Json


class PlacesStandIn:
    """Serves the API, by default on the loopback; an async context manager.

    Args:
        known: What Google knows.
        address: Address to listen on.
        port: 0 is a free one.

    Attributes:
        calls: What it was asked.
        next_answers: Answered first, in this order, whatever is asked.
    """

    def __init__(self, known: Sequence[Business], address: str = LOOPBACK, port: int = 0) -> None:
        self.known = known
        self.calls: list[Call] = []
        self.next_answers: deque[Answer] = deque()
        self._server = HttpServer(self._answer, {}, address, (port, 0))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        """Value for PLACES_BASE_URL."""
        return f"http://127.0.0.1:{self._server.http_port}"

    async def start(self) -> None:
        """Serve on its port."""
        await self._server.start()

    async def stop(self) -> None:
        """Stop serving."""
        await self._server.stop()

    def _answer(self, request: Request) -> Answer:
        mask = request.headers.get("x-goog-fieldmask", "")
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            return error(400, "Invalid JSON payload received.")
        self.calls.append(Call(request.method, request.path, tuple(mask.split(",")), body))
        if self.next_answers:
            return self.next_answers.popleft()
        key = request.headers.get("x-goog-api-key", "")
        if key != KEY:
            return KEYS.get(key, UNKNOWN_KEY)
        try:
            return self._route(request, body, mask)
        except RefusedError as refused:
            return refused.answer

    def _route(self, request: Request, body: Json, mask: str) -> Answer:
        if (request.method, request.path) == ("POST", "/v1/places:searchText"):
            return _masked(self._search(body), mask, {"places": FIELDS, "nextPageToken": None})
        folder, _, place_id = request.path.rpartition("/")
        if (request.method, folder) == ("GET", "/v1/places"):
            return _masked(self._details(place_id), mask, FIELDS)
        return Answer(404, body=b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>")

    def _details(self, place_id: str) -> Json:
        for each in self.known:
            if each.place_id == place_id:
                return describe(each)
        if place_id.startswith("ChIJ"):
            raise RefusedError(error(404, "The Place ID is no longer valid. Please refresh cached Place IDs."))
        raise RefusedError(error(400, f"Not a valid Place ID: {place_id}"))

    def _search(self, asked: Json) -> Json:
        _check(asked)
        size = min(asked.get("pageSize") or LARGEST_PAGE, LARGEST_PAGE)
        digest = hashlib.sha256(
            json.dumps({**asked, "pageToken": None}, sort_keys=True).encode(), usedforsecurity=False
        ).hexdigest()
        start = _offset(asked["pageToken"], digest) if "pageToken" in asked else 0
        found = self._matching(asked)[:MOST_RESULTS]
        answer: Json = {"places": found[start : start + size]} if found[start:] else {}
        if start + size < len(found):
            token = json.dumps([digest, start + size])
            answer["nextPageToken"] = base64.urlsafe_b64encode(token.encode()).decode()
        return answer

    def _matching(self, asked: Json) -> list[Json]:
        query = asked["textQuery"].strip().casefold()
        if query in LOCALITIES:
            return [describe_locality(query)]
        found = [describe(each) for each in self.known] if "plumb" in query else []
        viewport = asked.get("locationRestriction", {}).get("rectangle")
        return [place for place in found if viewport is None or _inside(place["location"], viewport)]


def _check(asked: Json) -> None:
    unknown = sorted(asked.keys() - PARAMETERS)
    if unknown:
        raise RefusedError(
            error(400, f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.')
        )
    if not str(asked.get("textQuery", "")).strip():
        raise RefusedError(error(400, "Empty text_query."))
    if asked.get("pageSize", 0) < 0:
        raise RefusedError(error(400, "page_size must not be negative."))
    bias, restriction = asked.get("locationBias", {}), asked.get("locationRestriction", {})
    if bias and restriction:
        raise RefusedError(error(400, "location_bias and location_restriction cannot be set together."))
    if restriction.keys() - {"rectangle"}:
        raise RefusedError(error(400, 'Invalid JSON payload received. Unknown name at "location_restriction".'))
    if not 0 <= bias.get("circle", {}).get("radius", 0.0) <= LARGEST_RADIUS:
        raise RefusedError(error(400, "Invalid radius: must be between 0 and 50000."))
    if restriction:
        low, high = restriction["rectangle"]["low"], restriction["rectangle"]["high"]
        if low["latitude"] > high["latitude"] or (high["longitude"] - low["longitude"]) % 360 > 180:
            raise RefusedError(error(400, "Invalid rectangle."))


def _offset(token: object, digest: str) -> int:
    try:
        of, start = json.loads(base64.urlsafe_b64decode(str(token)))
    except ValueError:
        raise RefusedError(error(400, "Invalid page_token.")) from None
    if of != digest:
        says = "Request parameters for paging requests must match the initial SearchText request."
        raise RefusedError(error(400, says))
    return int(start)


def _inside(location: Mapping[str, float], viewport: Json) -> bool:
    low, high = viewport["low"], viewport["high"]
    width = (high["longitude"] - low["longitude"]) % 360
    east = (location["longitude"] - low["longitude"]) % 360
    return bool(low["latitude"] <= location["latitude"] <= high["latitude"] and east <= width)


def _masked(answer: Json, mask: str, known: Json) -> Answer:
    paths = mask.split(",")
    if not mask:
        return error(400, "FieldMask is a required parameter. See https://cloud.google.com/apis/docs/system-parameters")
    for path in paths:
        if path != "*" and not _exists(path.split("."), known):
            return error(400, f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'.")
    kept = answer if "*" in paths else _keep(answer, [path.split(".") for path in paths])
    return Answer(content_type="application/json; charset=UTF-8", body=json.dumps(kept).encode())


def _exists(path: list[str], known: Any) -> bool:
    if not path or path == ["*"]:
        return True
    return isinstance(known, dict) and path[0] in known and _exists(path[1:], known[path[0]])


def _keep(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        return [_keep(item, paths) for item in value]
    if not isinstance(value, dict):
        return value
    kept: Json = {}
    for name, inner in value.items():
        below = [path[1:] for path in paths if path[0] == name]
        if below:
            kept[name] = inner if [] in below or ["*"] in below else _keep(inner, below)
    return kept
