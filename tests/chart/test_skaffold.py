"""skaffold.yaml: valid, and each profile renders, with the values that it sets, to what Kubernetes accepts."""

import json
import re
import subprocess
from typing import Any

import jsonschema
import pytest
import yaml

from tests.support.chart import CI, HELMS, Manifest, parsed, pods, template, without_authority
from tests.support.kube import ROOT, tool
from tests.support.kubernetes import complaints

CONFIG = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
SCHEMAS = ROOT.parent / "shared" / "schemas"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DIGEST = "sha256:" + "0123456789abcdef" * 4
PROFILES = ["", *(profile["name"] for profile in CONFIG["profiles"])]
GIVEN = {
    "DATABASE_URL": "postgresql://u:p@db.example:5432/scrapersky",
    "VALUES": "charts/scrapersky/ci/production-values.yaml",
    "VERSION": "1.2.3",
    "REVISION": "abc",
    "SOURCE_DATE_EPOCH": "1000000000",
}
"""Variables of the user's, as docs/install.md says them for each profile."""


def effective(config: Any, profile: Any) -> Any:
    """A configuration under a profile, as Skaffold lays it over: objects key by key, lists and all else as a whole."""
    if not (isinstance(config, dict) and isinstance(profile, dict)):
        return profile
    return config | {key: effective(config.get(key), value) for key, value in profile.items()}


def under(name: str) -> dict[str, Any]:
    chosen: dict[str, Any] = next((profile for profile in CONFIG["profiles"] if profile["name"] == name), {})
    return dict(effective(CONFIG, {key: chosen[key] for key in ("build", "deploy") if key in chosen}))


def filled(text: str, artifacts: list[dict[str, Any]]) -> str:
    """Text with what Skaffold knows of its artifacts, and the variables of the user; an unknown name fails."""
    known = dict(GIVEN)
    for each in artifacts:
        name = re.sub("[^A-Za-z0-9]", "_", each["image"])
        known |= {f"IMAGE_REPO_{name}": f"registry.example/{each['image']}", f"IMAGE_TAG_{name}": "v1-abc"}
        known[f"IMAGE_DIGEST_{name}"] = DIGEST
    return re.sub(r"{{\.(\w+)}}", lambda found: known[found[1]], text)


def rendered(name: str, helm: str) -> list[Manifest]:
    config = under(name)
    artifacts = config["build"]["artifacts"]
    [release] = config["deploy"]["helm"]["releases"]
    files = [part for file in release.get("valuesFiles", []) for part in ("--values", filled(file, artifacts))]
    sets = [
        part
        for key, text in release["setValueTemplates"].items()
        for part in ("--set", f"{key}={filled(text, artifacts)}")
    ]
    command = [tool(helm), "template", release["name"], release["chartPath"], "--namespace", release["namespace"]]
    done = subprocess.run([*command, *files, *sets], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return parsed(without_authority(done.stdout))


def test_it_is_what_skaffold_reads() -> None:
    version = CONFIG["apiVersion"].partition("/")[2]
    path = SCHEMAS / f"skaffold-{version}.json"
    if not path.exists():
        pytest.skip(f"Skaffold's schema {version}: is not here")
    jsonschema.validate(CONFIG, json.loads(path.read_text()), jsonschema.Draft7Validator)


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_installs_what_it_builds_and_kubernetes_accepts_it(name: str, helm: str) -> None:
    found = rendered(name, helm)
    assert complaints(found) == []
    built = {f"registry.example/{each['image']}" for each in under(name)["build"]["artifacts"]}
    images = {pod.container["image"] for pod in pods(found)}
    reference = f"@{DIGEST}" if name == "production" else ":v1-abc"
    assert {f"{each}{reference}" for each in built} <= images
    assert {each for each in images if each.startswith("registry.example/")} == {f"{each}{reference}" for each in built}


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_built_is_in_the_dockerfile(name: str) -> None:
    stages = set(re.findall(r"(?m)^FROM .* AS (\S+)$", DOCKERFILE))
    arguments = set(re.findall(r"(?m)^ARG (\w+)", DOCKERFILE))
    for each in under(name)["build"]["artifacts"]:
        docker = each["docker"]
        assert docker["dockerfile"] == "Dockerfile"
        assert docker.get("target", "services") in stages
        assert docker.get("buildArgs", {}).keys() <= arguments


def test_kind_is_what_kind_up_installs_but_for_the_images() -> None:
    ours = parsed(without_authority(template("helm3", {}, CI["kind"]).stdout))
    assert without_images(rendered("kind", "helm3")) == without_images(ours)


def without_images(found: list[Manifest]) -> list[Manifest]:
    for pod in pods(found):
        for container in pod.spec["containers"]:
            container["image"] = "ours" if "scrapersky" in container["image"] else container["image"]
    return found


def test_kind_has_the_restricted_namespace_before_anything_is_installed() -> None:
    [hook] = under("kind")["deploy"]["helm"]["hooks"]["before"]
    command = hook["host"]["command"]
    assert command[:5] == ["kubectl", "--context", "kind-scrapersky", "apply", "--filename"]
    namespace = yaml.safe_load((ROOT / command[5]).read_text())
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_production_pushes_and_kind_does_not() -> None:
    assert [under(name)["build"]["local"]["push"] for name in ("kind", "production")] == [False, True]
    assert under("production")["build"]["tagPolicy"] == {"gitCommit": {}}
