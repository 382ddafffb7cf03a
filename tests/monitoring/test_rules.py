"""Alerts: promtool fires each and leaves each in peace, and each has a runbook that says what to do."""

import re
from typing import Any

import pytest
import yaml

from scrapersky.metrics import every_series
from tests.support.kube import ROOT
from tests.support.monitored import RULES
from tests.support.prometheus import promtool

CASES = ROOT / "tests" / "monitoring" / "rules_test.yaml"
ALERTS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
NAMES = [alert["alert"] for alert in ALERTS]


def test_each_fires_when_it_must_and_only_then() -> None:
    code, words = promtool("test", "rules", CASES)
    assert code == 0, words


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_has_cases_and_a_runbook(alert: dict[str, Any]) -> None:
    name = alert["alert"]
    assert f'alertname="{name}", alertstate="firing"' in CASES.read_text()
    assert alert["labels"]["severity"] in {"warning", "critical"}
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert (page.rsplit("/", 1)[-1], anchor) == ("operating.md", name.lower())
    text = (ROOT / "docs" / "operating.md").read_text()
    [section] = re.findall(rf"^### {name}\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    parts = re.findall(r"^\*\*(\w+)\.\*\*", section, re.MULTILINE)
    assert parts == ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def test_no_runbook_is_without_its_alert() -> None:
    assert re.findall(r"^### (ScraperSky\w+)$", (ROOT / "docs" / "operating.md").read_text(), re.MULTILINE) == NAMES


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_asks_for_series_that_exist(alert: dict[str, Any]) -> None:
    asked = set(re.findall(r"scrapersky_\w+", alert["expr"]))
    assert asked <= {series.name for series in every_series()}
