"""``make kind-up``, with stand-ins for docker, kind, kubectl and helm that write down how they are called.

What they were told is then held against the real ones: the chart is rendered with the very arguments, and the commands
that would run in a pod are the project's.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.support.chart import HELMS, Manifest, parsed, pods
from tests.support.kube import ROOT, tool
from tests.support.kubernetes import complaints

STAND_IN = """\
#!{python}
import json, os, sys
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
with open({log!r}, "a") as log:
    print(json.dumps([name, *arguments]), file=log)
if name == "docker" and arguments[:2] == ["image", "inspect"]:
    print("sha256:" + ("5" if "internet" in arguments[-1] else "7") * 64)
if name == "kind" and arguments == ["get", "clusters"]:
    print({clusters!r})
if name == "kubectl" and "python" in arguments:
    print("<html>")
sys.exit(1 if {failing!r} and {failing!r} in " ".join([name, *arguments]) else 0)
"""
IN_CLUSTER = ["--context", "kind-scrapersky", "--namespace", "scrapersky"]
REGISTRY = {"docker.io/library/postgres:17", "docker.io/prom/pushgateway:v1.11.1"}
"""What the nodes pull themselves."""


@dataclass(frozen=True)
class Outcome:
    """Exit code, words, the report, and every call in its order."""

    code: int
    words: str
    report: Path
    calls: list[list[str]]

    def only(self, *beginning: str) -> list[str]:
        """The only call that begins so."""
        [call] = [each for each in self.calls if each[: len(beginning)] == list(beginning)]
        return call

    def position(self, *parts: str) -> int:
        """Where the first call stands that has all these words."""
        return next(at for at, call in enumerate(self.calls) if set(parts) <= set(call))


def kind_up(tmp_path: Path, *, clusters: str = "", failing: str = "", without: str = "") -> Outcome:
    log = tmp_path / "calls"
    stand_ins = tmp_path / "bin"
    stand_ins.mkdir()
    script = STAND_IN.format(python=sys.executable, log=str(log), clusters=clusters, failing=failing)
    for name in {"docker", "kind", "kubectl", "helm"} - {without}:
        (stand_ins / name).write_text(script)
        (stand_ins / name).chmod(0o755)
    for name in ("bash", "cat", "dirname", "env", "git", "grep", "make", "mkdir", "sed", "sh"):
        [there] = [path for path in (Path("/usr/bin") / name, Path("/bin") / name) if path.exists()][:1]
        (stand_ins / name).symlink_to(there)
    environment = {"PATH": str(stand_ins), "HOME": str(tmp_path), "REPORT": str(tmp_path / "report.html")}
    done = subprocess.run([ROOT / "k8s" / "kind" / "up"], env=environment, capture_output=True, text=True, check=False)
    calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return Outcome(done.returncode, done.stdout + done.stderr, tmp_path / "report.html", calls)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    outcome = kind_up(tmp_path_factory.mktemp("first"))
    assert outcome.code == 0, outcome.words
    return outcome


def rendered(outcome: Outcome, helm: str) -> list[Manifest]:
    """What the chart renders to with the arguments of the upgrade."""
    call = outcome.only("helm", "upgrade", "--install")
    arguments = [each for each in call[3:] if each not in {"--wait", "--timeout", "10m"}]
    without_context = [each for each in arguments if each not in {"--kube-context", "kind-scrapersky"}]
    done = subprocess.run(
        [tool(helm), "template", *without_context], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return parsed(done.stdout)


def test_everything_is_there_before_what_needs_it(first: Outcome) -> None:
    steps = [
        first.position("kind", "create", "cluster"),
        first.position("docker", "build"),
        first.position("docker", "build", "internet"),
        first.position("kind", "load"),
        first.position("kubectl", "apply"),
        first.position("helm", "upgrade"),
        first.position("helm", "test"),
        first.position("kubectl", "--watch"),
    ]
    assert steps == sorted(steps)
    assert len(set(steps)) == len(steps)


def test_no_other_cluster_is_touched(first: Outcome) -> None:
    for call in first.calls:
        if call[0] == "kubectl":
            assert call[1:5] == IN_CLUSTER
        elif call[0] == "helm":
            assert call[-4:] == ["--kube-context", "kind-scrapersky", "--namespace", "scrapersky"]
        elif call[0] == "kind" and call[1] != "get":
            named = "--name" in call and call[call.index("--name") + 1] == "scrapersky"
            assert (
                named or yaml.safe_load((ROOT / call[call.index("--config") + 1]).read_text())["name"] == "scrapersky"
            )


def test_the_namespace_is_that_of_the_chart_and_admits_restricted_pods_alone(first: Outcome) -> None:
    call = first.calls[first.position("kubectl", "apply")]
    namespace = yaml.safe_load((ROOT / call[call.index("--filename") + 1]).read_text())
    assert namespace["metadata"]["name"] == "scrapersky"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("helm", HELMS)
def test_what_is_installed_is_what_kubernetes_accepts_with_images_that_are_there(first: Outcome, helm: str) -> None:
    found = rendered(first, helm)
    assert complaints(found) == []
    loaded = set(first.only("kind", "load", "docker-image")[3:5])
    assert {pod.container["image"] for pod in pods(found)} == loaded | REGISTRY
    tagged = {call[3] for call in first.calls if call[:2] == ["docker", "tag"]}
    assert loaded == tagged == {f"scrapersky:dev-{'7' * 12}", f"scrapersky-internet:dev-{'5' * 12}"}
    built = {call[call.index("-t") + 1] for call in first.calls if call[:2] == ["docker", "build"]}
    assert built == {"scrapersky:dev", "scrapersky-internet:dev"}


def test_what_runs_in_the_toolbox_are_commands_of_ours(first: Outcome) -> None:
    commands = [call[call.index("--") + 1 :] for call in first.calls if "exec" in call]
    assert [command[0] for command in commands] == ["scrapersky", "python"]
    ours = Path(sys.executable).with_name("scrapersky")
    subprocess.run([ours, *commands[0][1:], "--help"], capture_output=True, check=True)


def test_the_commands_that_it_ends_with_name_what_is_installed(first: Outcome) -> None:
    names = {each["metadata"]["name"] for each in rendered(first, "helm3")}
    for word in ("deploy/scrapersky-toolbox", "service/scrapersky-pushgateway"):
        assert word in first.words
        assert word.partition("/")[2] in names
    assert first.report.read_text() == "<html>\n"
    assert str(first.report) in first.words
    assert "make kind-down" in first.words


def test_a_cluster_that_is_there_is_used_again(tmp_path: Path) -> None:
    again = kind_up(tmp_path, clusters="other\nscrapersky")
    assert again.code == 0, again.words
    assert not [call for call in again.calls if call[:2] == ["kind", "create"]]
    assert again.only("kind", "export") == ["kind", "export", "kubeconfig", "--name", "scrapersky"]


def test_a_failed_installation_shows_the_pods_and_what_happened(tmp_path: Path) -> None:
    failed = kind_up(tmp_path, failing="helm upgrade")
    assert failed.code == 1
    assert [call[-1] for call in failed.calls[-2:]] == ["pods", "--sort-by=.lastTimestamp"]


@pytest.mark.parametrize("name", ["docker", "kind", "kubectl", "helm"])
def test_a_tool_that_is_missing_is_named_before_anything_is_done(tmp_path: Path, name: str) -> None:
    refused = kind_up(tmp_path, without=name)
    assert (refused.code, refused.words, refused.calls) == (1, f"kind-up: {name} is not installed\n", [])


def test_kind_down_removes_the_cluster_that_kind_up_makes(tmp_path: Path) -> None:
    (tmp_path / "kind").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "kind").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["make", "--silent", "kind-down"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "delete cluster --name scrapersky\n"
