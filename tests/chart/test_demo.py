"""The demo in a cluster: settings, names, addresses and network policies that have the services live in it."""

import ipaddress
from typing import Any

import pytest
import yaml

from scrapersky.demo import QUESTION
from scrapersky.settings import Settings
from scrapersky.web.address import refusal
from tests.internet.network import NOBODY, SmallInternet, all_sites
from tests.internet.places import KEY
from tests.support.chart import CI, DATABASE, HELMS, Manifest, manifests, of_kind, pod_of
from tests.support.chart import refusal as refused
from tests.support.kube import ROOT

INTERNET = "scrapersky-small-internet"
PLACES = ("FETCH_HOSTS_FILE", "FETCH_CA_FILE", "FETCH_PORT_MAP", "FETCH_ALLOW_NETWORKS", "PLACES_BASE_URL")
"""Where things are, which differs; the rest is as in `scrapersky demo`."""


@pytest.fixture(scope="module")
def found() -> list[Manifest]:
    return manifests("helm3", {}, CI["kind"])


@pytest.fixture(scope="module")
def config(found: list[Manifest]) -> dict[str, str]:
    return dict(of_kind(found, "ConfigMap")["scrapersky-config"]["data"])


def test_the_services_are_set_as_in_the_demo_of_one_machine(
    found: list[Manifest], config: dict[str, str], tmp_path: Any
) -> None:
    expected = SmallInternet(tmp_path).environment
    [secret] = [each["stringData"] for name, each in of_kind(found, "Secret").items() if name == "scrapersky-config"]
    given = config | secret
    assert {name: given[name] for name in expected if name not in PLACES} == {
        name: value for name, value in expected.items() if name not in PLACES
    }
    assert given["GOOGLE_MAPS_API_KEY"] == KEY
    assert given["AUTO_SELECT"] == "true"


def test_every_website_has_an_address_that_its_services_may_connect_to(
    found: list[Manifest], config: dict[str, str]
) -> None:
    allowed = Settings.model_validate({"database_url": "postgresql://h/d", **_lower(config)}).fetch_allow_networks
    [service] = [each["spec"] for name, each in of_kind(found, "Service").items() if name == INTERNET]
    lines = of_kind(found, "ConfigMap")[INTERNET]["data"]["hosts"].splitlines()
    names = {name: address for address, *names in map(str.split, lines) for name in names}
    assert names == {
        name: service["clusterIP"] if site.listens else NOBODY
        for site in all_sites()
        for name in (site.host, f"www.{site.host}")
    }
    assert {refusal(ipaddress.ip_address(address), allowed) for address in names.values()} == {None}
    assert config["PLACES_BASE_URL"] == f"http://{service['clusterIP']}:8088"


def test_all_that_is_connected_to_is_open_and_nothing_else(found: list[Manifest], config: dict[str, str]) -> None:
    mapped = Settings.model_validate({"database_url": "postgresql://h/d", **_lower(config)}).fetch_port_map
    wanted = {mapped[80], mapped[443], 8088}
    pod = pod_of(found, "small-internet")
    assert {each["containerPort"] for each in pod.container["ports"]} == wanted
    assert {each["port"] for each in of_kind(found, "Service")[INTERNET]["spec"]["ports"]} == wanted
    policies = of_kind(found, "NetworkPolicy")
    [rule] = policies[INTERNET]["spec"]["ingress"]
    assert {each["port"] for each in rule["ports"]} == wanted
    assert policies[INTERNET]["spec"]["egress"] == []
    peer = {"podSelector": {"matchLabels": policies[INTERNET]["spec"]["podSelector"]["matchLabels"]}}
    for name, policy in policies.items():
        rules = [each for each in policy["spec"]["egress"] if each.get("to") == [peer]]
        asks = name.removeprefix("scrapersky-") not in {
            "small-internet",
            "postgresql",
            "pushgateway",
            "migration",
            "search",
        }
        assert [{port["port"] for port in each["ports"]} for each in rules] == ([wanted] if asks else [])


def test_the_search_is_queued_once_after_the_migration(found: list[Manifest]) -> None:
    jobs = of_kind(found, "Job")
    search, migration = (jobs[f"scrapersky-{name}"]["metadata"]["annotations"] for name in ("search", "migration"))
    assert search["helm.sh/hook"] == "post-install"
    assert int(search["helm.sh/hook-weight"]) > int(migration["helm.sh/hook-weight"])
    what, where = QUESTION
    assert pod_of(found, "search").container["command"] == ["scrapersky", "search", what, "--location", where]


def test_a_setting_of_ones_own_outranks_the_demos() -> None:
    more = {"config": {"MAX_ATTEMPTS": 7, "FETCH_HOST_DELAY": 0.5}}
    config = of_kind(manifests("helm4", more, CI["kind"]), "ConfigMap")["scrapersky-config"]["data"]
    assert (config["MAX_ATTEMPTS"], config["FETCH_HOST_DELAY"], config["FETCH_READ_TIMEOUT"]) == ("7", "0.5", "5")


def test_without_the_demo_nothing_of_it_is_there() -> None:
    assert "small-internet" not in str(manifests("helm3"))


@pytest.mark.parametrize("helm", HELMS)
def test_an_authority_of_ones_own_beside_the_demos_is_refused(helm: str) -> None:
    values = {**DATABASE, "demo": {"enabled": True}, "caBundle": {"configMap": "ca"}}
    assert "demo: its websites have an authority of their own" in refused(helm, values)


def test_the_address_is_one_of_kinds_services() -> None:
    cluster = yaml.safe_load((ROOT / "k8s" / "kind" / "cluster.yaml").read_text())
    values = yaml.safe_load((ROOT / "charts" / "scrapersky" / "values.yaml").read_text())
    subnet = ipaddress.IPv4Network(cluster["networking"]["serviceSubnet"])
    # The lowest 256 are those that Kubernetes gives to nobody by itself while others are free (KEP-3070).
    assert ipaddress.IPv4Address(values["demo"]["address"]) in next(subnet.subnets(new_prefix=24))


def _lower(config: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in config.items()}
