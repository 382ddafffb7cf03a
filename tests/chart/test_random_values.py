"""200 random valid values render, with Helm 3 and Helm 4 alike, to manifests that Kubernetes would accept."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.support.chart import CHART, HELMS, Manifest, parsed, template, without_authority
from tests.support.kubernetes import complaints
from tests.support.schema_values import values_of

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
CHUNKS, EXAMPLES = 4, 50
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
LABELS = st.dictionaries(NAMES, NAMES, max_size=2)
ENV = st.dictionaries(
    st.from_regex(r"EXTRA_[A-Z]{1,3}", fullmatch=True), st.text("ab\"'{}: #\\", max_size=8), max_size=3
)
PEER = st.one_of(
    st.builds(lambda octet: {"ipBlock": {"cidr": f"10.{octet}.0.0/16"}}, st.integers(0, 255)),
    st.builds(lambda labels: {"podSelector": {"matchLabels": labels}}, LABELS),
)
REPEATED = {"key": "k", "operator": "In", "values": ["v"]}
NARROWER: dict[str, st.SearchStrategy[Any]] = {
    "intervalMinutes": st.sampled_from([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]),
    "activeDeadlineSeconds": st.none() | st.integers(200_000, 604_800),
    "terminationGracePeriodSeconds": st.none() | st.integers(3_700, 7_200),
    "schedule": st.sampled_from(["", "", "@daily", "*/7 3 1-5 * MON-FRI", "0,30 * * * *"]),
    "url": st.just(""),
    "global": st.just({}),
    "env": ENV.map(lambda variables: [{"name": name, "value": value} for name, value in variables.items()]),
    "envFrom": st.lists(st.builds(lambda name: {"secretRef": {"name": name, "optional": True}}, NAMES), max_size=2),
    "volumes": st.sampled_from([[], [{"name": "extra", "emptyDir": {}}], [{"name": "x", "configMap": {"name": "c"}}]]),
    "volumeMounts": st.just([]),
    "affinity": st.sampled_from(
        [
            {},
            {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [REPEATED]}]
                    }
                }
            },
        ]
    ),
    "topologySpreadConstraints": st.sampled_from(
        [[], [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}]]
    ),
    "labels": LABELS,
    "optionalName": st.just("") | NAMES,
    "peers": st.lists(PEER, max_size=2),
    "egress": st.lists(st.builds(lambda peer: {"to": [peer], "ports": [{"port": 8080}]}, PEER), max_size=2),
}
RELEASES = st.from_regex(r"[a-z][a-z0-9-]{0,51}[a-z0-9]", fullmatch=True)


def settled(chosen: dict[str, Any], database: str, pushgateway: str) -> dict[str, Any]:
    """The same values with the choices made that the schema leaves open."""
    chosen["database"] = {"key": "url", "existingSecret": "own"} if database == "secret" else {}
    if database == "url":
        chosen["database"]["url"] = "postgresql://u:p%40@db.example:6543/x?sslmode=require"
    chosen.setdefault("postgresql", {})["enabled"] = database == "postgresql"
    chosen["postgresql"]["password"] = "chosen" if database == "postgresql" else ""
    places = chosen.setdefault("places", {})
    places["apiKey"] = "" if places.get("existingSecret") else "k: '\"#"
    chosen.setdefault("pushgateway", {})["enabled"] = pushgateway == "own"
    chosen["pushgateway"]["url"] = "http://pushgateway.example:9091" if pushgateway == "external" else ""
    if chosen.get("demo", {}).get("enabled"):
        chosen.setdefault("caBundle", {})["configMap"] = ""
    if pushgateway != "own":
        chosen.setdefault("monitoring", {}).setdefault("serviceMonitor", {})["enabled"] = False
    return chosen


@st.composite
def values(draw: st.DrawFn) -> dict[str, Any]:
    return settled(
        draw(values_of(SCHEMA, SCHEMA, NARROWER)),
        draw(st.sampled_from(["url", "secret", "postgresql"])),
        draw(st.sampled_from(["none", "own", "external"])),
    )


def rendered(values: dict[str, Any], release: str) -> list[Manifest]:
    with ThreadPoolExecutor() as pool:
        third, fourth = pool.map(lambda helm: template(helm, values, release=release), HELMS)
    assert third.returncode == 0, third.stderr
    assert fourth.returncode == 0, fourth.stderr
    assert without_authority(third.stdout) == without_authority(fourth.stdout)
    return parsed(third.stdout)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_values_render_to_what_kubernetes_accepts(chunk: int) -> None:
    @seed(chunk)
    # Shrinking would render for minutes, and says little more than Helm's own words.
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(chosen=values(), release=RELEASES)
    def holds(chosen: dict[str, Any], release: str) -> None:
        assert complaints(rendered(chosen, release)) == []

    holds()
