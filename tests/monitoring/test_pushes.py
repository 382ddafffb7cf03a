"""Pushes while a run goes on, at its end, and when something is in their way."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from scrapersky import traces
from scrapersky.metrics import Figure
from scrapersky.push import push, read
from scrapersky.queue import runs, totals
from scrapersky.queue.idle import _asking
from scrapersky.queue.queues import DOMAINS
from scrapersky.queue.stage import Lease
from scrapersky.queue.tally import Tally
from scrapersky.run import Run
from scrapersky.settings import Settings
from tests.support.postgres import make_settings
from tests.support.pushgateway import Pushgateway
from tests.support.services import run

Sql = Callable[..., list[dict[str, Any]]]
SERVICE = "domain-scheduler"
RUNS_WELL = {"service": SERVICE, "name": "scrapersky_runs_total", "labels": '{"result": "success"}'}


@dataclass(frozen=True)
class DomainRow:
    id: UUID
    domain: str


class Waiting:
    """A stage whose last row waits until it may end."""

    queue = DOMAINS
    row = DomainRow

    def __init__(self, seconds: float = 0) -> None:
        self.may_end = asyncio.Event()
        self._seconds = seconds

    async def work(self, row: DomainRow, _: Lease) -> None:
        await asyncio.sleep(self._seconds)
        if row.domain == "last.example":
            await self.may_end.wait()

    async def settle(self, session: AsyncSession, results: Sequence[tuple[DomainRow, None]]) -> None:
        pass

    @asynccontextmanager
    async def open(self, _: Settings) -> AsyncIterator[list[Any]]:
        yield [self]


def queue_domains(sql: Sql, count: int) -> None:
    sql("INSERT INTO domains (domain) SELECT 'd' || n || '.example' FROM generate_series(1, %s::int) n", count)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_long_run_pushes_as_it_goes_and_counts_nothing_twice(
    database_url: str, engine: AsyncEngine, sql: Sql, pushgateway: Pushgateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "PERIOD_SECONDS", 0.05)
    settings = make_settings(database_url, pushgateway_url=pushgateway.url)
    queue_domains(sql, 7)
    sql("INSERT INTO domains (domain) VALUES ('last.example')")
    stage = Waiting()
    going_on = asyncio.create_task(Run(SERVICE, settings, engine).drain(stage.open, None))
    completed = {"service": SERVICE, "queue": "domains", "outcome": "completed"}
    await until(lambda: pushgateway.value("scrapersky_rows_total", **completed) == 7)
    assert pushgateway.value("scrapersky_queue_processing_rows", service=SERVICE) == 1
    assert pushgateway.value("scrapersky_runs_total", service=SERVICE, result="success") == 0
    assert [(row["completed"], row["finished_at"]) for row in sql("SELECT * FROM service_runs")] == [(7, None)]
    stage.may_end.set()
    await going_on
    assert pushgateway.value("scrapersky_rows_total", **completed) == 8
    assert pushgateway.value("scrapersky_row_seconds_count", service=SERVICE) == 8
    assert pushgateway.value("scrapersky_runs_total", service=SERVICE, result="success") == 1


async def test_what_was_added_is_not_added_again(engine: AsyncEngine, sql: Sql) -> None:
    run_id = await runs.begin(engine, SERVICE)
    tallies = {"domains": Tally()}
    for value in (5.0, 5.0, 7.0, 7.0):
        counted = [Figure("scrapersky_fetches_total", {"result": "2xx"}, value)]
        await runs.record(engine, run_id, SERVICE, tallies, counted)
    assert sql("SELECT value FROM service_totals") == [{"value": 7.0}]
    other = await runs.begin(engine, SERVICE)
    await runs.record(engine, other, SERVICE, tallies, counted, finished=True)
    assert sql("SELECT value FROM service_totals") == [{"value": 14.0}]
    gone = uuid4()
    await runs.record(engine, gone, SERVICE, tallies, counted, finished=True)
    assert sql("SELECT value FROM service_totals") == [{"value": 14.0}]


async def test_a_pod_held_up_with_old_totals_is_waited_for(
    database_url: str, sql: Sql, pushgateway: Pushgateway
) -> None:
    """Without turns the pod that is held up would push 1 after another has pushed 2: a counter that falls."""
    settings = make_settings(database_url, pushgateway_url=pushgateway.url)
    url = settings.pushgateway_url
    assert url is not None
    with psycopg.connect(database_url, autocommit=True) as connection:
        ask, token = _asking(connection), uuid4()
        ask(totals.COUNT_ONE, RUNS_WELL)
        assert totals.take_turn(ask, SERVICE, token)
        old = read(ask, settings, SERVICE, (DOMAINS,))
        other = asyncio.create_task(run(SERVICE, {"DATABASE_URL": database_url, "PUSHGATEWAY_URL": pushgateway.url}))
        await until(lambda: sql("SELECT value FROM service_totals") == [{"value": 2.0}])
        assert not totals.take_turn(ask, SERVICE, uuid4())
        assert pushgateway.value("scrapersky_runs_total", result="success") is None
        push(url, SERVICE, old)
        assert pushgateway.value("scrapersky_runs_total", result="success") == 1
        totals.end_turn(ask, SERVICE, token, pushed=True)
        code, words = await other
    assert (code, words) == (0, "")
    assert pushgateway.value("scrapersky_runs_total", result="success") == 2


def test_counters_of_many_pods_never_fall(database_url: str, pushgateway: Pushgateway) -> None:
    settings = make_settings(database_url, pushgateway_url=pushgateway.url)
    ended, seen = threading.Event(), [0.0]

    def pod() -> None:
        url = settings.pushgateway_url
        assert url is not None
        with psycopg.connect(database_url, autocommit=True) as connection:
            ask = _asking(connection)
            for _ in range(20):
                ask(totals.COUNT_ONE, RUNS_WELL)
                token = uuid4()
                if totals.take_turn(ask, SERVICE, token):
                    push(url, SERVICE, read(ask, settings, SERVICE, (DOMAINS,)))
                    totals.end_turn(ask, SERVICE, token, pushed=True)

    def scrape() -> None:
        while not ended.is_set():
            seen.append(pushgateway.value("scrapersky_runs_total", result="success") or 0.0)

    pods = [threading.Thread(target=pod) for _ in range(4)]
    watcher = threading.Thread(target=scrape)
    for each in (watcher, *pods):
        each.start()
    for each in pods:
        each.join()
    ended.set()
    watcher.join()
    assert seen == sorted(seen)
    assert len(set(seen)) > 2


def test_a_dead_pods_turn_runs_out(database_url: str, sql: Sql) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        ask = _asking(connection)
        dead, next_one = uuid4(), uuid4()
        assert totals.take_turn(ask, SERVICE, dead)
        assert not totals.take_turn(ask, SERVICE, next_one)
        assert totals.take_turn(ask, "sitemap-import", uuid4())
        sql("UPDATE push_turns SET until = now() - interval '1 ms'")
        assert totals.take_turn(ask, SERVICE, next_one)
        totals.end_turn(ask, SERVICE, dead, pushed=True)
        assert not totals.take_turn(ask, SERVICE, uuid4())


async def test_a_push_that_failed_comes_with_the_next(database_url: str, sql: Sql, pushgateway: Pushgateway) -> None:
    for round_number in (1, 2):
        for url in ("http://127.0.0.1:1", pushgateway.url):
            code, words = await run(SERVICE, {"DATABASE_URL": database_url, "PUSHGATEWAY_URL": url})
            assert code == 0
            assert ("push-failed" in words) == (url != pushgateway.url)
        assert pushgateway.value("scrapersky_push_failures_total", service=SERVICE) == round_number
    assert pushgateway.value("scrapersky_runs_total", service=SERVICE, result="success") == 4


@pytest.mark.parametrize(("migrated", "current"), [(False, 0.0), (None, 1.0)])
async def test_a_run_that_cannot_use_its_database_says_so_and_erases_nothing(
    database_url: str, sql: Sql, pushgateway: Pushgateway, migrated: bool | None, current: float
) -> None:
    environment = {"DATABASE_URL": database_url, "PUSHGATEWAY_URL": pushgateway.url}
    assert (await run(SERVICE, environment))[0] == 0
    success = pushgateway.value("scrapersky_last_success_timestamp_seconds")
    if migrated is False:
        sql("UPDATE scrapersky_schema SET version_num = '0000'")
    else:
        environment["DATABASE_URL"] = "postgresql://u:p@127.0.0.1:1/x"
    pushed = pushgateway.value("push_time_seconds", service=SERVICE)
    assert (await run(SERVICE, environment))[0] == 75
    assert pushgateway.value("scrapersky_schema_current", service=SERVICE) == current
    assert (pushgateway.value("push_time_seconds", service=SERVICE) or 0) > (pushed or 0)
    assert pushgateway.value("scrapersky_last_success_timestamp_seconds") == success
    assert pushgateway.value("scrapersky_runs_total", service=SERVICE, result="success") == 1


async def test_runs_that_the_time_budget_ended_are_told_from_those_that_were_done(
    database_url: str, engine: AsyncEngine, sql: Sql, pushgateway: Pushgateway
) -> None:
    queue_domains(sql, 3)
    given = {"pushgateway_url": pushgateway.url, "concurrency": 1, "domain_scheduler_batch_size": 1}
    await Run(SERVICE, make_settings(database_url, **given, time_budget_seconds=0.1), engine).drain(
        Waiting(0.2).open, None
    )
    assert pushgateway.value("scrapersky_runs_out_of_time_total", service=SERVICE) == 1
    await Run(SERVICE, make_settings(database_url, **given, time_budget_seconds=60), engine).drain(
        Waiting(0.2).open, None
    )
    assert pushgateway.value("scrapersky_runs_out_of_time_total", service=SERVICE) == 1
    assert pushgateway.value("scrapersky_queue_due_rows", service=SERVICE) == 0


async def test_rows_of_a_dead_worker_are_counted_as_rescued_and_retried_ones_are_not(
    database_url: str, engine: AsyncEngine, sql: Sql, pushgateway: Pushgateway
) -> None:
    queue_domains(sql, 5)
    sql("UPDATE domains SET status = 'Processing', scan_attempts = 1, scan_due_at = now() WHERE domain < 'd3'")
    sql("UPDATE domains SET scan_attempts = 1, scan_error = 'http-503: x' WHERE domain = 'd3.example'")
    sql("UPDATE domains SET status = 'Processing', scan_attempts = 2, scan_due_at = now() WHERE domain = 'd4.example'")
    settings = make_settings(database_url, pushgateway_url=pushgateway.url)
    _, tally = await Run(SERVICE, settings, engine).drain(Waiting().open, None)
    assert (tally.completed, tally.rescued) == (5, 3)
    assert pushgateway.value("scrapersky_rescued_rows_total", queue="domains") == 3


async def test_a_paused_queue_says_so(database_url: str, sql: Sql, pushgateway: Pushgateway) -> None:
    sql("INSERT INTO paused_queues (queue) VALUES ('domains')")
    assert (await run(SERVICE, {"DATABASE_URL": database_url, "PUSHGATEWAY_URL": pushgateway.url}))[0] == 0
    assert pushgateway.value("scrapersky_queue_paused", queue="domains") == 1
