"""What Prometheus makes of runs that live for seconds: a real one, that scraped what real runs pushed."""

import math

import psycopg
import pytest

from scrapersky import metrics
from scrapersky.places import masks
from tests.support import dashboards
from tests.support.monitored import Monitored, monitored
from tests.support.prometheus import promtool
from tests.support.services import MODULES


def totals(pipeline: Monitored, question: str) -> dict[str, float]:
    with psycopg.connect(pipeline.database_url) as connection:
        return {service: float(value) for service, value in connection.execute(question.encode())}


def increase_over_short_lived_runs_is_what_they_did(pipeline: Monitored) -> None:
    """M runs pushed N rows: N is what increase() must say. It extrapolates to the window's ends: hence the 5 %."""
    worked = totals(pipeline, "SELECT service, sum(completed) FROM service_runs GROUP BY service")
    runs = totals(pipeline, "SELECT service, count(*) FROM service_runs GROUP BY service")
    assert sum(worked.values()) > 150
    assert min(runs.values()) >= 3
    for service in MODULES:
        increase = f'increase(scrapersky_rows_total{{service="{service}", outcome="completed"}}[10m])'
        assert pipeline.prometheus.scalar(f"sum({increase})") == pytest.approx(worked[service], rel=0.05), service
        assert pipeline.prometheus.scalar(f'sum(scrapersky_runs_total{{service="{service}"}})') == runs[service]


def the_histogram_counts_every_row_that_was_worked_once(pipeline: Monitored) -> None:
    settled = "SELECT service, sum(completed + retried + failed + released) FROM service_runs GROUP BY service"
    worked = totals(pipeline, settled)
    for service in MODULES:
        labels = f'service="{service}"'
        assert pipeline.prometheus.scalar(f"sum(scrapersky_row_seconds_count{{{labels}}})") == worked[service]
        everything = f'sum(scrapersky_row_seconds_bucket{{{labels}, le="+Inf"}})'
        assert pipeline.prometheus.scalar(everything) == worked[service]


def a_service_has_one_group_however_many_pods(pipeline: Monitored) -> None:
    groups = {tuple(sorted(each.labels.items())) for each in pipeline.pushgateway.scrape()["push_time_seconds"].samples}
    assert groups == {(("instance", ""), ("job", "scrapersky"), ("service", service)) for service in MODULES}


def what_is_pushed_is_what_is_declared_and_named_by_the_conventions(pipeline: Monitored) -> None:
    ours = [line for line in pipeline.pushgateway.exposition().splitlines() if "scrapersky_" in line]
    assert promtool("check", "metrics", stdin="\n".join([*ours, ""])) == (0, "")
    pushed = {line.split()[2] for line in ours if line.startswith("# TYPE")}
    assert pushed == {series.name for series in metrics.every_series()}


def the_failed_run_counts_and_the_last_success_stays(pipeline: Monitored) -> None:
    failures = pipeline.prometheus.query('scrapersky_runs_total{result="failure"} > 0')
    assert [dict(labels)["service"] for labels in failures] == ["local-business-enrichment"]
    earliest = 'min_over_time(scrapersky_last_success_timestamp_seconds{service="local-business-enrichment"}[10m])'
    assert pipeline.prometheus.scalar(earliest) >= pipeline.began - 1


def every_query_of_the_dashboards_finds_something(pipeline: Monitored) -> None:
    asked = {
        target.expression: target.panel["title"]
        for name in ("pipeline", "service")
        for service in MODULES
        for target in dashboards.targets(dashboards.load(name), service, "10m")
    }
    empty = {
        f"{title}: {expression}"
        for expression, title in asked.items()
        if all(math.isnan(value) for value in pipeline.prometheus.query(expression).values())
    }
    assert not empty


def prometheus_takes_the_rules_and_nothing_fires_that_is_well(pipeline: Monitored) -> None:
    [group] = pipeline.prometheus.get("rules")["groups"]
    assert {rule["health"] for rule in group["rules"]} == {"ok"}
    assert not [rule["name"] for rule in group["rules"] if rule["state"] == "firing"]


CHECKS = (
    increase_over_short_lived_runs_is_what_they_did,
    the_histogram_counts_every_row_that_was_worked_once,
    a_service_has_one_group_however_many_pods,
    what_is_pushed_is_what_is_declared_and_named_by_the_conventions,
    the_failed_run_counts_and_the_last_success_stays,
    every_query_of_the_dashboards_finds_something,
    prometheus_takes_the_rules_and_nothing_fires_that_is_well,
)


@pytest.mark.timeout(300)
def test_what_prometheus_makes_of_the_pipeline(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, subtests: pytest.Subtests
) -> None:
    with monitored(database_url, tmp_path_factory.mktemp("monitored")) as pipeline:
        for check in CHECKS:
            with subtests.test(check.__name__):
                check(pipeline)


def test_every_sku_that_is_asked_for_is_known_beforehand() -> None:
    skus = {sample.labels["sku"] for family in metrics.PLACES_CALLS.collect() for sample in family.samples}
    assert skus == {masks.SEARCH.sku, masks.LOCATE.sku, masks.DETAILS.sku}


def test_dashboards_are_fit_for_provisioning() -> None:
    for name in ("pipeline", "service"):
        board = dashboards.load(name)
        assert board["uid"] == f"scrapersky-{name}"
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            assert panel["description"]
            place = panel["gridPos"]
            cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
            assert not cells & taken
            assert max(x for x, _ in cells) < 24
            taken |= cells
