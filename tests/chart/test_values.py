"""values.yaml, its schema and its README say the same; what the schema refuses, it refuses in words."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.support.chart import CHART, CI, DATABASE, HELMS, manifests, of_kind, refusal
from tests.support.generate_chart import rendered, values

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


@pytest.mark.parametrize(("path", "text"), rendered().items(), ids=[path.name for path in rendered()])
def test_what_is_made_is_what_would_be_made_now(path: Path, text: str) -> None:
    assert path.read_text() == text, "stale: run `make docs`"


def test_every_key_has_a_comment() -> None:
    silent = [each.path for each in values() if not each.comment]
    groups = [path for path in silent if path_is_group(path)]
    said_above = [path for path in silent if ".resources." in path or re.match(r"services\.[^.]+\.", path)]
    assert sorted(set(silent) - set(groups) - set(said_above)) == []


def path_is_group(path: str) -> bool:
    node: Any = VALUES
    for key in path.split("."):
        node = node[key]
    return isinstance(node, dict) and bool(node) and all(f"{path}.{key}" in PATHS for key in node)


PATHS = {each.path for each in values()}


def test_the_schema_knows_each_default_and_no_more() -> None:
    def compare(node: dict[str, Any], schema: dict[str, Any], where: str) -> None:
        if "$ref" in schema:
            return
        assert set(node) == set(schema["properties"]) - {"global"}, where
        for key, below in node.items():
            if isinstance(below, dict) and "properties" in schema["properties"][key]:
                compare(below, schema["properties"][key], f"{where}.{key}")

    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(VALUES, SCHEMA, jsonschema.Draft7Validator)
    compare(VALUES, SCHEMA, "values")


def test_every_object_of_the_schema_is_closed() -> None:
    def open_objects(node: object) -> list[object]:
        if isinstance(node, list):
            return [found for each in node for found in open_objects(each)]
        if not isinstance(node, dict):
            return []
        mine = [node] if "properties" in node and "required" not in node and node.get("additionalProperties") else []
        return mine + [found for each in node.values() for found in open_objects(each)]

    assert open_objects(SCHEMA) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"serviceDefaults": {"batchsize": 5}}, ("batchsize", "serviceDefaults")),
        ({"services": {"domain-schedular": {}}}, ("domain-schedular",)),
        ({"serviceDefaults": {"timeBudgetSeconds": "4m"}}, ("timeBudgetSeconds", "integer")),
        ({"serviceDefaults": {"intervalMinutes": 0.5}}, ("intervalMinutes", "integer")),
        ({"serviceDefaults": {"resources": {"limits": {"memory": "256"}}}}, ("memory", "Ki|Mi|Gi")),
        ({"serviceDefaults": {"resources": {"limits": {"memory": "256m"}}}}, ("memory", "Ki|Mi|Gi")),
        ({"config": {"LEASE_SECOND": 5}}, ("LEASE_SECOND",)),
        ({"config": {"LEASE_SECONDS": "5m"}}, ("LEASE_SECONDS", "number")),
        ({"config": {"LOG_LEVEL": "TRACE"}}, ("LOG_LEVEL", "DEBUG")),
        ({"config": {"DATABASE_URL": "postgresql://u:p@db/x"}}, ("DATABASE_URL",)),
        ({"image": {"digest": "0123"}}, ("digest", "sha256")),
        ({"database": {"url": "mysql://u:p@db/x"}}, ("url", "postgres")),
    ],
    ids=str,
)
@pytest.mark.parametrize("helm", HELMS)
def test_unknown_keys_and_wrong_units_are_refused_by_name(
    helm: str, wrong: dict[str, Any], words: tuple[str, ...]
) -> None:
    said = refusal(helm, {**DATABASE, **wrong})
    assert [word for word in words if word not in said] == []


def test_ci_has_a_file_for_each_way_of_installing() -> None:
    assert set(CI) == {"kind", "production", "supabase", "external-pushgateway", "gitops", "egress-proxy"}


def test_rules_and_dashboards_come_from_files() -> None:
    found = manifests("helm3", {}, CI["production"])
    [rule] = of_kind(found, "PrometheusRule").values()
    assert isinstance(rule["spec"]["groups"], list)
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    dashboards = [
        each for each in of_kind(found, "ConfigMap").values() if "grafana_dashboard" in each["metadata"]["labels"]
    ]
    assert len(dashboards) == len([*(CHART / "files" / "dashboards").glob("*.json")])
    for each in dashboards:
        for text in each["data"].values():
            json.loads(text)
    [monitor] = of_kind(found, "ServiceMonitor").values()
    [service] = [each for each in of_kind(found, "Service").values() if "pushgateway" in each["metadata"]["name"]]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["honorLabels"] is True
