"""``scrapersky doctor`` beside real servers: what works, what does not, and what to do."""

from collections.abc import Callable
from typing import Any

import pytest

from scrapersky.db.revision import HEAD
from tests.support.command_line import CommandLine
from tests.support.pushgateway import Pushgateway

Sql = Callable[..., list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def without_a_pushgateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUSHGATEWAY_URL", raising=False)


def results(done_json: Any) -> dict[str, str]:
    return {each["check"]: each["result"] for each in done_json}


def only(done_out: str, check: str) -> str:
    [line] = [line for line in done_out.splitlines() if line.startswith(check)]
    return line


def test_all_is_well(
    scrapersky: CommandLine, database_url: str, pushgateway: Pushgateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUSHGATEWAY_URL", pushgateway.url)
    found = scrapersky("doctor", "--json").json
    assert results(found) == dict.fromkeys(("database", "schema", "dns", "pushgateway"), "works")
    assert found[0]["found"].startswith("PostgreSQL ")
    assert found[1]["found"] == f"revision {HEAD}, nothing is missing"
    assert found[3]["found"].startswith(f"ready at {pushgateway.url}/ in ")
    assert {each["do"] for each in found} == {""}


def test_without_a_pushgateway_all_is_well_too(scrapersky: CommandLine, database_url: str) -> None:
    done = scrapersky("doctor")
    assert done.code == 0
    assert "PUSHGATEWAY_URL is not set" in only(done.out, "pushgateway  skipped")


def test_a_pushgateway_that_is_not_there(
    scrapersky: CommandLine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUSHGATEWAY_URL", "http://127.0.0.1:1")
    done = scrapersky("doctor")
    assert done.code == 1
    line = only(done.out, "pushgateway  fails")
    assert "Connection refused" in line
    assert "check PUSHGATEWAY_URL" in line


def test_something_else_where_the_pushgateway_should_be(
    scrapersky: CommandLine, database_url: str, pushgateway: Pushgateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUSHGATEWAY_URL", f"{pushgateway.url}/metrics")
    done = scrapersky("doctor")
    assert done.code == 1
    assert "Not Found" in only(done.out, "pushgateway  fails")


def test_a_schema_that_lacks_something(scrapersky: CommandLine, database_url: str, sql: Sql) -> None:
    sql("DROP TABLE service_totals")
    done = scrapersky("doctor")
    assert done.code == 1
    line = only(done.out, "schema       fails")
    assert "service_totals" in line
    assert line.endswith("run `scrapersky db upgrade`")


def test_an_empty_database(scrapersky: CommandLine, empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    done = scrapersky("doctor")
    assert done.code == 1
    assert only(done.out, "database     works")
    assert "run `scrapersky db upgrade`" in only(done.out, "schema       fails")


def test_no_database_and_no_such_name_in_one_call(scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "DATABASE_URL", "postgresql://me:s3cret@database..example/sky"
    )  # refused before anybody is asked
    done = scrapersky("doctor")
    assert done.code == 1
    assert "is it running and reachable from here?" in only(done.out, "database     fails")
    assert "not looked at" in only(done.out, "schema       skipped")
    assert "database..example: " in only(done.out, "dns          fails")
    assert "s3cret" not in done.out + done.err


@pytest.mark.parametrize(("key", "asked"), [(None, []), ("a-key", ["places.googleapis.com"])])
def test_places_is_looked_for_where_there_is_a_key(
    key: str | None, asked: list[str], scrapersky: CommandLine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    monkeypatch.setattr("scrapersky.cli.doctor._resolves", names.append)
    if key:
        monkeypatch.setenv("GOOGLE_MAPS_API_KEY", key)
    scrapersky("doctor")
    assert names[1:] == asked


def test_wrong_settings_are_78_as_everywhere(scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me@db/sky")
    assert scrapersky("doctor").code == 78
