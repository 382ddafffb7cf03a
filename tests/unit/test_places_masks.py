"""What is asked for is stored, and costs no more than it must."""

import pytest

from scrapersky.places.mapping import business, staged
from scrapersky.places.masks import DETAILS, LOCATE, SEARCH, Mask
from scrapersky.places.schema import Json, read_place
from tests.internet.businesses import businesses
from tests.internet.crowd import crowd
from tests.internet.places_described import describe

# https://developers.google.com/maps/documentation/places/web-service/data-fields, as of 2025.
ESSENTIALS = {"id", "location", "formattedAddress", "shortFormattedAddress", "addressComponents", "types"}
PRO = {"displayName", "primaryType", "primaryTypeDisplayName", "businessStatus", "timeZone", "accessibilityOptions"}
ENTERPRISE = {
    "internationalPhoneNumber", "nationalPhoneNumber", "priceLevel", "rating", "regularOpeningHours",
    "userRatingCount", "websiteUri",
}  # fmt: skip


def fields(mask: Mask) -> set[str]:
    """Fields of the place, without those of the page."""
    return {path.removeprefix("places.").partition(".")[0] for path in mask.fields} - {"nextPageToken"}


@pytest.mark.parametrize(
    ("mask", "sku", "dearest"),
    [
        (SEARCH, "text-search-enterprise", ENTERPRISE),
        (LOCATE, "text-search-pro", PRO | ESSENTIALS),
        (DETAILS, "place-details-enterprise", ENTERPRISE),
    ],
)
def test_a_call_is_billed_by_its_dearest_field(mask: Mask, sku: str, dearest: set[str]) -> None:
    assert mask.sku == sku
    assert fields(mask) & dearest
    assert fields(mask) <= ESSENTIALS | PRO | dearest
    assert " " not in mask.header


def test_text_search_gives_no_next_page_unless_asked() -> None:
    assert "nextPageToken" in SEARCH.fields


def columns(mask: Mask, said: Json) -> Json:
    place = read_place(said)
    assert place is not None
    return {**(staged(place) if mask is SEARCH else business(place)), "raw_data": None}


# The status of a business and a fallback for its phone: stored as Google said them.
KEPT_IN_JSON = {"businessStatus", "nationalPhoneNumber"}


@pytest.mark.parametrize("mask", [SEARCH, DETAILS])
def test_every_field_fills_a_column(mask: Mask) -> None:
    everything = describe(businesses(crowd(1))[0])
    whole = columns(mask, everything)
    for name in fields(mask) - {"id"} - KEPT_IN_JSON - ({"types"} if mask is SEARCH else set()):
        without = {field: value for field, value in everything.items() if field != name}
        assert columns(mask, without) != whole, name
