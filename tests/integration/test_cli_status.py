"""``scrapersky status``, ``runs``, ``errors`` and ``prune``: what operators look at."""

import json
import re
import sys
import time
from typing import Any

import psycopg
import pytest

from scrapersky.queue.queues import DOMAIN_EXTRACTIONS, DOMAINS, PLACE_SEARCHES, QUEUES, SITEMAP_JOBS
from tests.support.command_line import CommandLine
from tests.support.rows import Sql, queue_row, retrying


def a_run(
    sql: Sql, service: str = "domain-scheduler", *, began: str, ended: str | None, **queues: dict[str, int]
) -> str:
    """A run that began and ended so long ago."""
    [row] = sql(
        "INSERT INTO service_runs (service, pod, started_at, finished_at, claimed, completed, figures)"
        " VALUES (%s, 'pod-1', now() - %s::interval, now() - %s::interval, 9, 8, %s) RETURNING id::text",
        service,
        began,
        ended,
        json.dumps({"queues": queues}),
    )
    return str(row["id"])


def of_queue(document: Any, name: str) -> dict[str, Any]:
    return next(row for row in document["queues"] if row["queue"] == name)


def test_an_empty_database(scrapersky: CommandLine, sql: Sql) -> None:
    document = scrapersky("status", "--json").json
    assert [row["queue"] for row in document["queues"]] == list(QUEUES)
    assert document["queues"][0] == {
        "queue": "place-searches",
        "queued": 0,
        "held": 0,
        "due": 0,
        "processing": 0,
        "expired": 0,
        "errors": 0,
        "oldest_due_seconds": 0,
        "rows_per_minute": 0,
        "seconds_to_empty": None,
        "paused": False,
        "pause_reason": None,
    }
    assert (document["oldest_snapshot"], document["oldest_snapshot_seconds"]) == (None, 0)


def test_every_state_is_counted(scrapersky: CommandLine, sql: Sql) -> None:
    ago, ahead = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
    queue_row(sql, DOMAINS, scan_due_at=ago)
    queue_row(sql, DOMAINS, scan_due_at=ahead)
    queue_row(sql, DOMAINS, scan_due_at="infinity")
    queue_row(sql, DOMAINS, status="Processing", scan_due_at=ahead)
    queue_row(sql, DOMAINS, status="Processing", scan_due_at=ago)
    for status in ("Error", "Error", "Completed"):
        queue_row(sql, DOMAINS, status=status)
    counted = of_queue(scrapersky("status", "--json").json, "domains")
    names = ("queued", "held", "due", "processing", "expired", "errors")
    assert {name: counted[name] for name in names} == {
        "queued": 3,
        "held": 1,
        "due": 2,
        "processing": 2,
        "expired": 1,
        "errors": 2,
    }
    assert counted["oldest_due_seconds"] > 5 * 365 * 86_400


def test_queues_of_one_table_are_told_apart(scrapersky: CommandLine, sql: Sql) -> None:
    queue_row(sql, PLACE_SEARCHES)
    queue_row(sql, SITEMAP_JOBS, status="Error")
    document = scrapersky("status", "--json").json
    assert [of_queue(document, name)["queued"] for name in ("place-searches", "sitemap-jobs")] == [1, 0]
    assert [of_queue(document, name)["errors"] for name in ("place-searches", "sitemap-jobs")] == [0, 1]


def test_rates_are_those_of_runs_that_ended_within_the_hour(scrapersky: CommandLine, sql: Sql) -> None:
    for _ in range(30):
        queue_row(sql, DOMAINS)
    scrapersky("add", "held.example", "--no-queue")
    a_run(sql, began="20 min", ended="15 min", domains={"completed": 60, "failed": 20, "retried": 99})
    a_run(sql, began="10 min", ended="9 min", domains={"completed": 120, "failed": 0})
    a_run(sql, began="90 min", ended="70 min", domains={"completed": 99_999, "failed": 0})
    a_run(sql, began="1 min", ended=None, domains={"completed": 99_999, "failed": 0})
    counted = of_queue(scrapersky("status", "--json").json, "domains")
    assert counted["rows_per_minute"] == 10.0
    assert counted["seconds_to_empty"] == 180


def test_a_paused_queue_says_why(scrapersky: CommandLine, sql: Sql) -> None:
    scrapersky("pause", "domains", "--reason", "moving house")
    assert of_queue(scrapersky("status", "--json").json, "domains")["pause_reason"] == "moving house"
    assert "yes: moving house" in scrapersky("status").out
    scrapersky("pause", "deep-scans")
    assert of_queue(scrapersky("status", "--json").json, "deep-scans")["paused"] is True


def test_the_oldest_snapshot_and_who_holds_it(scrapersky: CommandLine, database_url: str) -> None:
    with psycopg.connect(database_url, application_name="forgotten") as held:
        held.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        document = scrapersky("status", "--json").json
        assert "forgotten idle in transaction" in document["oldest_snapshot"]
        assert document["oldest_snapshot_seconds"] > 0
        assert re.search(r"oldest snapshot: \d+\.\ds \(pid ", scrapersky("status").out)


def test_for_people(scrapersky: CommandLine, sql: Sql) -> None:
    queue_row(sql, DOMAINS, scan_due_at="2020-01-01T00:00:00Z")
    heading, *lines = scrapersky("status").out.splitlines()
    assert heading.split()[:6] == ["QUEUE", "QUEUED", "HELD", "DUE", "PROCESSING", "EXPIRED"]
    assert [line.split()[0] for line in lines[:-1]] == list(QUEUES)
    assert "d " in next(line for line in lines if line.startswith("domains "))
    assert lines[-1] == "oldest snapshot: none"


def three_looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    return pauses


def test_watching_looks_again_and_again_until_ctrl_c(
    scrapersky: CommandLine, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = three_looks(monkeypatch)
    done = scrapersky("status", "--watch", "--json")
    assert done.code == 130
    assert [len(json.loads(line)["queues"]) for line in done.out.splitlines()] == [7, 7, 7]
    assert all(pause >= 2 for pause in pauses)


def test_watching_a_slow_database_leaves_it_alone_for_longer(
    scrapersky: CommandLine, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = three_looks(monkeypatch)
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    assert scrapersky("status", "--watch").out.count("QUEUE ") == 3
    assert pauses == pytest.approx([45, 45, 45])


def test_watching_in_a_terminal_redraws(
    scrapersky: CommandLine, sql: Sql, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    three_looks(monkeypatch)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = scrapersky("status", "--watch")
    assert done.code == 130
    assert "sitemap-imports" in done.out


def test_runs_the_newest_first(scrapersky: CommandLine, sql: Sql) -> None:
    old = a_run(sql, began="2 h", ended="90 min")
    going_on = a_run(sql, began="1 min", ended=None)
    other = a_run(sql, "sitemap-import", began="30 min", ended="29 min")
    found = scrapersky("runs", "--json").json
    assert [run["id"] for run in found] == [going_on, other, old]
    assert [run["seconds"] for run in found] == [None, 60, 1800]
    assert found[0]["claimed"] == 9
    assert [run["id"] for run in scrapersky("runs", "--service", "sitemap-import", "--json").json] == [other]
    assert [run["id"] for run in scrapersky("runs", "--limit", "1", "--json").json] == [going_on]


def test_runs_for_people(scrapersky: CommandLine, sql: Sql) -> None:
    a_run(sql, began="2 h", ended="90 min")
    heading, line = scrapersky("runs").out.splitlines()
    assert heading.split()[:5] == ["STARTED_AT", "SERVICE", "TOOK", "CLAIMED", "COMPLETED"]
    assert line.split()[1:6] == ["domain-scheduler", "30m", "0s", "9", "8"]


def test_errors_by_cause_with_an_example(scrapersky: CommandLine, sql: Sql) -> None:
    gone = [queue_row(sql, DOMAINS, status="Error", scan_error=f"http-404: page {n}") for n in range(3)]
    slow = queue_row(sql, DOMAINS, status="Error", scan_error="timeout: a.example: took 10 s")
    retrying(sql, DOMAINS, "timeout: b.example")
    retrying(sql, DOMAINS, "dns-failure: c.example")
    queue_row(sql, DOMAIN_EXTRACTIONS, domain_extraction_status="Error")
    queue_row(sql, DOMAINS, status="Completed")
    extraction, *domains = scrapersky("errors", "--json").json
    assert (extraction["queue"], extraction["cause"], extraction["example"]) == ("domain-extractions", "unknown", None)
    assert [(row["cause"], row["rows"], row["retrying"]) for row in domains] == [
        ("http-404", 3, 0),
        ("timeout", 1, 1),
        ("dns-failure", 0, 1),
    ]
    assert domains[0]["example_id"] == min(map(str, gone))
    assert domains[0]["example"] == f"http-404: page {[*map(str, gone)].index(domains[0]['example_id'])}"
    assert (domains[1]["example_id"], domains[1]["example"]) == (str(slow), "timeout: a.example: took 10 s")
    assert scrapersky("errors", "deep-scans", "--json").json == []
    assert scrapersky("errors", "domains").out.splitlines()[1].split()[:4] == ["domains", "http-404", "3", "0"]


def old_rows(sql: Sql) -> None:
    for days in (1, 40, 100):
        a_run(sql, began=f"{days} days", ended=f"{days} days")
        for status in ("Completed", "Cancelled", "Error", "Queued"):
            queue_row(
                sql,
                PLACE_SEARCHES,
                status=status,
                updated_at=sql("SELECT now() - %s::interval AS t", f"{days} days")[0]["t"],
            )


def remaining(sql: Sql) -> tuple[int, int]:
    [row] = sql("SELECT (SELECT count(*) FROM service_runs) AS runs, (SELECT count(*) FROM jobs) AS jobs")
    return row["runs"], row["jobs"]


def test_pruning_deletes_old_runs_and_finished_jobs(
    scrapersky: CommandLine, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_rows(sql)
    dry = scrapersky("prune", "--dry-run", "--json")
    assert dry.json == {"service_runs": 2, "jobs": 4, "dry_run": True}
    assert remaining(sql) == (3, 12)
    assert scrapersky("prune", "--older-than", "50d", "--yes").out == "service_runs: 1 deleted\njobs: 2 deleted\n"
    monkeypatch.setenv("RUN_HISTORY_DAYS", "39")
    assert scrapersky("prune", "--yes", "--json").json == {"service_runs": 1, "jobs": 2, "dry_run": False}
    assert remaining(sql) == (1, 8)
    assert sql("SELECT count(*) FROM jobs WHERE status IN ('Error', 'Queued')") == [{"count": 6}]


def test_pruning_is_asked_or_said(scrapersky: CommandLine, sql: Sql) -> None:
    old_rows(sql)
    assert scrapersky("prune").code == 2
    assert scrapersky("prune", typed="n\n").code == 0
    assert remaining(sql) == (3, 12)
    assert "Delete runs and finished jobs older than 30 days?" in scrapersky("prune", typed="y\n").err
    assert remaining(sql) == (1, 8)
