"""What a run leaves behind: a row of history, totals, metrics in a real Pushgateway, and logs that name their row."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.internet.crowd import crowd
from tests.internet.network import SmallInternet
from tests.support.pushgateway import Pushgateway
from tests.support.services import MODULES, run

Sql = Callable[..., list[dict[str, Any]]]


def queue_domains(sql: Sql, first: int, last: int) -> None:
    sql(
        "INSERT INTO domains (domain) SELECT 'plumber' || lpad(n::text, 4, '0') || '.example'"
        " FROM generate_series(%s::int, %s::int) AS n",
        first,
        last,
    )


async def test_totals_grow_from_run_to_run_and_reach_the_pushgateway(
    tmp_path: Path, database_url: str, sql: Sql, pushgateway: Pushgateway
) -> None:
    async with SmallInternet(tmp_path, crowd(5)) as internet:
        environment = {**internet.environment, "DATABASE_URL": database_url, "PUSHGATEWAY_URL": pushgateway.url}
        for first, last in ((1, 3), (4, 5)):
            queue_domains(sql, first, last)
            code, words = await run("domain-scheduler", environment)
            assert code == 0, words
    labels = {"job": "scrapersky", "service": "domain-scheduler"}
    completed = {**labels, "queue": "domains", "outcome": "completed"}
    assert pushgateway.value("scrapersky_rows_total", **completed) == 5
    assert pushgateway.value("scrapersky_runs_total", result="success", **labels) == 2
    assert pushgateway.value("scrapersky_row_seconds_count", queue="domains", **labels) == 5
    assert (pushgateway.value("scrapersky_fetched_bytes_total", **labels) or 0) > 5 * 100
    assert pushgateway.value("scrapersky_queue_due_rows", queue="domains", **labels) == 0
    success = pushgateway.value("scrapersky_last_success_timestamp_seconds", **labels)
    assert success is not None
    [totals] = sql("SELECT value FROM service_totals WHERE name = 'scrapersky_runs_total'")
    assert totals["value"] == 2


async def test_a_failed_run_leaves_the_last_success_in_place(
    tmp_path: Path, database_url: str, sql: Sql, pushgateway: Pushgateway
) -> None:
    environment = {"DATABASE_URL": database_url, "PUSHGATEWAY_URL": pushgateway.url}
    assert (await run("local-business-enrichment", environment))[0] == 0
    success = pushgateway.value("scrapersky_last_success_timestamp_seconds")
    sql("""INSERT INTO jobs (job_type, job_metadata) VALUES
        ('places_search', '{"business_type": "x", "location": "y"}')""")
    code, words = await run("local-business-enrichment", environment)
    assert code == 78
    assert "GOOGLE_MAPS_API_KEY: is not set" in words
    assert pushgateway.value("scrapersky_last_success_timestamp_seconds") == success
    assert pushgateway.value("scrapersky_runs_total", result="failure") == 1


async def test_a_push_that_fails_fails_nothing_and_is_said(database_url: str, sql: Sql) -> None:
    code, words = await run("sitemap-import", {"DATABASE_URL": database_url, "PUSHGATEWAY_URL": "http://127.0.0.1:1"})
    assert code == 0
    assert "push-failed" in words
    assert sql("SELECT error FROM service_runs") == [{"error": None}]


async def test_every_line_about_a_row_names_service_run_queue_and_row(
    tmp_path: Path, database_url: str, sql: Sql
) -> None:
    sql("INSERT INTO domains (domain) VALUES ('nosuch.plumber0001.example'), ('plumber0001.example')")
    async with SmallInternet(tmp_path, crowd(1)) as internet:
        (tmp_path / "hosts").write_text("10.0.0.1 nosuch.plumber0001.example\n127.0.0.1 plumber0001.example")
        _, words = await run("domain-scheduler", {**internet.environment, "DATABASE_URL": database_url})
    lines = [json.loads(line) for line in words.splitlines()]
    [failed] = [line for line in lines if line["event"] == "row-failed"]
    [row] = sql("SELECT id FROM domains WHERE status = 'Error'")
    [history] = sql("SELECT id FROM service_runs")
    assert (failed["service"], failed["queue"]) == ("domain-scheduler", "domains")
    assert (failed["row"], failed["run"]) == (str(row["id"]), str(history["id"]))
    assert failed["cause"] == "address-refused"
    assert lines[-1]["event"] == "run-ended"
    assert (lines[-1]["claimed"], lines[-1]["failed"]) == (2, 1)


async def test_old_history_is_pruned_and_totals_stay(database_url: str, sql: Sql) -> None:
    sql("INSERT INTO service_runs (service, pod, started_at) VALUES ('x', 'y', now() - interval '31 days')")
    sql("INSERT INTO service_totals (service, name, labels, value) VALUES ('x', 'scrapersky_runs_total', '{}', 9)")
    assert (await run("sitemap-import", {"DATABASE_URL": database_url}))[0] == 0
    assert [row["service"] for row in sql("SELECT service FROM service_runs")] == ["sitemap-import"]
    assert sql("SELECT value FROM service_totals WHERE service = 'x'") == [{"value": 9.0}]


@pytest.mark.parametrize("service", MODULES)
async def test_what_is_wrong_is_one_line_with_what_to_do(
    service: str, database_url: str, empty_database_url: str
) -> None:
    cases: list[tuple[dict[str, str], int, str]] = [
        ({}, 78, "DATABASE_URL: is not set"),
        ({"DATABASE_URL": "mysql://x"}, 78, "DATABASE_URL: must look like postgresql://"),
        ({"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, 75, "is it running and reachable"),
        ({"DATABASE_URL": empty_database_url}, 75, "run `scrapersky db upgrade`"),
        ({"DATABASE_URL": database_url, "CONCURRENCY": "0"}, 78, "CONCURRENCY: "),
    ]
    for environment, expected, says in cases:
        code, words = await run(service, environment)
        assert (code, words.count("\n")) == (expected, 1), words
        assert says in words
        assert "secret" not in words


async def test_import_tracing_says_what_start_up_imported(database_url: str) -> None:
    _, words = await run("sitemap-import", {"DATABASE_URL": database_url, "ENABLE_IMPORT_TRACING": "true"})
    imported = [line for line in map(json.loads, words.splitlines()) if line["event"] == "imported"]
    assert any("sqlalchemy" in line["module"] for line in imported)
    assert all(line["seconds"] >= 0 for line in imported)


async def test_a_run_that_finds_nothing_due_imports_nothing_that_work_needs(database_url: str, sql: Sql) -> None:
    code = """
import asyncio, sys
from services.domain_scheduler import process_pending_domains
summary = asyncio.run(process_pending_domains())
assert summary.claimed == 0
heavy = {"sqlalchemy", "lxml", "httpx", "prometheus_client", "structlog", "alembic", "rich"} & sys.modules.keys()
assert not heavy, heavy
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env={"DATABASE_URL": database_url}, stderr=asyncio.subprocess.PIPE
    )
    _, words = await process.communicate()
    assert process.returncode == 0, words.decode()
    [history] = sql("SELECT service, claimed, error, finished_at >= started_at AS ended FROM service_runs")
    assert history == {"service": "domain-scheduler", "claimed": 0, "error": None, "ended": True}
    assert sql("SELECT value FROM service_totals") == [{"value": 1.0}]


async def test_a_start_delay_passes_before_the_run_begins(database_url: str, sql: Sql) -> None:
    [before] = sql("SELECT clock_timestamp() AS at")
    code, words = await run("sitemap-import", {"DATABASE_URL": database_url, "START_DELAY_SECONDS": "1.5"})
    assert code == 0, words
    [found] = sql("SELECT extract(epoch FROM started_at - %s)::float8 AS waited FROM service_runs", before["at"])
    assert found["waited"] >= 1.5
