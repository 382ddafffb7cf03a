"""Every pod of every way of installing: restricted, told apart by labels, and open to no one it does not need."""

from typing import Any

import pytest

from tests.support.chart import (
    CI,
    DATABASE,
    HELMS,
    manifests,
    of_kind,
    parsed,
    pod_of,
    pods,
    refusal,
    template,
    without_authority,
)
from tests.support.kubernetes import complaints

EVERY_CI = pytest.mark.parametrize("ci", CI.values(), ids=CI)
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8")


@EVERY_CI
def test_each_way_of_installing_renders_alike_to_what_kubernetes_accepts(ci: object) -> None:
    third, fourth = (template(helm, {}, ci).stdout for helm in HELMS)
    assert without_authority(third) == without_authority(fourth)
    assert complaints(parsed(third)) == []


@EVERY_CI
def test_every_pod_is_restricted(ci: object) -> None:
    found = [*pods(manifests("helm3", {}, ci))]
    assert len(found) >= 7
    for pod in found:
        assert pod.spec["securityContext"]["runAsNonRoot"] is True
        assert pod.spec["securityContext"]["runAsUser"] > 0
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod.container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod.spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.spec.keys()
        allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}
        assert all(len(allowed & each.keys()) == 1 for each in pod.spec["volumes"])
        assert pod.container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert pod.container["resources"]["limits"]["memory"]


@EVERY_CI
def test_no_role_is_given(ci: object) -> None:
    kinds = {each["kind"] for each in manifests("helm3", {}, ci)}
    assert not {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"} & kinds


@EVERY_CI
def test_every_pod_has_a_network_policy_of_its_own_and_nothing_comes_in(ci: object) -> None:
    found = manifests("helm3", {}, ci)
    policies = {
        each["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: each["spec"]
        for each in of_kind(found, "NetworkPolicy").values()
    }
    for pod in pods(found):
        component = pod.metadata["labels"]["app.kubernetes.io/component"]
        policy = policies[component]
        assert policy["podSelector"]["matchLabels"].items() <= pod.metadata["labels"].items()
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert bool(policy["ingress"]) == (component in {"postgresql", "pushgateway", "small-internet"})


def ports_of(policy: dict[str, Any]) -> list[list[int]]:
    return [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]]


def test_what_goes_out_is_dns_the_database_and_the_public_internet() -> None:
    found = of_kind(manifests("helm3"), "NetworkPolicy")
    crawling = found["scrapersky-domain-scheduler"]
    assert ports_of(crawling) == [[53, 53], [5432, 6543], [80, 443]]
    four, six = crawling["spec"]["egress"][2]["to"]
    assert four["ipBlock"]["cidr"] == "0.0.0.0/0"
    assert set(PRIVATE) <= set(four["ipBlock"]["except"])
    assert six["ipBlock"]["cidr"] == "2000::/3"
    assert ports_of(found["scrapersky-migration"]) == [[53, 53], [5432, 6543]]


def test_a_proxy_closes_the_internet() -> None:
    found = of_kind(manifests("helm3", {}, CI["egress-proxy"]), "NetworkPolicy")
    for service in ("domain-scheduler", "sitemap-import"):
        assert ports_of(found[f"scrapersky-{service}"]) == [[53, 53], [5432], [3128]]
    pod = pod_of(manifests("helm3", {}, CI["egress-proxy"]), "domain-scheduler")
    [mount] = [each for each in pod.container["volumeMounts"] if each["name"] == "ca-bundle"]
    assert mount["mountPath"] == "/etc/scrapersky/ca"


def test_allowed_networks_are_open_on_mapped_ports_too() -> None:
    config = {"FETCH_ALLOW_NETWORKS": "10.9.0.0/16, fd00::/8", "FETCH_PORT_MAP": "80=8080,443=8443"}
    found = of_kind(manifests("helm3", {**DATABASE, "config": config}), "NetworkPolicy")["scrapersky-domain-scheduler"]
    assert ports_of(found)[2:] == [[80, 443], [80, 443, 8080, 8443]]
    assert [each["ipBlock"]["cidr"] for each in found["spec"]["egress"][3]["to"]] == ["10.9.0.0/16", "fd00::/8"]


def test_the_own_database_and_pushgateway_take_connections_of_this_release_alone() -> None:
    found = of_kind(manifests("helm3", {}, CI["kind"]), "NetworkPolicy")
    [rule] = found["scrapersky-postgresql"]["spec"]["ingress"]
    own = {"app.kubernetes.io/name": "scrapersky", "app.kubernetes.io/instance": "scrapersky"}
    assert rule["from"] == [{"podSelector": {"matchLabels": own}}]
    assert found["scrapersky-postgresql"]["spec"]["egress"] == []
    assert ports_of(found["scrapersky-domain-scheduler"])[:3] == [[53, 53], [5432], [9091]]


def test_labels_and_annotations_are_everywhere_and_overwrite_no_selector() -> None:
    labels = {"team": "growth", "app.kubernetes.io/name": "mine"}
    more = {"commonLabels": labels, "commonAnnotations": {"owner": "me"}, "serviceDefaults": {"podLabels": {"p": "1"}}}
    found = manifests("helm3", more, CI["kind"])
    for each in found:
        assert each["metadata"]["labels"]["team"] == "growth"
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] == "scrapersky"
        assert each["metadata"]["annotations"]["owner"] == "me"
    for pod in pods(found):
        assert (pod.metadata["labels"]["team"], pod.metadata["annotations"]["owner"]) == ("growth", "me")
    assert pod_of(found, "domain-scheduler").metadata["labels"]["p"] == "1"


def test_a_digest_outranks_the_tag() -> None:
    digest = "sha256:" + "0" * 64
    found = manifests("helm3", {**DATABASE, "image": {"tag": "1", "digest": digest}})
    assert pod_of(found, "domain-scheduler").container["image"] == f"scrapersky@{digest}"


def test_a_spread_constraint_gets_the_services_selector() -> None:
    [constraint] = pod_of(manifests("helm3", {}, CI["production"]), "sitemap-import").spec["topologySpreadConstraints"]
    assert constraint["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == "sitemap-import"


def test_what_is_added_reaches_every_scrapersky_pod() -> None:
    added = {
        "extraEnv": [{"name": "A", "value": "1"}],
        "extraEnvFrom": [{"secretRef": {"name": "more"}}],
        "extraVolumes": [{"name": "hosts", "configMap": {"name": "hosts"}}],
        "extraVolumeMounts": [{"name": "hosts", "mountPath": "/hosts"}],
        "imagePullSecrets": [{"name": "registry"}],
        "services": {"sitemap-import": {"extraEnv": [{"name": "B", "value": "2"}]}},
        "toolbox": {"enabled": True},
    }
    found = manifests("helm3", {**DATABASE, **added})
    for pod in pods(found):
        assert pod.environment["A"] == "1"
        assert {"secretRef": {"name": "more"}} in pod.container["envFrom"]
        assert {"name": "hosts", "mountPath": "/hosts"} in pod.container["volumeMounts"]
        assert pod.spec["imagePullSecrets"] == [{"name": "registry"}]
        is_import = pod.metadata["labels"]["app.kubernetes.io/component"] == "sitemap-import"
        assert ("B" in pod.environment) == is_import


def test_secrets_of_ones_own_with_keys_of_ones_own() -> None:
    found = manifests("helm3", {}, CI["supabase"])
    assert of_kind(found, "Secret") == {}
    for component in ("domain-scheduler", "migration", "doctor"):
        environment = pod_of(found, component).environment
        assert environment["DATABASE_URL"] == {"secretKeyRef": {"name": "scrapersky-supabase", "key": "url"}}
        assert environment["GOOGLE_MAPS_API_KEY"] == {"secretKeyRef": {"name": "scrapersky-google", "key": "api-key"}}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "database: say which PostgreSQL to work on"),
        ({**DATABASE, "postgresql": {"enabled": True, "password": "p"}}, "database: there can be one"),
        ({"postgresql": {"enabled": True}}, "postgresql.password: choose one"),
        ({**DATABASE, "places": {"apiKey": "a", "existingSecret": "b"}}, "places: keep apiKey, or existingSecret"),
        ({**DATABASE, "pushgateway": {"enabled": True, "url": "http://p:9091"}}, "pushgateway: keep url, or enabled"),
        ({**DATABASE, "monitoring": {"serviceMonitor": {"enabled": True}}}, "set pushgateway.enabled"),
    ],
)
@pytest.mark.parametrize("helm", HELMS)
def test_what_does_not_fit_together_is_refused_in_words(helm: str, values: dict[str, Any], words: str) -> None:
    assert words in refusal(helm, values)
