"""Two copies of each service side by side, on 500 queued rows: every row is worked exactly once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrapersky.queue.queues import QUEUES
from tests.internet.crowd import crowd
from tests.internet.network import SmallInternet
from tests.support.services import run

Sql = Callable[..., list[dict[str, Any]]]
ROWS = 500

DOMAINS = (
    "INSERT INTO domains (domain, scan_due_at) SELECT 'plumber' || lpad(n::text, 4, '0') || '.example', 'infinity'"
    f" FROM generate_series(1, {ROWS}) AS n"
)
PREPARED = {
    "domains": (DOMAINS.replace("'infinity'", "now()"),),
    "sitemap-analysis": (DOMAINS, "UPDATE domains SET sitemap_curation_status = 'Selected'"),
    "sitemap-imports": (
        DOMAINS,
        "INSERT INTO sitemap_files (domain_id, tenant_id, url, sitemap_type, deep_scrape_curation_status)"
        " SELECT id, tenant_id, 'https://' || domain || '/sitemap.xml', 'standard', 'Selected' FROM domains",
    ),
    "sitemap-jobs": (
        "INSERT INTO jobs (job_type, job_metadata) SELECT 'sitemap',"
        " jsonb_build_object('domain', 'plumber' || lpad(n::text, 4, '0') || '.example')"
        f" FROM generate_series(1, {ROWS}) AS n",
    ),
    "deep-scans": (
        "INSERT INTO places_staging (place_id, name, status)"
        f" SELECT 'ChIJ' || lpad((n % 60)::text, 4, '0') || 'plumberAustinTX' || chr(n / 60 + 65), 'x', 'Selected'"
        f" FROM generate_series(0, {ROWS - 1}) AS n",
    ),
    "place-searches": (
        "INSERT INTO jobs (job_type, job_metadata)"
        """ SELECT 'places_search', '{"business_type": "plumbers", "location": "Austin, TX"}'"""
        f" FROM generate_series(1, {ROWS}) AS n",
    ),
    "domain-extractions": (
        "INSERT INTO local_businesses (place_id, website_url, status)"
        f" SELECT 'p' || n, 'https://www.b' || n || '.example/', 'Selected' FROM generate_series(1, {ROWS}) AS n",
    ),
}


@pytest.mark.parametrize("name", PREPARED)
async def test_every_row_is_worked_exactly_once(name: str, tmp_path: Path, database_url: str, sql: Sql) -> None:
    queue = QUEUES[name]
    async with SmallInternet(tmp_path, crowd(ROWS)) as internet:
        for statement in PREPARED[name]:
            sql(statement)
        environment = {
            **internet.environment,
            "DATABASE_URL": database_url,
            "CONCURRENCY": "32",
            "FETCH_CONNECT_TIMEOUT": "60",
            "FETCH_READ_TIMEOUT": "60",
            "FETCH_TOTAL_TIMEOUT": "60",
        }
        ends = await asyncio.gather(run(queue.service, environment), run(queue.service, environment))
        assert [code for code, _ in ends] == [0, 0], ends
        asked = Counter((request.host, request.path) for request in internet.requests)
    outcomes = sql(
        f"SELECT {queue.status}::text AS status, {queue.attempts} AS attempts, count(*) AS n FROM {queue.table}"
        f" WHERE {queue.status} IS NOT NULL AND {queue.where or 'true'} GROUP BY 1, 2"
    )
    if name == "deep-scans":
        assert sum(row["n"] for row in outcomes) == ROWS
        assert {row["attempts"] for row in outcomes} == {1}
        assert len(internet.places.calls) == ROWS
    else:
        assert outcomes == [{"status": "Completed", "attempts": 1, "n": ROWS}]
    runs = sql("SELECT claimed, completed + failed AS settled, retried, released FROM service_runs")
    assert sum(row["claimed"] for row in runs) == sum(row["settled"] for row in runs) == ROWS
    if name == "domains":
        assert all(asked[f"plumber{n:04}.example", "/"] == 1 for n in range(1, ROWS + 1))
