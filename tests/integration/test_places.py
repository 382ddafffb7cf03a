"""The Places client and its stages, against a stand-in that speaks Google's documented API."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from scrapersky.errors import ConfigurationError, PermanentError, TransientError
from scrapersky.places.client import DETAILS_FIELDS, SEARCH_FIELDS, PlacesClient
from scrapersky.places.mapping import business, staged, within
from services.local_business_enrichment import process_places_search_background
from services.local_business_enrichment.search_places import read_search
from services.sitemap_scheduler import process_pending_jobs
from tests.internet.businesses import businesses
from tests.internet.crowd import crowd
from tests.internet.places import KEY, PlacesStandIn
from tests.support.postgres import make_settings

Sql = Callable[..., list[dict[str, Any]]]
QUERY = "plumbers in Austin, TX"


@pytest.fixture
async def google() -> AsyncIterator[PlacesStandIn]:
    stand_in = PlacesStandIn(businesses(crowd(20)))
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


def client(google: PlacesStandIn, key: str | None = KEY) -> PlacesClient:
    return PlacesClient(make_settings("postgresql://unused", google_maps_api_key=key, places_base_url=google.base_url))


async def test_pages_of_twenty_with_a_token_for_the_next(google: PlacesStandIn) -> None:
    async with client(google) as places:
        first = await places.search_text(QUERY)
        second = await places.search_text(QUERY, page_token=first.next_page_token)
        third = await places.search_text(QUERY, page_token=second.next_page_token)
    pages = [first.places, second.places, third.places]
    assert [len(page) for page in pages] == [20, 20, len(google._known) - 40]
    assert third.next_page_token is None
    assert len({place["id"] for page in pages for place in page}) == len(google._known)


async def test_only_what_is_stored_is_asked_for(google: PlacesStandIn) -> None:
    async with client(google) as places:
        [place, *_] = (await places.search_text(QUERY)).places
        details = await places.details(place["id"])
    assert place.keys() == {field.partition(".")[2] for field in SEARCH_FIELDS if "." in field}
    assert details.keys() <= set(DETAILS_FIELDS)


@pytest.mark.parametrize(
    ("key", "error", "says"),
    [
        (None, ConfigurationError, "GOOGLE_MAPS_API_KEY: is not set"),
        ("denied", ConfigurationError, "PERMISSION_DENIED"),
        ("mistyped", ConfigurationError, "API key not valid"),
        ("quota", TransientError, "places-quota"),
        ("broken", TransientError, "places-500"),
    ],
)
async def test_googles_errors(google: PlacesStandIn, key: str | None, error: type[Exception], says: str) -> None:
    async with client(google, key) as places:
        with pytest.raises(error, match=says) as raised:
            await places.search_text(QUERY)
    assert key in {None, "quota"} or f"{key}" not in str(raised.value)


async def test_a_request_that_google_does_not_accept(google: PlacesStandIn) -> None:
    async with client(google) as places:
        with pytest.raises(PermanentError, match=r"places-400.*paging"):
            await places.search_text("other", page_token=f"{QUERY}#20")
        with pytest.raises(PermanentError, match="place-gone"):
            await places.details("ChIJ../../etc/passwd?x=y")


async def test_without_key_or_field_mask_it_is_refused_as_google_does(google: PlacesStandIn) -> None:
    async with httpx.AsyncClient(base_url=google.base_url) as http:
        keyless = await http.post("/v1/places:searchText", json={"textQuery": QUERY})
        maskless = await http.post("/v1/places:searchText", json={"textQuery": QUERY}, headers={"X-Goog-Api-Key": KEY})
    assert (keyless.status_code, keyless.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert (maskless.status_code, maskless.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_no_answer_is_worth_another_attempt() -> None:
    settings = make_settings("postgresql://x", google_maps_api_key=KEY, places_base_url="http://127.0.0.1:1")
    async with PlacesClient(settings) as places:
        with pytest.raises(TransientError, match="places-unreachable"):
            await places.search_text(QUERY)


@pytest.mark.parametrize(
    "place",
    [
        {"id": "a"},
        {"id": "a", "displayName": None, "location": "here", "types": "x", "rating": "5", "userRatingCount": -1},
        {"id": "a", "displayName": {"text": "n\x00ul\ud800"}, "rating": float("nan"), "addressComponents": [None, {}]},
        {"id": "a", "regularOpeningHours": {"weekdayDescriptions": [1, "Monday", "Funday: never"]}, "timeZone": []},
        {"id": "a", "formattedAddress": "x" * 10_000, "priceLevel": "PRICE_LEVEL_FREE", "websiteUri": 7},
    ],
)
def test_odd_answers_are_stored_as_far_as_they_can_be(place: dict[str, Any]) -> None:
    for columns in (staged(place), business(place)):
        assert columns["place_id"] == "a"
        assert "\x00" not in repr(columns)
        assert len(str(columns.get("formatted_address") or "")) <= 512


def test_a_place_without_an_id_is_refused() -> None:
    with pytest.raises(PermanentError, match="without an id"):
        staged({"displayName": {"text": "x"}})


def test_the_circle() -> None:
    near, far = ({"location": {"latitude": lat, "longitude": -97.7431}} for lat in (30.2762, 30.4))
    assert within([near, far, {}], 30.2672, -97.7431, 5) == [near]


@pytest.mark.parametrize(
    "metadata", [None, [], {}, {"business_type": "x"}, {"business_type": " ", "location": "y"}, {"location": "y"}]
)
def test_a_search_must_say_what_and_where(metadata: object) -> None:
    with pytest.raises(PermanentError, match="bad-search"):
        read_search(metadata)


@pytest.fixture
def environment(google: PlacesStandIn, database_url: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "DATABASE_URL": database_url,
        "PLACES_BASE_URL": google.base_url,
        "GOOGLE_MAPS_API_KEY": KEY,
        "RETRY_BASE_SECONDS": "0.01",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


SEARCH = """INSERT INTO jobs (job_type, job_metadata) VALUES
    ('places_search', '{"business_type": "plumbers", "location": "Austin, TX"}')"""


async def test_a_search_and_the_same_search_again(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    known = len(google._known)
    sql(SEARCH)
    summary = await process_places_search_background()
    assert (summary.claimed, summary.completed) == (1, 1)
    sql("UPDATE places_staging SET status = 'Not a Fit', name = 'old name'")
    sql(SEARCH)
    await process_places_search_background()
    first, second = (row["result_data"] for row in sql("SELECT result_data FROM jobs ORDER BY id"))
    assert first == {"found": known, "new": known, "known": 0}
    assert second == {"found": known, "new": 0, "known": known}
    rows = sql("SELECT DISTINCT status::text, name = 'old name' AS old, deep_scan_status FROM places_staging")
    assert rows == [{"status": "Not a Fit", "old": False, "deep_scan_status": None}]


async def test_a_radius_asks_for_the_centre_first_and_keeps_what_is_near(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    sql(SEARCH.replace('"Austin, TX"', '"Austin, TX", "radius_km": 2'))
    await process_places_search_background()
    [count] = sql("SELECT count(*) AS n FROM places_staging")
    assert 0 < count["n"] < len(google._known)


async def test_a_refused_key_blames_no_row(environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql) -> None:
    environment.setenv("GOOGLE_MAPS_API_KEY", "denied")
    sql(SEARCH)
    with pytest.raises(ConfigurationError, match="GOOGLE_MAPS_API_KEY"):
        await process_places_search_background()
    assert sql("SELECT status::text, job_attempts FROM jobs") == [{"status": "Queued", "job_attempts": 0}]
    [run] = sql("SELECT released, error FROM service_runs")
    assert run["released"] == 1
    assert run["error"].startswith("ConfigurationError: GOOGLE_MAPS_API_KEY")


async def test_a_deep_scan(environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql) -> None:
    known = google._known[0]
    sql("INSERT INTO places_staging (place_id, name, status) VALUES (%s, 'x', 'Selected')", known.place_id)
    assert (await process_pending_jobs()).completed == 1
    [row] = sql("SELECT * FROM local_businesses")
    assert (row["business_name"], row["website_url"], row["city"], row["state"], row["zip"], row["country"]) == (
        known.name,
        known.website,
        "Austin",
        "TX",
        known.zip,
        "United States",
    )
    assert (row["monday_hours"], row["sunday_hours"], row["timezone"]) == (
        "7:30 AM – 6:00 PM",
        "Closed",
        "America/Chicago",
    )
    assert row["additional_json"]["google_places"]["fetched_at"] > "2026"
    assert (row["status"], row["domain_extraction_status"], row["lead_source"]) == ("New", None, "google-places")
    [staging] = sql("SELECT processed, processed_time IS NOT NULL AS timed FROM places_staging")
    assert staging == {"processed": True, "timed": True}


@pytest.mark.parametrize(
    ("website", "status", "cause", "domain"),
    [
        ("https://www.Joes.example/x?y", "Completed", None, "joes.example"),
        (None, "Completed", None, None),
        ("  ", "Completed", None, None),
        ("https://m.facebook.com/joes", "Error", "not-own-website", None),
        ("https://linktr.ee/joes", "Error", "not-own-website", None),
        ("http://10.0.0.1/", "Error", "bad-website-url", None),
        ("not a url", "Error", "bad-website-url", None),
    ],
)
async def test_a_website_becomes_a_domain(
    environment: pytest.MonkeyPatch, sql: Sql, website: str | None, status: str, cause: str | None, domain: str | None
) -> None:
    sql("INSERT INTO local_businesses (website_url, status) VALUES (%s, 'Selected')", website)
    await process_places_search_background()
    [row] = sql("SELECT id, domain_extraction_status::text AS s, domain_extraction_error AS e FROM local_businesses")
    assert (row["s"], (row["e"] or "").partition(":")[0] or None) == (status, cause)
    domains = sql("SELECT domain, status::text, local_business_id FROM domains")
    expected = [{"domain": domain, "status": "Queued", "local_business_id": row["id"]}] if domain else []
    assert domains == expected


async def test_a_known_domain_keeps_its_first_business(environment: pytest.MonkeyPatch, sql: Sql) -> None:
    for _ in range(2):
        sql("INSERT INTO local_businesses (website_url, status) VALUES ('http://joes.example', 'Selected')")
        await process_places_search_background()
    [domain] = sql("SELECT local_business_id, (SELECT count(*) FROM local_businesses) AS n FROM domains")
    assert domain["n"] == 2
    assert domain["local_business_id"] is not None
