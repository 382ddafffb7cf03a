"""checkov on everything that is installed and built: it finds what docs/checkov.md argues for, there, and nothing else.

`make checkov` fetches it into an environment of its own, 290 MB with all that it brings.
"""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.chart import CI, template
from tests.support.kube import ROOT, tool

CHECKOV = ROOT / "build" / "checkov" / "bin" / "checkov"
BY_TAG = r"(?!production|gitops)[a-z-]+\.yaml .*|production\.yaml .*-pushgateway"
ARGUED = {
    "CKV_DOCKER_2": r"Dockerfile .*",
    "CKV_DOCKER_7": r"Dockerfile .*",
    "CKV_K8S_8": r".*-(doctor|toolbox)",
    "CKV_K8S_9": r".*-(doctor|toolbox)",
    "CKV_K8S_11": r".*",
    "CKV_K8S_15": BY_TAG,
    "CKV_K8S_35": r".*",
    "CKV_K8S_40": r"(overlay-)?kind\.yaml .*-postgresql",
    "CKV_K8S_43": BY_TAG,
}
"""By check: the files and objects in which it may find something, as ``FILE OBJECT``."""

pytestmark = pytest.mark.checkov


def findings(directory: Path) -> dict[str, set[str]]:
    """What it finds in a directory, as ``FILE OBJECT`` by check; it has to understand every file."""
    frameworks = ("kubernetes", "dockerfile")
    command: list[str | Path] = [CHECKOV, "--skip-download", "--directory", directory, "--framework", *frameworks]
    done = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, check=False)
    found: dict[str, set[str]] = defaultdict(set)
    reports = json.loads(done.stdout)
    for report in reports if isinstance(reports, list) else [reports]:
        assert report["summary"]["parsing_errors"] == 0
        for each in report["results"]["failed_checks"]:
            found[each["check_id"]].add(f"{Path(each['file_path']).name} {each['resource']}")
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    directory = tmp_path_factory.mktemp("checkov")
    shutil.copy(ROOT / "Dockerfile", directory)
    for name, values in CI.items():
        (directory / f"{name}.yaml").write_text(template("helm3", {}, values).stdout)
    for name in ("kind", "production"):
        command = [tool("kubectl"), "kustomize", str(ROOT / "k8s" / "overlays" / name)]
        built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        (directory / f"overlay-{name}.yaml").write_text(built)
    return findings(directory)


def test_it_finds_what_is_argued_for_and_nothing_else(found: dict[str, set[str]]) -> None:
    new = {
        check: sorted(each for each in where if not re.fullmatch(ARGUED.get(check, ""), each))
        for check, where in found.items()
    }
    assert {check: where for check, where in new.items() if where} == {}
    assert found.keys() == ARGUED.keys()


def test_each_is_argued_for_in_writing() -> None:
    rows = re.findall(r"(?m)^\| `(CKV\w+)` \| (.+) \| (.+) \|$", (ROOT / "docs" / "checkov.md").read_text())
    assert [check for check, _, _ in rows] == [*ARGUED]


def test_it_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
        "spec: {hostNetwork: true, containers: [{name: c, image: i, securityContext: {privileged: true}}]}\n"
    )
    assert {"CKV_K8S_16", "CKV_K8S_19"} <= findings(tmp_path).keys()
