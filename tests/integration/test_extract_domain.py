"""Domain extraction, as the service runs it on a real database."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from services.local_business_enrichment import process_places_search_background

Sql = Callable[..., list[dict[str, Any]]]
TENANT = UUID("11111111-1111-4111-8111-111111111111")


def select(sql: Sql, website: str | None) -> UUID:
    """Add a business and select it; returns its id."""
    [row] = sql(
        "INSERT INTO local_businesses (website_url, status, tenant_id) VALUES (%s, 'Selected', %s) RETURNING id",
        website,
        TENANT,
    )
    return UUID(str(row["id"]))


@pytest.fixture(autouse=True)
def tenant(sql: Sql) -> None:
    sql("INSERT INTO tenants (id, name) VALUES (%s, 'ours')", TENANT)


@pytest.mark.parametrize(
    ("website", "status", "cause", "domain"),
    [
        ("https://www.Joes.example/x?y", "Completed", None, "joes.example"),
        (None, "Completed", None, None),
        ("  ", "Completed", None, None),
        ("https://m.facebook.com/joes", "Error", "not-own-website", None),
        ("http://10.0.0.1/", "Error", "bad-website-url", None),
        ("not a url", "Error", "bad-website-url", None),
    ],
)
async def test_a_website_becomes_a_domain(
    environment: pytest.MonkeyPatch, sql: Sql, website: str | None, status: str, cause: str | None, domain: str | None
) -> None:
    business = select(sql, website)
    await process_places_search_background()
    [row] = sql("SELECT domain_extraction_status::text AS s, domain_extraction_error AS e FROM local_businesses")
    assert (row["s"], (row["e"] or "").partition(":")[0] or None) == (status, cause)
    expected = {"domain": domain, "status": "Queued", "local_business_id": business, "tenant_id": TENANT}
    domains = sql("SELECT domain, status::text, local_business_id, tenant_id FROM domains WHERE scan_due_at <= now()")
    assert domains == ([expected] if domain else [])


async def test_businesses_that_share_a_domain_in_one_batch(environment: pytest.MonkeyPatch, sql: Sql) -> None:
    businesses = {select(sql, f"http://{host}/") for host in ("joes.example", "www.joes.example", "JOES.example:8080")}
    summary = await process_places_search_background()
    assert summary.completed == 3
    [domain] = sql("SELECT local_business_id FROM domains")
    assert domain["local_business_id"] in businesses


async def test_a_known_domain_keeps_its_business_and_its_scan(environment: pytest.MonkeyPatch, sql: Sql) -> None:
    first = select(sql, "http://joes.example")
    await process_places_search_background()
    sql("UPDATE domains SET status = 'Completed', title = 'Joe', scan_attempts = 1")
    select(sql, "https://joes.example/contact")
    await process_places_search_background()
    assert sql("SELECT local_business_id, status::text, title, scan_attempts AS n FROM domains") == [
        {"local_business_id": first, "status": "Completed", "title": "Joe", "n": 1}
    ]


async def test_a_domain_without_a_business_gets_one(environment: pytest.MonkeyPatch, sql: Sql) -> None:
    sql("INSERT INTO domains (domain, status) VALUES ('joes.example', 'Completed')")
    business = select(sql, "http://joes.example")
    await process_places_search_background()
    [domain] = sql("SELECT local_business_id, status::text, tenant_id FROM domains")
    assert (domain["local_business_id"], domain["status"]) == (business, "Completed")
    assert domain["tenant_id"] != TENANT


async def test_a_tenant_that_does_not_exist_spoils_only_its_own_rows(environment: pytest.MonkeyPatch, sql: Sql) -> None:
    select(sql, "http://joes.example")
    sql(
        "INSERT INTO local_businesses (website_url, status, tenant_id)"
        " VALUES ('http://annes.example', 'Selected', gen_random_uuid())"
    )
    summary = await process_places_search_background()
    assert (summary.completed, summary.failed) == (1, 1)
    assert sql("SELECT domain FROM domains") == [{"domain": "joes.example"}]
    [row] = sql("SELECT domain_extraction_error AS e FROM local_businesses WHERE domain_extraction_status = 'Error'")
    assert row["e"].startswith("unstorable-result: ")
    assert "tenant_id" in row["e"]
