"""Places searches, as the service runs them on a real database, against the stand-in."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from scrapersky.errors import ConfigurationError, PermanentError
from scrapersky.places.client import PlacesClient
from scrapersky.places.schema import read_place
from scrapersky.settings import Settings
from services.local_business_enrichment import process_places_search_background
from services.local_business_enrichment.search_places import Found, SearchJob, SearchPlaces, read_search
from tests.internet.places import PlacesStandIn
from tests.internet.places_errors import error

Sql = Callable[..., list[dict[str, Any]]]
TENANT = UUID("11111111-1111-4111-8111-111111111111")
ASKED = {"business_type": "plumbers", "location": "Austin, TX"}


def queue(sql: Sql, **asked: object) -> int:
    """Queue a search; returns the job's id."""
    [row] = sql(
        "INSERT INTO jobs (job_type, tenant_id, job_metadata) VALUES ('places_search', %s, %s) RETURNING id",
        str(TENANT),
        json.dumps({**ASKED, **asked}),
    )
    return int(row["id"])


async def test_a_search_fills_places_staging(environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql) -> None:
    known = {each.place_id: each for each in google.known}
    queue(sql)
    summary = await process_places_search_background()
    assert (summary.claimed, summary.completed) == (1, 1)
    rows = sql("SELECT * FROM places_staging")
    assert {row["place_id"] for row in rows} == known.keys()
    [job] = sql("SELECT * FROM jobs")
    assert job["result_data"] == {"found": len(known), "new": len(known), "changed": 0}
    for row in rows:
        of = known[row["place_id"]]
        assert (row["name"], row["latitude"], row["rating"]) == (of.name, of.latitude, of.rating)
        assert row["vicinity"] == f"{of.street}, Austin"
        assert (row["status"], row["deep_scan_status"], row["tenant_id"]) == ("New", None, TENANT)
        assert (row["search_query"], row["search_location"]) == ("plumbers in Austin, TX", "Austin, TX")
        assert (row["search_job_id"], row["raw_data"]["id"]) == (job["job_id"], of.place_id)
        assert row["search_time"] is not None


async def test_the_same_search_again_keeps_curation_and_takes_what_is_new(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    known = len(google.known)
    queue(sql)
    await process_places_search_background()
    first = google.known[0].place_id
    sql("UPDATE places_staging SET status = 'Not a Fit', notes = 'ours', search_time = '2000-01-01'")
    sql("UPDATE places_staging SET name = 'old', raw_data = '{}' WHERE place_id = %s", first)
    sql("DELETE FROM places_staging WHERE place_id = %s", google.known[1].place_id)
    again = queue(sql)
    await process_places_search_background()
    [job] = sql("SELECT job_id, result_data FROM jobs WHERE id = %s", again)
    assert job["result_data"] == {"found": known, "new": 1, "changed": 1}
    assert sql("SELECT name FROM places_staging WHERE place_id = %s", first) == [{"name": google.known[0].name}]
    rows = sql(
        "SELECT status::text, notes, search_job_id, search_time > now() AT TIME ZONE 'utc' - interval '1 h' AS fresh,"
        " count(*) AS n FROM places_staging GROUP BY 1, 2, 3, 4 ORDER BY n"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("New", None, job["job_id"], True, 1),
        ("Not a Fit", "ours", job["job_id"], True, known - 1),
    ]


async def test_places_under_deep_scan_are_left_to_it(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    environment.setenv("AUTO_SELECT", "true")
    queue(sql)
    await process_places_search_background()
    assert sql("SELECT DISTINCT status::text, deep_scan_status::text AS scan FROM places_staging") == [
        {"status": "Selected", "scan": "Queued"}
    ]
    sql("UPDATE places_staging SET deep_scan_status = 'Completed', deep_scan_attempts = 1, processed = true")
    queue(sql)
    await process_places_search_background()
    assert sql(
        "SELECT DISTINCT deep_scan_status::text AS s, deep_scan_attempts AS n, processed FROM places_staging"
    ) == [{"s": "Completed", "n": 1, "processed": True}]


async def test_a_radius_asks_where_that_is_and_drops_the_corners(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    queue(sql, radius_km=2)
    await process_places_search_background()
    located, *searched = google.calls
    assert (located.body["textQuery"], located.mask) == ("Austin, TX", ("places.location",))
    assert all("rectangle" in call.body["locationRestriction"] for call in searched)
    [job] = sql("SELECT result_data FROM jobs")
    distances = sql(
        "SELECT 111.2 * sqrt((latitude - 30.2672) ^ 2 + ((longitude + 97.7431) * cosd(30.2672)) ^ 2) AS km"
        " FROM places_staging"
    )
    assert 0 < len(distances) == job["result_data"]["found"] < len(google.known)
    assert max(row["km"] for row in distances) <= 2.01


async def test_the_pages_that_the_settings_allow(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    environment.setenv("PLACES_MAX_PAGES", "2")
    queue(sql)
    await process_places_search_background()
    assert len(google.calls) == 2
    assert sql("SELECT count(*) AS n FROM places_staging") == [{"n": 40}]


async def test_the_search_that_a_person_asked_for_is_completed(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    [search] = sql(
        "INSERT INTO place_searches (business_type, location, status) VALUES ('x', 'y', 'Queued') RETURNING id"
    )
    other = sql("INSERT INTO place_searches (business_type, location, status) VALUES ('x', 'y', 'Queued') RETURNING id")
    queue(sql, search_id=str(search["id"]))
    await process_places_search_background()
    statuses = {row["id"]: row["status"] for row in sql("SELECT id, status FROM place_searches")}
    assert statuses == {search["id"]: "Completed", other[0]["id"]: "Queued"}


async def test_a_refused_key_blames_no_row_and_stops_no_other_queue(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    environment.setenv("GOOGLE_MAPS_API_KEY", "denied")
    queue(sql)
    sql("INSERT INTO local_businesses (website_url, status) VALUES ('http://joes.example', 'Selected')")
    with pytest.raises(ConfigurationError, match="GOOGLE_MAPS_API_KEY"):
        await process_places_search_background()
    assert sql("SELECT status::text, job_attempts, error FROM jobs") == [
        {"status": "Queued", "job_attempts": 0, "error": None}
    ]
    assert sql("SELECT domain FROM domains") == [{"domain": "joes.example"}]
    [run] = sql("SELECT released, error FROM service_runs")
    assert run["released"] == 1
    assert run["error"].startswith("ConfigurationError: GOOGLE_MAPS_API_KEY")


async def test_a_missing_key_matters_only_where_google_is_asked(environment: pytest.MonkeyPatch, sql: Sql) -> None:
    environment.delenv("GOOGLE_MAPS_API_KEY")
    sql("INSERT INTO local_businesses (website_url, status) VALUES ('http://joes.example', 'Selected')")
    assert (await process_places_search_background()).completed == 1
    queue(sql)
    with pytest.raises(ConfigurationError, match="GOOGLE_MAPS_API_KEY: is not set"):
        await process_places_search_background()


async def test_a_passing_failure_is_tried_again(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    google.next_answers.append(error(503, "The service is currently unavailable."))
    queue(sql)
    for _ in range(2):
        await process_places_search_background()
        sql("UPDATE jobs SET job_due_at = now() WHERE status = 'Queued'")
    assert sql("SELECT status::text, job_attempts AS n FROM jobs") == [{"status": "Completed", "n": 2}]


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        {},
        {"business_type": "x"},
        {"business_type": " ", "location": "y"},
        {**ASKED, "radius_km": 0},
        {**ASKED, "radius_km": -1},
        {**ASKED, "radius_km": 51},
        {**ASKED, "radius_km": "nan"},
        {**ASKED, "radius_km": "wide"},
        {**ASKED, "radius_km": [5]},
        {**ASKED, "search_id": "7"},
    ],
)
def test_a_search_must_say_what_and_where(metadata: object) -> None:
    with pytest.raises(PermanentError, match="bad-search"):
        read_search(SearchJob(1, uuid4(), str(TENANT), None, metadata))


def test_the_tenant_is_the_jobs() -> None:
    other = uuid4()
    assert read_search(SearchJob(1, uuid4(), "legacy", other, ASKED)).tenant == other
    assert read_search(SearchJob(1, uuid4(), str(TENANT), None, {**ASKED, "radius_km": "2.5"})).radius_km == 2.5
    with pytest.raises(PermanentError, match="bad-search"):
        read_search(SearchJob(1, uuid4(), "legacy", None, ASKED))


async def test_a_batch_is_settled_together_and_a_shared_place_counts_once(
    engine: AsyncEngine, settings: Settings, sql: Sql
) -> None:
    stage = SearchPlaces(settings, PlacesClient(settings))
    results = []
    for found in (["c", "a"], ["b", "a"]):
        job_id = queue(sql)
        [row] = sql("SELECT id, job_id, tenant_id, tenant_id_uuid, job_metadata FROM jobs WHERE id = %s", job_id)
        job = SearchJob(**row)
        places = [place for place in (read_place({"id": each}) for each in found) if place is not None]
        results.append((job, Found(read_search(job), places)))
    async with AsyncSession(engine) as session, session.begin():
        await stage.settle(session, results[::-1])
    assert [row["place_id"] for row in sql("SELECT place_id FROM places_staging ORDER BY id")] == ["a", "b", "c"]
    assert [row["result_data"] for row in sql("SELECT result_data FROM jobs ORDER BY id")] == [
        {"found": 2, "new": 1, "changed": 0},
        {"found": 2, "new": 2, "changed": 0},
    ]


async def test_a_search_that_finds_nothing_is_completed(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    queue(sql, business_type="glassblowers")
    await process_places_search_background()
    assert sql("SELECT status::text, result_data AS r FROM jobs") == [
        {"status": "Completed", "r": {"found": 0, "new": 0, "changed": 0}}
    ]
