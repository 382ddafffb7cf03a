"""The whole pipeline through the real entrypoints: what the sites' data promise, exactly, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrapersky.demo import play
from tests.internet.network import SmallInternet
from tests.support.promises import check_sites, check_totals
from tests.support.services import MODULES, run

Sql = Callable[..., list[dict[str, Any]]]

CONTENT = {
    "places_staging": "place_id, status, deep_scan_status, deep_scan_attempts, deep_scan_error",
    "local_businesses": "place_id, website_url, domain_extraction_status, domain_extraction_error",
    "domains": "domain, status, scan_attempts, scan_error, title, sitemap_analysis_status, total_sitemaps, meta_json",
    "sitemap_files": "url, sitemap_import_status, sitemap_import_error, url_count, etag, last_processed_at",
    "pages": "url, domain_id, last_modified, vanished_at, updated_at, xmin::text",
}


def content(sql: Sql) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    return {
        table: [row["t"] for row in sql(f"SELECT t::text FROM (SELECT {columns} FROM {table} ORDER BY 1, 2) AS t")]
        for table, columns in CONTENT.items()
    }


@pytest.mark.timeout(300)
async def test_the_pipeline_keeps_every_promise_and_running_it_again_changes_nothing(
    tmp_path: Path, database_url: str, sql: Sql
) -> None:
    async with SmallInternet(tmp_path) as internet:
        report = await play(database_url, tmp_path, lambda _: None, internet.environment)
        check_totals(report, internet.sites)
        check_sites(sql, internet.sites)
        before, asked = content(sql), len(internet.requests)
        for service in MODULES:
            code, words = await run(service, {**internet.environment, "DATABASE_URL": database_url})
            assert code == 0, words
        assert content(sql) == before
        assert len(internet.requests) == asked
        again = sql("SELECT DISTINCT ON (service) claimed FROM service_runs ORDER BY service, started_at DESC")
        assert [row["claimed"] for row in again] == [0] * len(MODULES)
