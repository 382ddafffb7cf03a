"""The migration, in the order in which Helm applies things; the test pod; the notes; nothing is left behind."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.chart import CHART, CI, DATABASE, Manifest, manifests, of_kind, pod_of
from tests.support.kube import ROOT, tool


def hook(manifest: Manifest) -> str | None:
    return (manifest["metadata"].get("annotations") or {}).get("helm.sh/hook")


def weight(manifest: Manifest) -> int:
    return int(manifest["metadata"]["annotations"]["helm.sh/hook-weight"])


@pytest.mark.parametrize("name", ["external-pushgateway", "production", "supabase", "gitops", "egress-proxy"])
def test_all_that_the_migration_reads_is_there_before_it_on_a_first_install(name: str) -> None:
    found = manifests("helm3", {}, CI[name])
    before = [each for each in found if hook(each) == "pre-install,pre-upgrade"]
    [job] = [each for each in before if each["kind"] == "Job"]
    copies = {(each["kind"], each["metadata"]["name"]) for each in before if weight(each) < weight(job)}
    pod = pod_of(found, "migration")
    read = {("ConfigMap", each["configMapRef"]["name"]) for each in pod.container["envFrom"] if "configMapRef" in each}
    read |= {("Secret", each["secretKeyRef"]["name"]) for each in pod.environment.values() if "secretKeyRef" in each}
    own = {each for each in read if each[1].startswith("scrapersky-") and each[1] not in OWN_SECRETS}
    assert own <= copies
    assert ("NetworkPolicy", "scrapersky-migration") in copies
    made = {each["metadata"]["name"] for each in found if each["kind"] == "ServiceAccount"}
    assert pod.spec.get("serviceAccountName") not in made, "it does not exist yet"


OWN_SECRETS = {"scrapersky-secrets", "scrapersky-supabase", "scrapersky-google", "scrapersky-more"}


def test_what_hooks_make_is_deleted_again() -> None:
    for each in manifests("helm3", {}, CI["external-pushgateway"]):
        if hook(each):
            policy = each["metadata"]["annotations"]["helm.sh/hook-delete-policy"].split(",")
            assert {"before-hook-creation", "hook-succeeded"} <= set(policy)
            # A failed Job stays for its logs; copies of secrets do not.
            assert ("hook-failed" in policy) == (each["kind"] not in {"Job", "Pod"})


def test_with_its_own_postgresql_the_migration_comes_after_it_and_tries_until_it_answers() -> None:
    found = manifests("helm3", {}, CI["kind"])
    job = of_kind(found, "Job")["scrapersky-migration"]
    assert hook(job) == "post-install,post-upgrade"
    assert job["spec"]["backoffLimit"] == 6
    assert not [each for each in found if hook(each) == "pre-install,pre-upgrade"]
    assert pod_of(found, "migration").environment["DATABASE_URL"]["secretKeyRef"]["name"] == "scrapersky-config"


def test_without_hooks_it_is_a_plain_job_with_a_name_for_each_image() -> None:
    names = set()
    for tag in ("1", "2"):
        found = manifests("helm3", {**DATABASE, "migration": {"hook": False}, "image": {"tag": tag}})
        [job] = of_kind(found, "Job").values()
        assert hook(job) is None
        names.add(job["metadata"]["name"])
        assert "scrapersky-migration" in of_kind(found, "NetworkPolicy")
    assert len(names) == 2


def test_it_can_be_switched_off() -> None:
    found = manifests("helm3", {**DATABASE, "migration": {"enabled": False}})
    assert not of_kind(found, "Job")
    assert not any("migration" in each["metadata"]["name"] for each in found)


def test_helm_test_runs_the_doctor_with_the_services_settings() -> None:
    found = manifests("helm4")
    pod = pod_of(found, "doctor")
    assert hook(pod.manifest) == "test"
    assert pod.container["command"] == ["scrapersky", "doctor"]
    assert pod.container["envFrom"] == pod_of(found, "domain-scheduler").container["envFrom"]


@pytest.mark.parametrize("name", ["kind", "production"])
def test_what_a_hook_says_is_printed_before_it_is_deleted(name: str) -> None:
    for each in manifests("helm3", {}, CI[name]):
        if hook(each) and each["kind"] in {"Job", "Pod"}:
            printed = each["metadata"]["annotations"]["helm.sh/hook-output-log-policy"].split(",")
            assert "hook-failed" in printed
            assert ("hook-succeeded" in printed) == (each["kind"] == "Pod")


def test_nobody_is_told_to_ask_for_the_logs_of_a_pod_that_is_deleted() -> None:
    told = [CHART / "templates" / "NOTES.txt", ROOT / "k8s" / "kind" / "up", ROOT / "docs" / "install.md"]
    commands = [
        line for path in told for line in path.read_text().splitlines() if re.search(r"^\s*\w*helm test ", line)
    ]
    assert len(commands) == 3
    assert [line for line in commands if "--logs" in line] == []


def test_uninstalling_leaves_no_volume_behind_unless_asked() -> None:
    for keep, policy in ((False, "Delete"), (True, "Retain")):
        found = manifests("helm3", {"postgresql": {"persistence": {"keep": keep}}}, CI["kind"])
        [stateful] = of_kind(found, "StatefulSet").values()
        assert stateful["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == policy


def notes(tmp_path: Path, name: str) -> str:
    """NOTES.txt as a manifest, for Helm prints it only to those who have a cluster."""
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    text = (chart / "templates" / "NOTES.txt").read_text()
    (chart / "templates" / "NOTES.txt").unlink()
    (chart / "templates" / "_notes.tpl").write_text('{{- define "notes" -}}\n' + text + "\n{{- end }}")
    (chart / "templates" / "notes.yaml").write_text('notes: {{ include "notes" . | toJson }}')
    command: list[str | Path] = [tool("helm3"), "template", "mine", chart, "--namespace", "there", "--values", CI[name]]
    rendered = subprocess.run([*command, "--show-only", "templates/notes.yaml"], capture_output=True, check=True)
    return str(yaml.safe_load(rendered.stdout)["notes"])


def test_the_notes_have_commands_for_this_release(tmp_path: Path) -> None:
    text = notes(tmp_path, "kind")
    assert "helm test mine --namespace there" in text
    jobs = of_kind(manifests("helm3", {}, CI["kind"], release="mine"), "CronJob")
    [started] = re.findall(r"--from=cronjob/(\S+)", text)
    assert started in jobs
    assert "exec deploy/mine-scrapersky-toolbox -- scrapersky status" in text
    assert "exec deploy/mine-scrapersky-toolbox -- scrapersky demo --watch" in text
    assert "domain-scheduler: * * * * * (Etc/UTC)" in text
    assert "for trials, without backups" in text
    assert "No Pushgateway" not in text


def test_the_notes_say_what_is_missing(tmp_path: Path) -> None:
    text = notes(tmp_path, "supabase")
    assert "No Pushgateway: Prometheus sees no runs." in text
    assert "demo --watch" not in text
