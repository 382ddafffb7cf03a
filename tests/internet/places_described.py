"""Businesses and localities as the Places API describes them."""

from typing import Any

from tests.internet.businesses import Business

Json = dict[str, Any]
LOCALITIES = {"austin, tx": (30.2672, -97.7431)}
# As Google sets times: a narrow no-break space before AM and PM, thin spaces around the dash.
OPEN = "7:30\u202fAM\u2009–\u20096:00\u202fPM"


def describe(business: Business) -> Json:
    """Every field that we know of a business."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    described: Json = {
        "name": f"places/{business.place_id}",
        "id": business.place_id,
        "displayName": {"text": business.name, "languageCode": "en"},
        "formattedAddress": f"{business.street}, Austin, TX {business.zip}, USA",
        "shortFormattedAddress": f"{business.street}, Austin",
        "addressComponents": _address(business),
        "location": {"latitude": business.latitude, "longitude": business.longitude},
        "types": ["general_contractor", "plumber", "service", "point_of_interest", "establishment"],
        "primaryType": "plumber",
        "primaryTypeDisplayName": {"text": "Plumber", "languageCode": "en-US"},
        "businessStatus": "OPERATIONAL",
        "timeZone": {"id": "America/Chicago"},
        "accessibilityOptions": {"wheelchairAccessibleParking": True, "wheelchairAccessibleEntrance": False},
        "nationalPhoneNumber": business.phone,
        "internationalPhoneNumber": f"+1 {business.phone[1:4]}-{business.phone[6:]}",
        "rating": business.rating,
        "userRatingCount": business.ratings,
        "priceLevel": "PRICE_LEVEL_MODERATE",
        "regularOpeningHours": {
            "openNow": True,
            "weekdayDescriptions": [f"{day}: {OPEN}" for day in days] + ["Saturday: Closed", "Sunday: Closed"],
        },
        "paymentOptions": {"acceptsCreditCards": True},
    }
    if business.website is not None:
        described["websiteUri"] = business.website
    return described


def describe_locality(name: str) -> Json:
    """One of `LOCALITIES`."""
    latitude, longitude = LOCALITIES[name]
    return {
        "id": "ChIJlocality",
        "displayName": {"text": name.title(), "languageCode": "en"},
        "location": {"latitude": latitude, "longitude": longitude},
        "types": ["locality", "political"],
        "primaryType": "locality",
    }


def _address(business: Business) -> list[Json]:
    number, _, street = business.street.partition(" ")

    def part(long: str, short: str, *kinds: str) -> Json:
        return {"longText": long, "shortText": short, "types": list(kinds), "languageCode": "en-US"}

    return [
        part(number, number, "street_number"),
        part(street, street, "route"),
        part("Austin", "Austin", "locality", "political"),
        part("Travis County", "Travis County", "administrative_area_level_2", "political"),
        part("Texas", "TX", "administrative_area_level_1", "political"),
        part("United States", "US", "country", "political"),
        part(business.zip, business.zip, "postal_code"),
    ]


def _shape(value: Any) -> Any:
    if isinstance(value, list):
        return _shape(value[0]) if value else None
    return {name: _shape(inner) for name, inner in value.items()} if isinstance(value, dict) else None


FIELDS: Json = _shape(describe(Business("", "", "1 A", "", 0.0, 0.0, 0.0, 0, "(512) 555-0100", "http://a.example/")))
"""The paths that a field mask may name, as nested names."""
