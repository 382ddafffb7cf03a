"""kustomize's base is what the chart renders to, and the overlays are what Kubernetes accepts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.chart import CHART, Manifest, of_kind, parsed, pods
from tests.support.kube import ROOT, tool
from tests.support.kubernetes import complaints

MADE = ("base/scrapersky.yaml", "overlays/kind/postgresql.yaml")


def built(overlay: str) -> list[Manifest]:
    command: list[str | Path] = [tool("kubectl"), "kustomize", ROOT / "k8s" / "overlays" / overlay]
    return parsed(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_what_is_made_from_the_chart_is_what_would_be_made_now(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    shutil.copytree(CHART, tmp_path / "charts" / "scrapersky")
    subprocess.run([tmp_path / "k8s" / "render", tool("helm3")], check=True)
    for each in MADE:
        assert (tmp_path / "k8s" / each).read_text() == (ROOT / "k8s" / each).read_text(), "stale: run k8s/render"


@pytest.mark.parametrize("overlay", ["kind", "production"])
def test_an_overlay_is_what_kubernetes_accepts(overlay: str) -> None:
    found = built(overlay)
    assert len(of_kind(found, "CronJob")) == 5
    for each in found:
        each["metadata"].setdefault("labels", {})
    assert complaints(found) == []


def test_nothing_of_helm_is_left() -> None:
    for name in MADE:
        text = (ROOT / "k8s" / name).read_text()
        assert "helm.sh/" not in text
        assert "managed-by: Helm" not in text


def test_production_has_its_image_by_digest_and_its_database_by_network() -> None:
    found = built("production")
    images = {pod.container["image"] for pod in pods(found)}
    assert len(images) == 1
    assert images.pop().startswith("registry.example/scrapersky@sha256:")
    for policy in of_kind(found, "NetworkPolicy").values():
        assert policy["spec"]["egress"][1]["to"] == [{"ipBlock": {"cidr": "10.20.0.0/24"}}]
        assert 5432 in [port["port"] for port in policy["spec"]["egress"][1]["ports"]]


def test_kind_has_all_that_its_pods_name() -> None:
    found = built("kind")
    made = {(each["kind"], each["metadata"]["name"]) for each in found}
    assert {
        namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for namespace in of_kind(found, "Namespace").values()
    } == {"restricted"}
    for pod in pods(found):
        for source in pod.container.get("envFrom", []):
            assert ("ConfigMap", source["configMapRef"]["name"]) in made
        for variable in pod.environment.values():
            if isinstance(variable, dict) and "secretKeyRef" in variable:
                assert ("Secret", variable["secretKeyRef"]["name"]) in made
