"""From Google's descriptions to our columns: tolerant of what is missing, strict about what is stored."""

import math
from collections.abc import Iterable
from typing import Any

from scrapersky.errors import PermanentError
from scrapersky.places.client import Json

PRICE_LEVELS = {
    "PRICE_LEVEL_FREE": 0,
    "PRICE_LEVEL_INEXPENSIVE": 1,
    "PRICE_LEVEL_MODERATE": 2,
    "PRICE_LEVEL_EXPENSIVE": 3,
    "PRICE_LEVEL_VERY_EXPENSIVE": 4,
}
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
EARTH_RADIUS_KM = 6371.0088


def staged(place: Json) -> Json:
    """Columns of ``places_staging`` for one result of a Text Search.

    Raises:
        PermanentError: It has no id.
    """
    types = _texts(place.get("types"))
    return {
        "place_id": _id(place),
        "name": _localized(place.get("displayName"), 255) or "(no name)",
        "formatted_address": _text(place.get("formattedAddress"), 512),
        "business_type": types[0][:100] if types else None,
        "latitude": _coordinate(place, "latitude"),
        "longitude": _coordinate(place, "longitude"),
        "rating": _number(place.get("rating"), 0, 5),
        "user_ratings_total": _whole(place.get("userRatingCount")),
        "price_level": PRICE_LEVELS.get(str(place.get("priceLevel"))),
        "raw_data": _clean(place),
    }


def business(place: Json) -> Json:
    """Columns of ``local_businesses`` for Place Details.

    Raises:
        PermanentError: It has no id.
    """
    parts = _address_parts(place.get("addressComponents"))
    types = _texts(place.get("types"))
    main = _localized(place.get("primaryTypeDisplayName"), 200) or (types[0] if types else None)
    zone = place.get("timeZone")
    street = " ".join(part for part in (parts.get("street_number"), parts.get("route")) if part)
    price = PRICE_LEVELS.get(str(place.get("priceLevel")))
    return {
        "place_id": _id(place),
        "business_name": _localized(place.get("displayName"), 500),
        "full_address": _text(place.get("formattedAddress"), 1000),
        "street_address": street or None,
        "city": parts.get("locality") or parts.get("postal_town") or parts.get("sublocality"),
        "state": parts.get("administrative_area_level_1"),
        "zip": parts.get("postal_code"),
        "country": parts.get("country"),
        "phone": _text(place.get("internationalPhoneNumber") or place.get("nationalPhoneNumber"), 50),
        "main_category": main,
        "extra_categories": types or None,
        "rating": _number(place.get("rating"), 0, 5),
        "reviews_count": _whole(place.get("userRatingCount")),
        "price_text": "$" * price if price else None,
        "website_url": _text(place.get("websiteUri"), 2000),
        **_hours(place.get("regularOpeningHours")),
        "timezone": _text(zone.get("id"), 100) if isinstance(zone, dict) else None,
        "latitude": _coordinate(place, "latitude"),
        "longitude": _coordinate(place, "longitude"),
        "additional_json": _clean(place),
    }


def within(places: Iterable[Json], latitude: float, longitude: float, radius_km: float) -> list[Json]:
    """Those results of a Text Search that lie in a circle; great-circle distance by the haversine formula."""
    kept = []
    for place in places:
        here = _coordinate(place, "latitude"), _coordinate(place, "longitude")
        if (
            here[0] is not None
            and here[1] is not None
            and _distance(latitude, longitude, here[0], here[1]) <= radius_km
        ):
            kept.append(place)
    return kept


def _distance(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    p1, p2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def _id(place: Json) -> str:
    found = _text(place.get("id"), 255)
    if found is None:
        raise PermanentError("places-answer", "Places described a place without an id")
    return found


def _text(value: object, longest: int) -> str | None:
    if not isinstance(value, str):
        return None
    return value.replace("\x00", "").encode(errors="replace").decode().strip()[:longest] or None


def _texts(value: object) -> list[str]:
    return [text for text in (_text(item, 200) for item in value) if text] if isinstance(value, list) else []


def _localized(value: object, longest: int) -> str | None:
    return _text(value.get("text"), longest) if isinstance(value, dict) else None


def _number(value: object, low: float, high: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if low <= value <= high else None


def _whole(value: object) -> int | None:
    number = _number(value, 0, 2**31 - 1)
    return None if number is None else int(number)


def _coordinate(place: Json, name: str) -> float | None:
    where = place.get("location")
    return _number(where.get(name), -180, 180) if isinstance(where, dict) else None


def _address_parts(components: object) -> dict[str, str]:
    parts: dict[str, str] = {}
    for component in components if isinstance(components, list) else []:
        if not isinstance(component, dict):
            continue
        short = "administrative_area_level_1" in _texts(component.get("types"))
        text = _text(component.get("shortText" if short else "longText"), 200)
        for kind in _texts(component.get("types")):
            if text:
                parts.setdefault(kind, text)
    return parts


def _hours(hours: object) -> dict[str, str | None]:
    columns: dict[str, str | None] = {f"{day}_hours": None for day in DAYS}
    lines = hours.get("weekdayDescriptions") if isinstance(hours, dict) else None
    for line in _texts(lines):
        day, _, times = line.partition(":")
        if f"{day.strip().lower()}_hours" in columns:
            columns[f"{day.strip().lower()}_hours"] = times.strip() or None
    return columns


def _clean(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
