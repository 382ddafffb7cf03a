"""Whatever an answer holds, what is read of it can be stored."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrapersky.places.mapping import business, staged
from scrapersky.places.schema import LONGEST_TEXT, clean, json_object, read_page, read_place
from tests.internet.businesses import businesses
from tests.internet.crowd import crowd
from tests.internet.places_described import describe

WHOLE = describe(businesses(crowd(1))[0])

hostile_text = st.one_of(st.text(), st.sampled_from(["\x00", "a\x00b", "\ud800", "x" * 5_000, "\u202f", ""]))
leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), hostile_text)
hostile = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hostile_text, inner, max_size=4), max_leaves=12
)


@given(st.fixed_dictionaries({"id": st.just("a")}, optional={name: hostile for name in WHOLE if name != "id"}))
@example({"id": "a", "location": {"latitude": True, "longitude": 10**400}, "rating": 10**400})
@example({"id": "a", "regularOpeningHours": {"weekdayDescriptions": [1, "Monday", "Funday: never", "Monday: \x00"]}})
@example({"id": "a", "addressComponents": [None, {}, {"types": "route", "longText": 5}]})
def test_hostile_members_never_raise_and_are_stored_clean(answer: dict[str, Any]) -> None:
    place = read_place(answer)
    assert place is not None
    for columns in (staged(place), business(place)):
        assert "\\u0000" not in json.dumps(columns, allow_nan=False)
        json.dumps(columns, ensure_ascii=False).encode()
    assert len(staged(place)["name"]) <= 255
    assert -90 <= (place.latitude or 0) <= 90
    assert 0 <= (place.ratings or 0) < 2**31


@given(hostile)
def test_a_page_of_anything(places: object) -> None:
    page = read_page({"places": places, "nextPageToken": places})
    assert all(place.id for place in page.places)
    assert page.next_page_token is None or page.next_page_token == places


@pytest.mark.parametrize("place_id", [None, 7, "", " ", " a", "a\x00", "x" * 256, "\ud800"])
def test_places_without_an_id_that_a_row_can_bear_are_left_out(place_id: object) -> None:
    page = read_page({"places": [{"id": place_id}, WHOLE, "x", None], "nextPageToken": "next"})
    assert [place.id for place in page.places] == [WHOLE["id"]]
    assert page.next_page_token == "next"


def test_what_google_says_is_read() -> None:
    place = read_place(WHOLE)
    assert place is not None
    assert (place.name, place.address) == ("Plumber 1", "100 Congress Ave, Austin, TX 78700, USA")
    assert (place.phone, place.website) == ("+1 512-555-0100", "http://plumber0001.example/?utm_source=gmb")
    assert (place.category, place.primary_type, place.time_zone) == ("Plumber", "plumber", "America/Chicago")
    assert place.accessibility == ("wheelchairAccessibleParking",)
    assert place.weekdays[0] == "Monday: 7:30 AM – 6:00 PM"
    assert place.raw == WHOLE


def test_the_national_number_serves_where_there_is_no_other() -> None:
    place = read_place({"id": "a", "nationalPhoneNumber": "(512) 555-0100"})
    assert place is not None
    assert place.phone == "(512) 555-0100"


def test_a_website_is_whole_or_none() -> None:
    long = read_place(
        {"id": "a", "websiteUri": "http://a.example/" + "x" * LONGEST_TEXT, "formattedAddress": "y" * 9999}
    )
    assert long is not None
    assert long.website is None
    assert long.address == "y" * LONGEST_TEXT


def test_nesting_is_bounded() -> None:
    nested: Any = "deep"
    for _ in range(400):
        nested = [nested]
    assert "deep" not in json.dumps(clean(nested))
    assert clean({"a": [1, {"b": None}]}) == {"a": [1, {"b": None}]}


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"\xff", b"[" * 100_000, b'{"a": ' * 100_000])
def test_what_is_no_json_object(body: bytes) -> None:
    assert json_object(body) is None
