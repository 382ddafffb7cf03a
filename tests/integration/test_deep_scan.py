"""Deep scans, as the service runs them on a real database, against the stand-in."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from scrapersky.errors import ConfigurationError
from services.sitemap_scheduler import process_pending_jobs
from tests.internet.places import PlacesStandIn
from tests.internet.places_errors import over_quota, retry_info
from tests.internet.server import Answer

Sql = Callable[..., list[dict[str, Any]]]
TENANT = UUID("11111111-1111-4111-8111-111111111111")


def select(sql: Sql, place_id: str) -> None:
    """Stage a place and select it, or select it anew."""
    sql(
        "INSERT INTO places_staging (place_id, name, status, tenant_id) VALUES (%s, 'x', 'Selected', %s)"
        " ON CONFLICT (place_id) DO UPDATE SET deep_scan_status = 'Queued'",
        place_id,
        TENANT,
    )


async def test_details_become_a_business(environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql) -> None:
    known = google.known[0]
    select(sql, known.place_id)
    assert (await process_pending_jobs()).completed == 1
    [row] = sql("SELECT * FROM local_businesses")
    expected = {
        "place_id": known.place_id,
        "tenant_id": TENANT,
        "lead_source": "google-places",
        "business_name": known.name,
        "full_address": f"{known.street}, Austin, TX {known.zip}, USA",
        "street_address": known.street,
        "city": "Austin",
        "state": "TX",
        "zip": known.zip,
        "country": "United States",
        "phone": "+1 512-555-0100",
        "main_category": "Plumber",
        "extra_categories": ["general_contractor", "service"],
        "reviews_count": known.ratings,
        "price_text": "$$",
        "website_url": known.website,
        "business_verified": None,
        "monday_hours": "7:30 AM – 6:00 PM",
        "sunday_hours": "Closed",
        "timezone": "America/Chicago",
        "accessibility": ["Wheelchair accessible parking"],
        "payments": None,
        "image_url": None,
        "status": "New",
        "domain_extraction_status": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert [float(row[name]) for name in ("rating", "latitude", "longitude")] == [
        known.rating,
        known.latitude,
        known.longitude,
    ]
    said = row["additional_json"]["google_places"]
    assert said["fetched_at"] > "2026"
    assert said["place"]["businessStatus"] == "OPERATIONAL"
    [staging] = sql(
        "SELECT processed, processed_time IS NOT NULL AS timed, deep_scan_status::text AS s FROM places_staging"
    )
    assert staging == {"processed": True, "timed": True, "s": "Completed"}


async def test_a_known_business_keeps_what_is_not_googles(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    known = google.known[0]
    kept = {
        "lead_source": "trade fair",
        "status": "Maybe",
        "domain_extraction_status": "Completed",
        "payments": ["Cash"],
        "business_verified": True,
    }
    sql(
        "INSERT INTO local_businesses (place_id, business_name, website_url, additional_json, created_at,"
        f" {', '.join(kept)}) VALUES (%s, 'Old Name', 'http://old.example', %s, '2020-01-01',"
        f" {', '.join(['%s'] * len(kept))})",
        known.place_id,
        json.dumps({"crm": 7, "google_places": {"fetched_at": "2020"}}),
        *kept.values(),
    )
    select(sql, known.place_id)
    await process_pending_jobs()
    [row] = sql("SELECT * FROM local_businesses")
    assert {name: row[name] for name in kept} == kept
    assert (row["business_name"], row["website_url"], row["created_at"].year) == (known.name, known.website, 2020)
    assert row["tenant_id"] != TENANT
    assert row["additional_json"]["crm"] == 7
    assert row["additional_json"]["google_places"]["fetched_at"] > "2026"


@pytest.mark.parametrize("before", ["[1]", "7", "null", None])
async def test_whatever_additional_json_was(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql, before: str | None
) -> None:
    known = google.known[0]
    sql("INSERT INTO local_businesses (place_id, additional_json) VALUES (%s, %s)", known.place_id, before)
    select(sql, known.place_id)
    await process_pending_jobs()
    [row] = sql("SELECT additional_json FROM local_businesses")
    assert row["additional_json"].keys() == {"google_places"}


async def test_auto_select_queues_new_businesses_only(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    environment.setenv("AUTO_SELECT", "true")
    sql("INSERT INTO local_businesses (place_id, status) VALUES (%s, 'Archived')", google.known[0].place_id)
    for known in google.known[:2]:
        select(sql, known.place_id)
    await process_pending_jobs()
    rows = sql("SELECT status::text, domain_extraction_status::text AS s FROM local_businesses ORDER BY place_id")
    assert rows == [{"status": "Archived", "s": None}, {"status": "Selected", "s": "Queued"}]


async def test_scanned_again_it_is_the_same_row(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    for _ in range(2):
        select(sql, google.known[0].place_id)
        await process_pending_jobs()
    [row] = sql("SELECT count(*) AS n FROM local_businesses")
    assert row["n"] == 1


async def test_one_place_that_is_gone_spoils_no_other(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    for place_id in ("ChIJgone", "nonsense", google.known[3].place_id):
        select(sql, place_id)
    summary = await process_pending_jobs()
    assert (summary.completed, summary.failed) == (1, 2)
    rows = sql(
        "SELECT place_id, split_part(deep_scan_error, ':', 1) AS cause FROM places_staging ORDER BY place_id DESC"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("nonsense", "places-400"),
        ("ChIJgone", "place-gone"),
        (google.known[3].place_id, None),
    ]


async def test_a_place_that_moved_keeps_the_id_that_was_staged(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    moved = json.dumps({"id": "ChIJnew", "displayName": {"text": "Moved"}}).encode()
    google.next_answers.append(Answer(content_type="application/json", body=moved))
    select(sql, "ChIJold")
    await process_pending_jobs()
    [row] = sql("SELECT place_id, additional_json->'google_places'->'place'->>'id' AS now FROM local_businesses")
    assert row == {"place_id": "ChIJold", "now": "ChIJnew"}


async def test_a_missing_key_blames_no_row(environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql) -> None:
    environment.delenv("GOOGLE_MAPS_API_KEY")
    select(sql, google.known[0].place_id)
    with pytest.raises(ConfigurationError, match="GOOGLE_MAPS_API_KEY: is not set"):
        await process_pending_jobs()
    assert sql("SELECT deep_scan_status::text AS s, deep_scan_attempts AS n FROM places_staging") == [
        {"s": "Queued", "n": 0}
    ]
    assert google.calls == []


async def test_a_quota_a_minute_uses_up_no_attempt(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    for known in google.known[:20]:
        select(sql, known.place_id)
    google.next_answers += [over_quota("Minute", retry_info("0.02s"))] * 20
    environment.setenv("CONCURRENCY", "10")
    assert (await process_pending_jobs()).completed == 20
    assert sql("SELECT DISTINCT deep_scan_attempts AS n FROM places_staging") == [{"n": 1}]


async def test_a_quota_a_day_puts_rows_off_until_it_is_full_again(
    environment: pytest.MonkeyPatch, google: PlacesStandIn, sql: Sql
) -> None:
    environment.setenv("CONCURRENCY", "1")
    for known in google.known[:5]:
        select(sql, known.place_id)
    google.next_answers.append(over_quota("Day"))
    assert (await process_pending_jobs()).retried == 5
    assert len(google.calls) == 1
    rows = sql(
        "SELECT DISTINCT split_part(deep_scan_error, ':', 1) AS cause, extract(hour FROM deep_scan_due_at"
        " AT TIME ZONE 'utc' + interval '1 min')::int AS hour, deep_scan_due_at > now() AS later FROM places_staging"
    )
    assert rows == [{"cause": "places-quota", "hour": 8, "later": True}]
