"""``scrapersky requeue``, ``cancel``, ``pause``, ``resume``, for every queue."""

from typing import Any
from uuid import uuid4

import pytest

from scrapersky.cli import selection
from scrapersky.queue import statements
from scrapersky.queue.queues import DEEP_SCANS, DOMAINS, PLACE_SEARCHES, QUEUES, SITEMAP_IMPORTS, SITEMAP_JOBS, Queue
from tests.support.command_line import CommandLine
from tests.support.rows import Sql, failed, in_work, queue_row, retrying, state

every_queue = pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES.keys())
DUE = {"status": "Queued", "attempts": 0, "error": None, "claim": None, "due": True}


def claim(sql: Sql, queue: Queue) -> list[Any]:
    return sql(statements.claim(queue, ()), token=uuid4(), lease=60, limit=100, max_attempts=5)


@every_queue
def test_requeued_rows_are_due_with_all_their_attempts(scrapersky: CommandLine, sql: Sql, queue: Queue) -> None:
    first, second, other = (failed(sql, queue) for _ in range(3))
    done = scrapersky("requeue", queue.name, first, second, "--json")
    assert done.json == {"queue": queue.name, "requeued": 2}
    assert state(sql, queue, first) == state(sql, queue, second) == DUE
    assert state(sql, queue, other)["status"] == "Error"


@every_queue
def test_all_means_rows_in_error(scrapersky: CommandLine, sql: Sql, queue: Queue) -> None:
    errors = [failed(sql, queue) for _ in range(3)]
    done = queue_row(sql, queue, **{queue.status: "Completed"})
    busy = in_work(sql, queue)
    assert scrapersky("requeue", queue.name, "--all", "--yes").out == f"3 requeued in {queue.name}\n"
    assert all(state(sql, queue, key) == DUE for key in errors)
    assert state(sql, queue, done)["status"] == "Completed"
    assert state(sql, queue, busy)["status"] == queue.processing


@every_queue
def test_a_requeued_row_in_work_is_lost_to_its_worker(scrapersky: CommandLine, sql: Sql, queue: Queue) -> None:
    key = in_work(sql, queue)
    scrapersky("requeue", queue.name, key)
    assert state(sql, queue, key) == DUE


@pytest.mark.parametrize(
    ("like", "requeued"), [("http-5", 2), ("http-503", 1), ("HTTP-503", 1), ("%page", 1), ("http%slow", 1), ("dns", 0)]
)
def test_error_like(scrapersky: CommandLine, sql: Sql, like: str, requeued: int) -> None:
    for error in ("http-503: too slow", "http-500: oops", "http-404: no such page"):
        failed(sql, DOMAINS, error)
    retrying(sql, DOMAINS, "http-503: waits for another attempt")
    assert scrapersky("requeue", "domains", "--error-like", like).out == f"{requeued} requeued in domains\n"
    assert sql("SELECT count(*) FROM domains WHERE status = 'Error'") == [{"count": 3 - requeued}]
    assert sql("SELECT count(*) FROM domains WHERE scan_attempts = 1") == [{"count": 1}]


@pytest.mark.parametrize("verb", ["requeue", "cancel"])
def test_a_queue_of_jobs_leaves_the_other_alone(scrapersky: CommandLine, sql: Sql, verb: str) -> None:
    status = {"requeue": "Error", "cancel": "Queued"}[verb]
    search = queue_row(sql, PLACE_SEARCHES, status=status)
    sitemap = queue_row(sql, SITEMAP_JOBS, status=status)
    scrapersky(verb, "sitemap-jobs", "--all", "--yes")
    scrapersky(verb, "sitemap-jobs", search)
    assert state(sql, PLACE_SEARCHES, search)["status"] == status
    assert state(sql, SITEMAP_JOBS, sitemap)["status"] != status


@every_queue
def test_cancelled_rows_are_claimed_no_more(scrapersky: CommandLine, sql: Sql, queue: Queue) -> None:
    waits, busy = queue_row(sql, queue), in_work(sql, queue)
    done = queue_row(sql, queue, **{queue.status: "Completed"})
    assert scrapersky("cancel", queue.name, waits, busy, done, "--json").json == {"queue": queue.name, "cancelled": 2}
    for key in (waits, busy):
        assert state(sql, queue, key) == {
            "status": "Cancelled" if queue.table == "jobs" else "Error",
            "attempts": 1 if key == busy else 0,
            "error": "cancelled: by an operator",
            "claim": None,
            "due": False,
        }
    assert state(sql, queue, done)["status"] == "Completed"
    assert claim(sql, queue) == []


def test_cancel_all_and_its_cause(scrapersky: CommandLine, sql: Sql) -> None:
    for _ in range(3):
        queue_row(sql, DEEP_SCANS)
    assert scrapersky("cancel", "deep-scans", "--all", "--yes").out == "3 cancelled in deep-scans\n"
    [cause] = scrapersky("errors", "deep-scans", "--json").json
    assert (cause["cause"], cause["rows"]) == ("cancelled", 3)
    assert scrapersky("requeue", "deep-scans", "--error-like", "cancelled").out == "3 requeued in deep-scans\n"


def test_cancel_what_is_retried_for_a_cause_or_held(scrapersky: CommandLine, sql: Sql) -> None:
    retried = retrying(sql, DOMAINS, "http-503: no")
    waits = queue_row(sql, DOMAINS)
    scrapersky("add", "held.example", "--no-queue")
    assert scrapersky("cancel", "domains", "--error-like", "http-503").out == "1 cancelled in domains\n"
    assert scrapersky("cancel", "domains", "--held", "--yes").out == "1 cancelled in domains\n"
    assert state(sql, DOMAINS, retried)["status"] == "Error"
    assert state(sql, DOMAINS, waits)["status"] == "Queued"


def test_many_rows_go_in_batches(scrapersky: CommandLine, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "BATCH", 10)
    sql("INSERT INTO domains (domain, status) SELECT n || '.example', 'Error' FROM generate_series(1, 40) AS n")
    assert scrapersky("requeue", "domains", "--all", "--yes").out == "40 requeued in domains\n"
    assert sql("SELECT count(DISTINCT xmin::text) FROM domains") == [{"count": 4}]


@pytest.mark.parametrize("verb", ["requeue", "cancel"])
@pytest.mark.parametrize("arguments", [(), ("--all", "--held"), ("a.example", "--all"), ("--all",), ("--held",)])
def test_what_is_not_clear_or_not_agreed_changes_nothing(
    scrapersky: CommandLine, sql: Sql, verb: str, arguments: tuple[str, ...]
) -> None:
    waits, error = queue_row(sql, DOMAINS, domain="a.example"), failed(sql, DOMAINS)
    done = scrapersky(verb, "domains", *arguments)
    assert (done.code, done.out) == (2, "")
    assert (state(sql, DOMAINS, waits)["status"], state(sql, DOMAINS, error)["status"]) == ("Queued", "Error")


def test_an_empty_queue_is_no_error(scrapersky: CommandLine, sql: Sql) -> None:
    done = scrapersky("requeue", "sitemap-imports", "--all", "--yes")
    assert (done.code, done.out) == (0, "0 requeued in sitemap-imports\n")


@every_queue
def test_nothing_is_claimed_from_a_paused_queue(scrapersky: CommandLine, sql: Sql, queue: Queue) -> None:
    queue_row(sql, queue)
    paused = scrapersky("pause", queue.name, "--reason", "moving house")
    assert (paused.code, paused.out, paused.err) == (0, "", f"{queue.name} is paused\n")
    assert claim(sql, queue) == []
    assert scrapersky("resume", queue.name).err == f"{queue.name} is not paused any more\n"
    assert len(claim(sql, queue)) == 1


def test_pausing_twice_keeps_the_reason_and_the_time(scrapersky: CommandLine, sql: Sql) -> None:
    scrapersky("pause", "domains", "--reason", "moving house")
    [before] = sql("SELECT * FROM paused_queues")
    assert scrapersky("pause", "domains").code == 0
    assert sql("SELECT * FROM paused_queues") == [before]
    scrapersky("pause", "domains", "--reason", "and painting it")
    assert sql("SELECT reason FROM paused_queues") == [{"reason": "and painting it"}]


def test_resuming_what_is_not_paused(scrapersky: CommandLine, sql: Sql) -> None:
    done = scrapersky("resume", "domains")
    assert (done.code, done.err) == (0, "domains was not paused\n")


def test_a_sitemap_file_is_not_requeued_for_another_queue(scrapersky: CommandLine, sql: Sql) -> None:
    key = failed(sql, SITEMAP_IMPORTS)
    assert scrapersky("requeue", "domains", key).code == 65
    assert state(sql, SITEMAP_IMPORTS, key)["status"] == "Error"
