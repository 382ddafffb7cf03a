"""The five CronJobs: what each runs, how it is bounded, and what becomes of values that do not fit together."""

import re
from itertools import pairwise
from typing import Any

import pytest

from scrapersky.settings import SETTINGS_PREFIX, Settings
from tests.support.chart import CI, DATABASE, HELMS, cronjob, manifests, of_kind, pod_of, pods, refusal
from tests.support.generate_chart import HAS_ITS_OWN_VALUE

CRON_SAYS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
EVERY_CI = pytest.mark.parametrize("ci", CI.values(), ids=CI)
EITHER_HELM = pytest.mark.parametrize("helm", HELMS)


def defaults(**values: Any) -> dict[str, Any]:
    return {**DATABASE, "serviceDefaults": values}


def starts(schedule: str) -> set[int]:
    """The minutes of a day, of those schedules that intervals become."""
    minute, hour = schedule.split()[:2]
    step = int(minute.partition("/")[2] or 60)
    first = 0 if minute == "*" else int(minute.partition("-")[0].partition("/")[0])
    minutes = set(range(first, 60, 1 if minute == "*" else step))
    hours = [0] if hour == "0" else range(0, 24, int(hour.partition("/")[2] or 1))
    return {60 * h + m for h in hours for m in minutes}


@EITHER_HELM
def test_each_service_has_its_cronjob_that_never_overlaps(helm: str) -> None:
    found = manifests(helm)
    jobs = of_kind(found, "CronJob")
    assert set(jobs) == {f"scrapersky-{service}" for service in SETTINGS_PREFIX}
    for service, prefix in SETTINGS_PREFIX.items():
        spec = cronjob(found, service)
        assert spec["concurrencyPolicy"] == "Forbid"
        pod = pod_of(found, service)
        assert pod.container["command"] == ["python", "-m", f"services.{service.replace('-', '_')}"]
        assert pod.environment[f"{prefix.upper()}_INTERVAL_MINUTES"] == "5"
        default = Settings.model_fields[f"{prefix}_batch_size"].default
        assert pod.environment[f"{prefix.upper()}_BATCH_SIZE"] == str(default)


def test_a_run_is_a_work_queue_job_that_fails_at_once_on_wrong_settings_and_not_on_a_drained_node() -> None:
    found = manifests("helm3", {**DATABASE, "services": {"sitemap-import": {"maxInstances": 4}}})
    job = cronjob(found, "sitemap-import")["jobTemplate"]["spec"]
    assert job["parallelism"] == 4
    assert "completions" not in job
    assert job["backoffLimit"] == 0
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["podFailurePolicy"] == {
        "rules": [
            {"action": "FailJob", "onExitCodes": {"containerName": "service", "operator": "In", "values": [78]}},
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        ]
    }
    assert pod_of(found, "sitemap-import").environment["SITEMAP_IMPORT_SCHEDULER_MAX_INSTANCES"] == "4"


def test_a_zero_is_a_value_over_a_default_that_is_none() -> None:
    zeros: dict[str, Any] = {
        "backoffLimit": 0,
        "successfulJobsHistoryLimit": 0,
        "failedJobsHistoryLimit": 0,
        "ttlSecondsAfterFinished": 0,
        "suspend": False,
        "internet": False,
    }
    values = defaults(**dict.fromkeys([*zeros][:4], 7), suspend=True)
    found = manifests("helm4", {**values, "services": {"domain-scheduler": zeros}})
    spec, other = cronjob(found, "domain-scheduler"), cronjob(found, "sitemap-import")
    job = spec["jobTemplate"]["spec"]
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"], spec["suspend"]) == (0, 0, False)
    assert (job["backoffLimit"], job["ttlSecondsAfterFinished"]) == (0, 0)
    assert (other["jobTemplate"]["spec"]["backoffLimit"], other["suspend"]) == (7, True)


@EVERY_CI
def test_a_run_fits_into_its_deadline_and_its_release_into_the_grace_period(ci: object) -> None:
    found = manifests("helm3", {}, ci)
    [common] = [each["data"] for name, each in of_kind(found, "ConfigMap").items() if name.endswith("-config")]
    for name, each in of_kind(found, "CronJob").items():
        environment = common | pod_of(found, name.removeprefix("scrapersky-")).environment
        names = ("START_DELAY_SECONDS", "TIME_BUDGET_SECONDS", "ROW_TIMEOUT_SECONDS", "GRACE_SECONDS")
        job = each["spec"]["jobTemplate"]["spec"]
        assert job["activeDeadlineSeconds"] > sum(float(environment[it]) for it in names)
        assert job["template"]["spec"]["terminationGracePeriodSeconds"] >= float(environment["GRACE_SECONDS"]) + 10


@EITHER_HELM
def test_a_deadline_that_would_stop_good_runs_is_refused_with_the_sum(helm: str) -> None:
    words = refusal(helm, defaults(activeDeadlineSeconds=1160))
    assert "activeDeadlineSeconds: 1160 would stop runs that are well" in words
    assert "take 1160 together: give more, or null" in words
    assert manifests(helm, defaults(activeDeadlineSeconds=1161))


@EITHER_HELM
def test_a_grace_period_that_would_kill_a_release_is_refused(helm: str) -> None:
    words = refusal(helm, {**defaults(terminationGracePeriodSeconds=60), "config": {"GRACE_SECONDS": 59.5}})
    assert "terminationGracePeriodSeconds: 60 is not more than GRACE_SECONDS (60)" in words
    assert "give at least 70, or null" in words


def test_a_longer_row_timeout_of_one_service_lengthens_its_deadline_alone() -> None:
    values = {**DATABASE, "services": {"sitemap-import": {"config": {"ROW_TIMEOUT_SECONDS": 3600}}}}
    found = manifests("helm3", values)
    assert cronjob(found, "sitemap-import")["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 240 + 3600 + 20 + 60
    assert cronjob(found, "domain-scheduler")["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 240 + 900 + 20 + 60
    assert pod_of(found, "sitemap-import").environment["ROW_TIMEOUT_SECONDS"] == "3600"


@pytest.mark.parametrize("minutes", CRON_SAYS)
def test_an_interval_becomes_a_schedule_with_as_many_starts(minutes: int) -> None:
    found = manifests("helm3", defaults(intervalMinutes=minutes))
    for service in SETTINGS_PREFIX:
        at = sorted(starts(cronjob(found, service)["schedule"]))
        assert len(at) == 1440 // minutes
        assert {later - sooner for sooner, later in pairwise(at)} <= {minutes}


@EITHER_HELM
@pytest.mark.parametrize(
    ("minutes", "below", "above"), [(7, 6, 10), (45, 30, 60), (90, 60, 120), (59, 30, 60), (1000, 720, 1440)]
)
def test_an_interval_that_cron_cannot_say_is_refused_with_the_nearest(
    helm: str, minutes: int, below: int, above: int
) -> None:
    words = refusal(helm, {**DATABASE, "services": {"domain-scheduler": {"intervalMinutes": minutes}}})
    assert (
        f"services.domain-scheduler.intervalMinutes: cron cannot say every {minutes} minutes;"
        f" the nearest that it can are {below} and {above}"
    ) in words


@pytest.mark.parametrize(
    "intervals", [(5, 5, 5, 5, 5), (1, 1, 1, 1, 1), (2, 2, 2, 2, 2), (5, 10, 60, 1, 1440), (4, 6, 10, 15, 3)]
)
def test_no_two_services_start_in_the_same_second(intervals: tuple[int, ...]) -> None:
    services = dict(zip(SETTINGS_PREFIX, ({"intervalMinutes": each} for each in intervals), strict=True))
    found = manifests("helm4", {**DATABASE, "services": services})
    seconds = [
        60 * minute + int(pod_of(found, service).environment["START_DELAY_SECONDS"])
        for service in SETTINGS_PREFIX
        for minute in starts(cronjob(found, service)["schedule"])
    ]
    assert len(set(seconds)) == len(seconds)


def test_by_default_nobody_waits() -> None:
    found = manifests("helm3")
    assert {pod_of(found, service).environment["START_DELAY_SECONDS"] for service in SETTINGS_PREFIX} == {"0"}


def test_a_schedule_of_ones_own_and_a_service_less() -> None:
    values = {"domain-scheduler": {"schedule": "0 3 * * 1-5", "timeZone": "Europe/Berlin"}}
    found = manifests("helm3", {**DATABASE, "services": {**values, "sitemap-scheduler": {"enabled": False}}})
    spec = cronjob(found, "domain-scheduler")
    assert (spec["schedule"], spec["timeZone"]) == ("0 3 * * 1-5", "Europe/Berlin")
    assert len(of_kind(found, "CronJob")) == 4


def test_every_variable_is_a_setting_and_every_setting_can_be_set() -> None:
    known = {name.upper() for name in Settings.model_fields}
    everywhere = {name.upper() for name in Settings.model_fields if name not in HAS_ITS_OWN_VALUE}
    pod_names = set()
    for ci in CI.values():
        found = manifests("helm3", {}, ci)
        for each in found:
            ours = each["metadata"]["name"].endswith(("-config", "-migration"))
            if each["kind"] in {"ConfigMap", "Secret"} and ours:
                pod_names |= {*each.get("data", {}), *each.get("stringData", {})}
        for pod in pods(found):
            if pod.metadata["labels"]["app.kubernetes.io/component"] not in {
                "postgresql",
                "pushgateway",
                "small-internet",
            }:
                pod_names |= set(pod.environment) - {"POD_NAME"}
    assert pod_names <= known
    assert known - everywhere <= pod_names, "a setting that `config` does not take, and nothing else sets"


def test_numbers_reach_the_settings_in_full() -> None:
    values = {**DATABASE, "config": {"SITEMAP_MAX_BYTES": 536870912, "FETCH_HOST_DELAY": 0, "AUTO_SELECT": True}}
    config = of_kind(manifests("helm3", values), "ConfigMap")["scrapersky-config"]["data"]
    assert config["SITEMAP_MAX_BYTES"] == "536870912"
    assert (config["FETCH_HOST_DELAY"], config["AUTO_SELECT"]) == ("0", "true")


def test_a_changed_secret_changes_the_pods() -> None:
    sums = {
        pod_of(manifests("helm3", {"database": {"url": url}}), "domain-scheduler").metadata["annotations"][
            "checksum/configuration"
        ]
        for url in ("postgresql://u:old@db/x", "postgresql://u:new@db/x")
    }
    assert len(sums) == 2


def test_names_stay_short_and_apart_whatever_the_release_is_called() -> None:
    releases = ["scrapersky-of-the-growth-team-in-production-eu", "scrapersky-of-the-growth-team-in-production-us"]
    names = [name for release in releases for name in of_kind(manifests("helm3", release=release), "CronJob")]
    assert len(set(names)) == 10
    assert max(map(len, names)) <= 52
    assert all(re.fullmatch(r"scrapersky-of-the-g-[0-9a-f]{6}-[a-z-]+", name) for name in names)
