"""``scrapersky config``: every setting, no secret, and where each value came from."""

from pathlib import Path
from typing import Any

import pytest

from scrapersky.settings import Settings
from tests.support.command_line import CommandLine

URL = "postgresql://me:s3cret@db.example:6543/sky?sslmode=require&sslpassword=s3cret"


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def settings(scrapersky: CommandLine) -> dict[str, tuple[Any, str]]:
    rows = scrapersky("config", "--json").json
    return {row["setting"]: (row["value"], row["from"]) for row in rows}


def test_every_setting_is_there(scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    assert list(settings(scrapersky)) == [name.upper() for name in Settings.model_fields]


def test_where_values_come_from(scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DATABASE_URL={URL}\nMAX_ATTEMPTS=7\nCONCURRENCY=8\nGRACE_SECONDS=\n")
    monkeypatch.setenv("CONCURRENCY", "9")
    monkeypatch.setenv("LEASE_SECONDS", "")
    monkeypatch.setenv("auto_select", "yes")
    found = settings(scrapersky)
    assert found["MAX_ATTEMPTS"] == (7, ".env")
    assert found["CONCURRENCY"] == (9, "environment")
    assert found["LEASE_SECONDS"] == (120, "default")
    assert found["GRACE_SECONDS"] == (20, "default")
    assert found["AUTO_SELECT"] == (True, "environment")
    assert found["FETCH_ALLOW_PORTS"] == ("80,443", "default")
    assert found["PUSHGATEWAY_URL"] == (None, "default")


def test_no_secret_is_shown(scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("GOOGLE_MAPS_API_KEY", "https://s3cret")
    monkeypatch.setenv("FETCH_PROXY", "http://me:s3cret@proxy.example:8080")
    monkeypatch.setenv("PUSHGATEWAY_URL", "http://:s3cret@push.example:9091")
    found = settings(scrapersky)
    assert found["DATABASE_URL"][0] == "postgresql://me:***@db.example:6543/sky?sslmode=require&sslpassword=hidden"
    assert found["GOOGLE_MAPS_API_KEY"][0] == "***"
    assert found["FETCH_PROXY"][0] == "http://me:***@proxy.example:8080/"
    assert "s3cret" not in scrapersky("config").out + str(found)


def test_values_are_written_as_they_are_set(scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("FETCH_ALLOW_NETWORKS", "127.0.0.0/8,::1/128")
    monkeypatch.setenv("FETCH_PORT_MAP", "80=8080,443=8443")
    found = settings(scrapersky)
    assert found["FETCH_ALLOW_NETWORKS"][0] == "127.0.0.0/8,::1/128"
    assert found["FETCH_PORT_MAP"][0] == "80=8080,443=8443"


def test_for_people(scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    lines = [line.split() for line in scrapersky("config").out.splitlines()]
    assert lines[0] == ["SETTING", "VALUE", "FROM"]
    assert ["FETCH_HOST_DELAY", "0.2", "default"] in lines
    assert ["AUTO_SELECT", "no", "default"] in lines


@pytest.mark.parametrize(
    ("environment", "lines"),
    [
        ({}, ["DATABASE_URL: is not set; see docs/configuration.md"]),
        (
            {"DATABASE_URL": URL, "MAX_ATTEMPTS": "0", "LOG_LEVEL": "LOUD"},
            ["LOG_LEVEL: Input should be 'DEBUG'", "MAX_ATTEMPTS: Input should be greater than or equal to 1"],
        ),
        ({"DATABASE_URL": "mysql://me:s3cret@db.example/sky"}, ["DATABASE_URL: must look like postgresql://"]),
        ({"DATABASE_URL": "s3cret"}, ["DATABASE_URL: "]),
    ],
)
def test_what_is_wrong_is_a_line_each_and_78(
    scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], lines: list[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = scrapersky("config")
    assert (done.code, done.out) == (78, "")
    assert len(done.err.splitlines()) == len(lines)
    for said, expected in zip(done.err.splitlines(), lines, strict=True):
        assert said.startswith(expected)
    assert "s3cret" not in done.err
