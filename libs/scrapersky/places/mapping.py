"""From what Google says of a place to the columns of our tables: pure functions.

Columns that no field of the masks fills are not named here, so a row that has them from elsewhere keeps them.
"""

from scrapersky.places.schema import Json, Place

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TYPES_OF_EVERYTHING = frozenset({"point_of_interest", "establishment"})
CITY = ("locality", "postal_town", "sublocality", "sublocality_level_1", "administrative_area_level_3")
ACCESSIBILITY = {
    "wheelchairAccessibleEntrance": "Wheelchair accessible entrance",
    "wheelchairAccessibleParking": "Wheelchair accessible parking",
    "wheelchairAccessibleRestroom": "Wheelchair accessible restroom",
    "wheelchairAccessibleSeating": "Wheelchair accessible seating",
}


def staged(place: Place) -> Json:
    """Columns of ``places_staging`` for one result of a Text Search; texts fit their columns."""
    kind = place.primary_type or next(iter(place.types), None)
    return {
        "place_id": place.id,
        "name": (place.name or place.id)[:255],
        "formatted_address": _cut(place.address, 512),
        "vicinity": _cut(place.short_address, 512),
        "business_type": _cut(kind, 100),
        "latitude": place.latitude,
        "longitude": place.longitude,
        "rating": place.rating,
        "user_ratings_total": place.ratings,
        "price_level": place.price_level,
        "raw_data": place.raw,
    }


def business(place: Place) -> Json:
    """Columns of ``local_businesses`` for Place Details.

    ``business_verified``, ``image_url`` and the lists from ``service_options`` to ``pets`` are not among them: Google
    does not say, or asks more for it; see docs/google-places.md.
    """
    category = place.category or place.primary_type or next(iter(place.types), None)
    return {
        "business_name": place.name,
        "full_address": place.address,
        **_address(place),
        "phone": place.phone,
        "main_category": category,
        "extra_categories": _extra_categories(place),
        "rating": place.rating,
        "reviews_count": place.ratings,
        "price_text": _price(place.price_level),
        "website_url": place.website,
        **_hours(place),
        "timezone": place.time_zone,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "accessibility": [ACCESSIBILITY[name] for name in place.accessibility if name in ACCESSIBILITY] or None,
    }


def _cut(text: str | None, longest: int) -> str | None:
    return None if text is None else text[:longest]


def _extra_categories(place: Place) -> list[str] | None:
    said = TYPES_OF_EVERYTHING | {place.primary_type}
    return [each for each in place.types if each not in said] or None


def _price(level: int | None) -> str | None:
    return None if level is None else "$" * level or "Free"


def _address(place: Place) -> Json:
    long: dict[str, str] = {}
    short: dict[str, str] = {}
    for component in place.components:
        for kind in component.types:
            if component.long:
                long.setdefault(kind, component.long)
            if component.short:
                short.setdefault(kind, component.short)
    return {
        "street_address": _street(place.address or "", long),
        "city": next((long[kind] for kind in CITY if kind in long), None),
        "state": short.get("administrative_area_level_1"),
        "zip": long.get("postal_code"),
        "country": long.get("country"),
    }


def _street(address: str, parts: dict[str, str]) -> str | None:
    number, route = parts.get("street_number"), parts.get("route")
    if not (number and route):
        return route or number
    # Which comes first is the country's custom; the formatted address follows it.
    native = f"{route} {number}"
    return native if native in address else f"{number} {route}"


def _hours(place: Place) -> Json:
    columns: dict[str, str | None] = {f"{day}_hours": None for day in DAYS}
    for line in place.weekdays:
        day, _, times = line.partition(":")
        name = f"{day.strip().lower()}_hours"
        if name in columns:
            columns[name] = times.strip() or None
    return columns
