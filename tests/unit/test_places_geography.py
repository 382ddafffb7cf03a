"""Circles and the rectangles around them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.places.geography import EARTH_RADIUS_KM, Circle

AUSTIN = (30.2672, -97.7431)
SAN_ANTONIO = (29.4241, -98.4936)


@pytest.mark.parametrize(
    ("centre", "point", "km"),
    [
        (AUSTIN, SAN_ANTONIO, 118.3),
        ((0, 0), (0, 1), math.pi * EARTH_RADIUS_KM / 180),
        ((0, 179.9), (0, -179.9), 0.2 * math.pi * EARTH_RADIUS_KM / 180),
        ((90, 0), (-90, 0), math.pi * EARTH_RADIUS_KM),
    ],
)
def test_distances(centre: tuple[float, float], point: tuple[float, float], km: float) -> None:
    assert Circle(*centre, km * 1.002).contains(*point)
    assert not Circle(*centre, km * 0.998).contains(*point)


def test_a_place_of_unknown_location_is_in_no_circle() -> None:
    assert not Circle(*AUSTIN, 50).contains(None, None)
    assert not Circle(*AUSTIN, 50).contains(30.2, None)


@given(
    latitude=st.floats(-89, 89),
    longitude=st.floats(-180, 180),
    radius=st.floats(0.1, 50),
    bearing=st.floats(0, 2 * math.pi),
)
def test_the_rectangle_holds_the_circle(latitude: float, longitude: float, radius: float, bearing: float) -> None:
    viewport = Circle(latitude, longitude, radius).viewport()
    low, high = viewport["low"], viewport["high"]
    angle = 0.999 * radius / EARTH_RADIUS_KM
    there = math.asin(
        math.sin(math.radians(latitude)) * math.cos(angle)
        + math.cos(math.radians(latitude)) * math.sin(angle) * math.cos(bearing)
    )
    east = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(math.radians(latitude)),
        math.cos(angle) - math.sin(math.radians(latitude)) * math.sin(there),
    )
    width = (high["longitude"] - low["longitude"]) % 360
    assert low["latitude"] <= math.degrees(there) <= high["latitude"]
    assert (longitude + math.degrees(east) - low["longitude"]) % 360 <= width
    assert width <= 180


def test_across_the_180th_meridian_low_has_the_greater_longitude() -> None:
    viewport = Circle(-17, 179.9, 50).viewport()
    assert viewport["low"]["longitude"] > 179
    assert viewport["high"]["longitude"] < -179


def test_at_a_pole_the_rectangle_is_as_wide_as_google_allows() -> None:
    viewport = Circle(90, 0, 10).viewport()
    assert viewport["high"] == {"latitude": 90.0, "longitude": 90.0}
    assert viewport["low"]["longitude"] == -90.0
