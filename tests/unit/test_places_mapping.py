"""From Google's words to our columns."""

from typing import Any

import pytest

from scrapersky.places.mapping import business, staged
from scrapersky.places.schema import Place, read_place


def place(**said: Any) -> Place:
    read = read_place({"id": "ChIJ1", **said})
    assert read is not None
    return read


def component(long: str, short: str, *kinds: str) -> dict[str, Any]:
    return {"longText": long, "shortText": short, "types": list(kinds), "languageCode": "en"}


ADDRESSES = {
    "number before street": (
        "100 Congress Ave Suite 200, Austin, TX 78701, USA",
        [
            component("Suite 200", "Suite 200", "subpremise"),
            component("100", "100", "street_number"),
            component("Congress Avenue", "Congress Ave", "route"),
            component("Downtown", "Downtown", "neighborhood", "political"),
            component("Austin", "Austin", "locality", "political"),
            component("Travis County", "Travis County", "administrative_area_level_2", "political"),
            component("Texas", "TX", "administrative_area_level_1", "political"),
            component("United States", "US", "country", "political"),
            component("78701", "78701", "postal_code"),
            component("1234", "1234", "postal_code_suffix"),
        ],
        ("100 Congress Avenue", "Austin", "TX", "78701", "United States"),
    ),
    "street before number": (
        "Hauptstraße 5, 10827 Berlin, Germany",
        [
            component("5", "5", "street_number"),
            component("Hauptstraße", "Hauptstraße", "route"),
            component("Berlin", "Berlin", "locality", "political"),
            component("Berlin", "BE", "administrative_area_level_1", "political"),
            component("Germany", "DE", "country", "political"),
            component("10827", "10827", "postal_code"),
        ],
        ("Hauptstraße 5", "Berlin", "BE", "10827", "Germany"),
    ),
    "a borough, no locality": (
        "1 Main St, Brooklyn, NY 11201, USA",
        [
            component("1", "1", "street_number"),
            component("Main Street", "Main St", "route"),
            component("Brooklyn", "Brooklyn", "sublocality_level_1", "sublocality", "political"),
            component("New York", "NY", "administrative_area_level_1", "political"),
        ],
        ("1 Main Street", "Brooklyn", "NY", None, None),
    ),
    "a post town": (
        "High St, Guildford GU1, UK",
        [
            component("High Street", "High St", "route"),
            component("Guildford", "Guildford", "postal_town"),
            component("England", "England", "administrative_area_level_1", "political"),
        ],
        ("High Street", "Guildford", "England", None, None),
    ),
    "nothing": ("", [], (None, None, None, None, None)),
}


@pytest.mark.parametrize("kind", ADDRESSES)
def test_addresses(kind: str) -> None:
    formatted, components, expected = ADDRESSES[kind]
    columns = business(place(formattedAddress=formatted, addressComponents=components))
    assert tuple(columns[name] for name in ("street_address", "city", "state", "zip", "country")) == expected


def test_opening_hours_are_read_by_the_names_of_the_days_in_any_order() -> None:
    monday = "Monday: 7:30\u202fAM\u2009–\u20096:00\u202fPM"
    lines = ["Sunday: Closed", monday, "Saturday: Open 24 hours", "montag: 8", "Friday"]
    columns = business(place(regularOpeningHours={"weekdayDescriptions": lines}))
    hours = {name: value for name, value in columns.items() if name.endswith("_hours") and value is not None}
    assert hours == {
        "sunday_hours": "Closed",
        "monday_hours": "7:30 AM – 6:00 PM",
        "saturday_hours": "Open 24 hours",
    }
    assert sum(name.endswith("_hours") for name in columns) == 7


@pytest.mark.parametrize(
    ("level", "staged_as", "text"),
    [
        ("PRICE_LEVEL_FREE", 0, "Free"),
        ("PRICE_LEVEL_INEXPENSIVE", 1, "$"),
        ("PRICE_LEVEL_VERY_EXPENSIVE", 4, "$$$$"),
        ("PRICE_LEVEL_UNSPECIFIED", None, None),
        (None, None, None),
    ],
)
def test_price_levels(level: str | None, staged_as: int | None, text: str | None) -> None:
    said = place(priceLevel=level)
    assert (staged(said)["price_level"], business(said)["price_text"]) == (staged_as, text)


def test_categories_leave_out_what_every_place_is() -> None:
    types = ["plumber", "general_contractor", "point_of_interest", "establishment"]
    said = place(types=types, primaryType="plumber", primaryTypeDisplayName={"text": "Plumber"})
    assert (staged(said)["business_type"], business(said)["main_category"]) == ("plumber", "Plumber")
    assert business(said)["extra_categories"] == ["general_contractor"]
    plain = place(types=types)
    assert (staged(plain)["business_type"], business(plain)["main_category"]) == ("plumber", "plumber")
    assert business(place())["extra_categories"] is None


def test_accessibility_is_what_google_says_is_there() -> None:
    options = {"wheelchairAccessibleEntrance": True, "wheelchairAccessibleParking": False, "wheelchairRamp": True}
    assert business(place(accessibilityOptions=options))["accessibility"] == ["Wheelchair accessible entrance"]
    assert business(place(accessibilityOptions={}))["accessibility"] is None


def test_staged_texts_fit_their_columns_and_a_nameless_place_is_named_by_its_id() -> None:
    long = staged(place(displayName={"text": "n" * 999}, formattedAddress="a" * 999, shortFormattedAddress="v" * 999))
    assert [len(long[name]) for name in ("name", "formatted_address", "vicinity")] == [255, 512, 512]
    assert staged(place())["name"] == "ChIJ1"
