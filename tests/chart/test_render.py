"""The chart renders, refuses what cron cannot say, and kustomize's base is what it renders to."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrapersky.service import SETTINGS_PREFIX
from scrapersky.settings import Settings
from tests.support.kube import ROOT, tool

CHART = ROOT / "charts" / "scrapersky"
HELMS = ("helm3", "helm4")
URL = "database.url=postgresql://u:p@db.example/scrapersky"


def template(helm: str, *settings: str) -> subprocess.CompletedProcess[str]:
    arguments = [argument for setting in settings for argument in ("--set", setting)]
    return subprocess.run(
        [tool(helm), "template", "scrapersky", CHART, *arguments], capture_output=True, text=True, check=False
    )


def manifests(helm: str, *settings: str) -> list[dict[str, Any]]:
    rendered = template(helm, *settings)
    assert rendered.returncode == 0, rendered.stderr
    return [each for each in yaml.safe_load_all(rendered.stdout) if each]


@pytest.mark.parametrize("helm", HELMS)
def test_five_cronjobs_that_never_overlap_and_never_start_together(helm: str) -> None:
    jobs = [each["spec"] for each in manifests(helm, URL) if each["kind"] == "CronJob"]
    assert len(jobs) == 5
    assert {job["concurrencyPolicy"] for job in jobs} == {"Forbid"}
    assert len({job["schedule"] for job in jobs}) == 5
    modules = {job["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"][0] for job in jobs}
    assert modules == {f"services.{service.replace('-', '_')}" for service in SETTINGS_PREFIX}


@pytest.mark.parametrize("helm", HELMS)
def test_every_pod_is_restricted(helm: str) -> None:
    for each in manifests(helm, URL):
        if each["kind"] not in {"CronJob", "Job"}:
            continue
        spec = each["spec"]["jobTemplate"]["spec"] if each["kind"] == "CronJob" else each["spec"]
        pod = spec["template"]["spec"]
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["restartPolicy"] == "Never"
        assert pod["automountServiceAccountToken"] is False
        assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("helm", HELMS)
def test_a_run_fits_into_its_deadline_and_its_release_into_the_grace_period(helm: str) -> None:
    default = {name: field.default for name, field in Settings.model_fields.items()}
    for each in manifests(helm, URL):
        if each["kind"] == "CronJob":
            job = each["spec"]["jobTemplate"]["spec"]
            assert job["activeDeadlineSeconds"] > default["time_budget_seconds"] + default["row_timeout_seconds"]
            assert job["backoffLimit"] == 0
            pod = job["template"]["spec"]
            assert pod["terminationGracePeriodSeconds"] > default["grace_seconds"]


def test_every_environment_variable_is_a_setting() -> None:
    known = {name.upper() for name in Settings.model_fields} | {"POD_NAME"}
    for each in manifests("helm3", URL, "googleMapsApiKey=k"):
        names = {*each.get("data", {}), *each.get("stringData", {})}
        if each["kind"] == "CronJob":
            container = each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
            names |= {variable["name"] for variable in container["env"]}
        assert names <= known


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize("minutes", [7, 45, 90, 1000])
def test_intervals_that_cron_cannot_say_are_refused(helm: str, minutes: int) -> None:
    refused = template(helm, URL, f"services.domain-scheduler.intervalMinutes={minutes}")
    assert refused.returncode != 0
    assert f"services.domain-scheduler.intervalMinutes: cron cannot say every {minutes} minutes" in refused.stderr


@pytest.mark.parametrize(("minutes", "schedule"), [(5, "0-59/5 * * * *"), (60, "0 */1 * * *"), (720, "0 */12 * * *")])
def test_intervals_become_schedules(minutes: int, schedule: str) -> None:
    jobs = manifests("helm3", URL, f"services.domain-scheduler.intervalMinutes={minutes}")
    [found] = [j["spec"]["schedule"] for j in jobs if j["metadata"]["name"] == "scrapersky-domain-scheduler"]
    assert found == schedule


@pytest.mark.parametrize("helm", HELMS)
def test_without_a_database_it_says_so(helm: str) -> None:
    refused = template(helm)
    assert refused.returncode != 0
    assert "database.url: say which PostgreSQL to work on" in refused.stderr


def test_kustomize_base_is_what_the_chart_renders_to(tmp_path: Path) -> None:
    committed = ROOT / "k8s" / "base" / "scrapersky.yaml"
    before = committed.read_text()
    try:
        subprocess.run([ROOT / "k8s" / "render", tool("helm3")], check=True)
        assert committed.read_text() == before, "run k8s/render"
    finally:
        committed.write_text(before)


@pytest.mark.parametrize("overlay", ["kind", "production"])
def test_overlays_build(overlay: str) -> None:
    built = subprocess.run(
        [tool("kubectl"), "kustomize", ROOT / "k8s" / "overlays" / overlay], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    kinds = [each["kind"] for each in yaml.safe_load_all(built.stdout)]
    assert kinds.count("CronJob") == 5
