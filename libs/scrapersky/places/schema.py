"""Google's answers as values of our own: whatever is missing or of the wrong type is None, never an error.

https://developers.google.com/maps/documentation/places/web-service/reference/rest/v1/places. Text is bounded and free
of what PostgreSQL cannot store (NUL, lone surrogates); numbers are finite and in their range. `Place.raw` keeps the
answer itself, cleaned likewise.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

LONGEST_ID = 255
LONGEST_TEXT = 2_000
DEEPEST_ANSWER = 20
MOST_ITEMS = 200
PRICE_LEVELS = {
    "PRICE_LEVEL_FREE": 0,
    "PRICE_LEVEL_INEXPENSIVE": 1,
    "PRICE_LEVEL_MODERATE": 2,
    "PRICE_LEVEL_EXPENSIVE": 3,
    "PRICE_LEVEL_VERY_EXPENSIVE": 4,
}
# Google sets times with no-break and thin spaces, which look the same and compare as different.
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ") | {0: None}


@dataclass(frozen=True)
class AddressComponent:
    """A part of an address, and what it is: ``("Texas", "TX", {"administrative_area_level_1", "political"})``."""

    long: str | None
    short: str | None
    types: frozenset[str]


@dataclass(frozen=True)
class Place:
    """What Google says of a place, as far as it was asked; degrees, and 0 (free) to 4 for the price level."""

    id: str
    raw: Json
    name: str | None
    address: str | None
    short_address: str | None
    components: tuple[AddressComponent, ...]
    latitude: float | None
    longitude: float | None
    types: tuple[str, ...]
    primary_type: str | None
    category: str | None
    phone: str | None
    website: str | None
    rating: float | None
    ratings: int | None
    price_level: int | None
    time_zone: str | None
    weekdays: tuple[str, ...]
    accessibility: tuple[str, ...]


@dataclass(frozen=True)
class SearchPage:
    """One page of a Text Search: places, and the token of the next page where there is one."""

    places: tuple[Place, ...]
    next_page_token: str | None


def json_object(body: bytes) -> Json | None:
    """The JSON object that a body holds, or None."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def read_page(answer: Json) -> SearchPage:
    """Read the answer to a Text Search. Places without a usable id are left out: there is no row to make of them."""
    token = answer.get("nextPageToken")
    places = tuple(place for place in map(read_place, _items(answer.get("places"))) if place is not None)
    return SearchPage(places, token if isinstance(token, str) and token else None)


def read_place(value: object) -> Place | None:
    """Read one place; None where it has no id that a row could bear."""
    if not isinstance(value, dict):
        return None
    place_id = _text(value.get("id"))
    if place_id is None or len(place_id) > LONGEST_ID or place_id != value["id"]:
        return None
    website = _text(value.get("websiteUri"), LONGEST_TEXT + 1)
    return Place(
        id=place_id,
        raw=clean(value),
        name=_text(_member(value, "displayName", "text")),
        address=_text(value.get("formattedAddress")),
        short_address=_text(value.get("shortFormattedAddress")),
        components=tuple(_component(item) for item in _items(value.get("addressComponents")) if isinstance(item, dict)),
        latitude=coordinate(value, "latitude", 90),
        longitude=coordinate(value, "longitude", 180),
        types=_texts(value.get("types")),
        primary_type=_text(value.get("primaryType")),
        category=_text(_member(value, "primaryTypeDisplayName", "text")),
        phone=_text(value.get("internationalPhoneNumber")) or _text(value.get("nationalPhoneNumber")),
        website=website if website and len(website) <= LONGEST_TEXT else None,
        rating=_number(value.get("rating"), 0, 5),
        ratings=_whole(value.get("userRatingCount")),
        price_level=PRICE_LEVELS.get(str(value.get("priceLevel"))),
        time_zone=_text(_member(value, "timeZone", "id")),
        weekdays=_texts(_member(value, "regularOpeningHours", "weekdayDescriptions")),
        accessibility=_true_members(value.get("accessibilityOptions")),
    )


def coordinate(place: Json, name: str, bound: float) -> float | None:
    """Latitude or longitude of a place, in degrees."""
    return _number(_member(place, "location", name), -bound, bound)


def clean(value: Any, depth: int = 0) -> Any:  # noqa: ANN401
    """A JSON value as PostgreSQL can store it; what is nested too deeply is None."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list | dict) and depth >= DEEPEST_ANSWER:
        return None
    if isinstance(value, list):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item, depth + 1) for key, item in value.items()}
    return value


def _component(item: Json) -> AddressComponent:
    return AddressComponent(
        _text(item.get("longText")), _text(item.get("shortText")), frozenset(_texts(item.get("types")))
    )


def _true_members(value: object) -> tuple[str, ...]:
    return tuple(sorted(str(name) for name, said in value.items() if said is True)) if isinstance(value, dict) else ()


def _member(value: Json, name: str, inner: str) -> object:
    outer = value.get(name)
    return outer.get(inner) if isinstance(outer, dict) else None


def _items(value: object) -> list[object]:
    return value[:MOST_ITEMS] if isinstance(value, list) else []


def _text(value: object, longest: int = LONGEST_TEXT) -> str | None:
    if not isinstance(value, str):
        return None
    return value.translate(_SPACES).encode(errors="replace").decode().strip()[:longest] or None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for text in map(_text, _items(value)) if text)


def _number(value: object, low: float, high: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if low <= value <= high else None


def _whole(value: object) -> int | None:
    number = _number(value, 0, 2**31 - 1)
    return None if number is None else int(number)
