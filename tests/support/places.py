"""The Places stand-in as a fixture, and a client that asks it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from scrapersky.places.client import PlacesClient
from tests.internet.businesses import businesses
from tests.internet.crowd import crowd
from tests.internet.places import KEY, PlacesStandIn
from tests.support.postgres import make_settings


@pytest.fixture
async def google() -> AsyncIterator[PlacesStandIn]:
    """A Places API that knows 55 plumbers."""
    async with PlacesStandIn(businesses(crowd(20))) as stand_in:
        yield stand_in


@pytest.fixture
def environment(google: PlacesStandIn, database_url: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings for services that ask this Places API and work on this test's database."""
    for name, value in {
        "DATABASE_URL": database_url,
        "PLACES_BASE_URL": google.base_url,
        "GOOGLE_MAPS_API_KEY": KEY,
        "RETRY_BASE_SECONDS": "0.01",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def client(base_url: str, key: str | None = KEY, **more: Any) -> PlacesClient:
    """A client of whatever serves there."""
    return PlacesClient(make_settings("postgresql://unused", google_maps_api_key=key, places_base_url=base_url, **more))
