"""``scrapersky run`` and ``scrapersky report``: what they say, write and end with."""

from pathlib import Path

import pytest

from scrapersky.settings import SETTINGS_PREFIX
from tests.support.command_line import CommandLine
from tests.support.rows import Sql, insert

KEYS = {"service", "run_id", "seconds", "claimed", "completed", "retried", "failed", "released"}


@pytest.mark.parametrize("service", SETTINGS_PREFIX)
def test_a_run_with_nothing_to_do(scrapersky: CommandLine, service: str, sql: Sql, database_url: str) -> None:
    found = scrapersky("run", service, "--json").json
    assert found.keys() == KEYS
    assert {found[name] for name in KEYS - {"service", "run_id", "seconds"}} == {0}
    [recorded] = sql("SELECT id::text, service FROM service_runs")
    assert recorded == {"id": found["run_id"], "service": service}


def test_a_run_claims_no_more_than_its_limit(scrapersky: CommandLine, sql: Sql, database_url: str) -> None:
    for number in range(5):
        insert(sql, "local_businesses", website_url=f"https://b{number}.example/", status="Selected")
    service = "local-business-enrichment"
    limited = scrapersky("run", service, "--limit", 2, "--json").json
    assert (limited["claimed"], limited["completed"]) == (2, 2)
    rest = scrapersky("run", service, "--time-budget", 30)
    assert rest.code == 0
    assert rest.out.startswith(f"{service}: claimed 3, completed 3, retried 0, failed 0, released 0 in ")


def test_what_keeps_a_run_from_its_work(
    scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    cases = [
        ({"DATABASE_URL": empty_database_url}, 75, "run `scrapersky db upgrade`"),
        ({"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, 75, "is it running and reachable"),
        ({"DATABASE_URL": "mysql://x"}, 78, "DATABASE_URL: must look like postgresql://"),
        ({"DATABASE_URL": empty_database_url, "LEASE_SECONDS": "0"}, 78, "LEASE_SECONDS: "),
    ]
    for environment, code, says in cases:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        done = scrapersky("run", "sitemap-import", "--json")
        assert (done.code, done.out, done.err.count("\n")) == (code, "", 1), done.err
        assert says in done.err
        assert "secret" not in done.err


@pytest.mark.parametrize("option", [("--limit", 0), ("--time-budget", 0), ("--time-budget", "soon")])
def test_wrong_usage(scrapersky: CommandLine, option: tuple[object, ...]) -> None:
    done = scrapersky("run", "sitemap-import", *option)
    assert (done.code, done.out) == (2, "")


def test_a_report_is_written_where_it_is_asked(
    scrapersky: CommandLine, database_url: str, tmp_path: Path, sql: Sql
) -> None:
    insert(sql, "domains", domain="annsplumbing.example")
    page = tmp_path / "report.html"
    assert scrapersky("report", "-o", page, "--since", "2026-11-01").code == 0
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")
    nowhere = scrapersky("report", "-o", tmp_path / "none" / "report.html")
    assert (nowhere.code, nowhere.err) == (74, f"Error: {tmp_path}/none/report.html: No such file or directory\n")
