"""What users of other queues suffer from, one test each, where no other file has it; docs/queue.md lists them all."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.errors import PermanentError, TransientError
from scrapersky.queue.drain import drain
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.queues import QUEUES
from scrapersky.queue.settle import Retries
from scrapersky.queue.shares import Sharing
from scrapersky.queue.stage import Lease
from scrapersky.queue.tally import Tally
from tests.internet.server import Answer
from tests.support.caught import STEPS, caught
from tests.support.counting_worker import Counted, CountedOfFewHosts, Counting
from tests.support.one_site import MAP, OneSite, url
from tests.support.pushgateway import Pushgateway
from tests.support.services import run, start

Sql = Callable[..., list[dict[str, Any]]]
LIMITS = Limits(batch=10, concurrency=4, lease=30, row_timeout=20, grace=0.2, retries=Retries(3, 0.01, 0.01))


class Gated(Counting):
    """Holds every row in work until the gate is open; then does what the test wants of it."""

    def __init__(self, behave: Callable[[Counted, Lease], Any] | None = None) -> None:
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.at_once = self.most_at_once = 0
        self._behave = behave

    async def work(self, row: Counted, lease: Lease) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        try:
            await self.gate.wait()
            if self._behave is not None:
                await self._behave(row, lease)
        finally:
            self.at_once -= 1
        return "done"


async def drained(stage: Any, engine: AsyncEngine, limits: Limits = LIMITS, **more: Any) -> Tally:
    tally, slots = Tally(), asyncio.Semaphore(limits.concurrency)
    given = {"allowance": Allowance(None), "stop": Stop.never(), "slots": slots, **more}
    await drain(stage, engine, limits, tally=tally, **given)
    return tally


def queue_domains(sql: Sql, count: int) -> None:
    sql("INSERT INTO domains (domain) SELECT 'd' || n || '.example' FROM generate_series(1, %s::int) n", count)


async def reached(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_rows_in_work_are_bounded_and_the_next_are_there_already(engine: AsyncEngine, sql: Sql) -> None:
    queue_domains(sql, 100)
    stage = Gated()
    working = asyncio.create_task(drained(stage, engine))
    await reached(lambda: stage.at_once == LIMITS.concurrency)
    [claimed] = sql("SELECT count(*) AS n FROM domains WHERE status = 'Processing'")
    assert LIMITS.concurrency < claimed["n"] <= LIMITS.concurrency + LIMITS.batch
    stage.gate.set()
    assert (await working).completed == 100
    assert stage.most_at_once == LIMITS.concurrency


async def test_no_place_among_the_rows_in_work_leaks(engine: AsyncEngine, sql: Sql) -> None:
    """Whatever ends a row's work gives its place back."""
    ends = [TransientError("http-503", "x", retry_after=60), PermanentError("http-404", "x"), ZeroDivisionError("bug")]

    async def end(row: Counted, lease: Lease) -> None:
        number = int(row.domain.removesuffix(".example")[1:])
        if number % 5 == 4:
            await asyncio.Event().wait()
        if number % 5 == 3:
            sql("UPDATE domains SET scan_claim = gen_random_uuid() WHERE id = %s", row.id)
        elif number % 5 < 3:
            raise ends[number % 5]

    queue_domains(sql, 50)
    stage, slots = Gated(end), asyncio.Semaphore(LIMITS.concurrency)
    stage.gate.set()
    limits = replace(LIMITS, row_timeout=0.3, retries=Retries(1, 0.01, 0.01))
    tally = await drained(stage, engine, limits, slots=slots)
    assert (tally.claimed, tally.lost, tally.failed) == (50, 10, 40)
    assert slots._value == LIMITS.concurrency


@contextmanager
def parameters_sent(engine: AsyncEngine) -> Iterator[list[Any]]:
    """Every value that goes to the database while the block lasts."""
    sent: list[Any] = []

    def remember(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        for each in parameters if many else [parameters]:
            sent.extend(each.values() if isinstance(each, dict) else each or ())

    event.listen(engine.sync_engine, "before_cursor_execute", remember)
    yield sent
    event.remove(engine.sync_engine, "before_cursor_execute", remember)


async def test_no_clock_of_a_pod_reaches_the_queue(
    engine: AsyncEngine, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims, heartbeats, chunks, retries, deferrals and settles send durations, never a moment."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 7 * 3600)

    async def linger(row: Counted, lease: Lease) -> None:
        await asyncio.sleep(0.5)
        async with lease.transaction() as session:
            await session.execute(text("SELECT 1"))
        if row.id.int % 3 == 0:
            raise TransientError("http-503", "x", retry_after=60)

    queue_domains(sql, 60)
    stage = Gated(linger)
    stage.row = CountedOfFewHosts
    stage.gate.set()
    limits = replace(LIMITS, lease=1.0, concurrency=20, sharing=Sharing(at_once=8, pace=0.01))
    with parameters_sent(engine) as sent:
        tally = await drained(stage, engine, limits)
    assert tally.completed + tally.retried == 60
    assert len(sent) > 60
    assert not [value for value in sent if isinstance(value, date | datetime)]
    assert not [value for value in sent if isinstance(value, float) and value > 100_000]
    [due] = sql("SELECT count(*) AS n FROM domains WHERE scan_due_at > now() + interval '2 minutes'")
    assert due["n"] == 0


async def test_a_run_holds_two_connections_and_no_long_transaction(site: OneSite, database_url: str, sql: Sql) -> None:
    """During the import of a sitemap of 50,000 URLs; a second, or what the machine needs to write a chunk 20 times."""
    listed = "".join(f"<url><loc>{url(n)}</loc></url>" for n in range(50_000))
    site.serve(sitemap_xml=Answer(content_type="application/xml", body=f"<urlset>{listed}</urlset>".encode()))
    sql("INSERT INTO domains (domain, scan_due_at) VALUES ('site.example', 'infinity')")
    sql(
        "INSERT INTO sitemap_files (domain_id, tenant_id, url, sitemap_type, deep_scrape_curation_status)"
        " SELECT id, tenant_id, %s, 'standard', 'Selected' FROM domains",
        MAP,
    )
    process = await start("sitemap-import", environment_of_services())
    sampled: list[dict[str, Any]] = []
    watch = """SELECT count(*) AS open, count(xact_start) AS busy,
        coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 AS oldest
        FROM pg_stat_activity WHERE application_name = 'scrapersky' AND datname = current_database()"""
    ended = asyncio.create_task(process.communicate())
    while not ended.done():
        sampled += sql(watch)
        await asyncio.sleep(0.01)
    assert process.returncode == 0, (await ended)[1].decode()
    assert sql("SELECT count(*) AS n FROM pages") == [{"n": 50_000}]
    assert max(each["open"] for each in sampled) <= 2
    assert any(each["busy"] for each in sampled)
    assert max(each["oldest"] for each in sampled) < max(1.0, 20 * seconds_to_write(sql, 5_000))


def environment_of_services() -> dict[str, str]:
    """What the fixture set."""
    return {name: value for name, value in os.environ.items() if name.startswith(("FETCH_", "DATABASE_", "PLACES_"))}


def seconds_to_write(sql: Sql, rows: int) -> float:
    began = time.monotonic()
    sql("CREATE TABLE written AS SELECT n, md5(n::text) AS hash FROM generate_series(1, %s::int) n", rows)
    sql("CREATE UNIQUE INDEX ON written (hash)")
    return time.monotonic() - began


async def test_rows_in_work_do_not_hold_vacuum_back(engine: AsyncEngine, database_url: str, sql: Sql) -> None:
    queue_domains(sql, 300)
    stage = Gated()
    working = asyncio.create_task(drained(stage, engine))
    await stage.begun.wait()
    sql("UPDATE domains SET notes = 'dead' WHERE status = 'Queued'")
    said: list[str] = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        connection.execute("VACUUM (VERBOSE) domains")
    stage.gate.set()
    await working
    [removed] = [words for words in said if "public.domains" in words and "dead" in words]
    assert " 0 are dead but not yet removable" in removed


def test_vacuum_is_told_to_keep_up_with_every_queue(sql: Sql) -> None:
    rows = sql("SELECT relname AS name, array_to_string(reloptions, ',') AS told FROM pg_class WHERE relkind = 'r'")
    told = {row["name"]: row["told"] or "" for row in rows}
    for queue in QUEUES.values():
        assert "autovacuum_vacuum_threshold=20000" in told[queue.table]
        assert "autovacuum_vacuum_scale_factor=0," in told[queue.table]
        assert "fillfactor=70" in told[queue.table]


async def test_a_pods_name_used_again_is_another_run(tmp_path: Path, database_url: str, sql: Sql) -> None:
    """A StatefulSet's pod bears the name of the one that died; what that one had in work is not the new one's."""
    async with caught(STEPS[0], tmp_path, database_url, sql, start=as_pod("pod-0")) as (process, gate, environment):
        sql("UPDATE domains SET scan_due_at = now() + interval '1 hour'")
        process.kill()
        await process.wait()
        gate.open.set()
        code, words = await run("domain-scheduler", {**environment, "POD_NAME": "pod-0"})
        assert code == 0, words
    assert sql("SELECT status::text, scan_attempts AS n FROM domains") == [{"status": "Processing", "n": 1}]
    runs = sql("SELECT pod, claimed, failed, finished_at IS NOT NULL AS ended FROM service_runs ORDER BY started_at")
    assert runs == [
        {"pod": "pod-0", "claimed": 0, "failed": 0, "ended": False},
        {"pod": "pod-0", "claimed": 0, "failed": 0, "ended": True},
    ]


def as_pod(name: str) -> Any:
    async def start_as(service: str, environment: dict[str, str]) -> Any:
        return await start(service, {**environment, "POD_NAME": name})

    return start_as


async def test_the_oldest_snapshot_is_a_metric(database_url: str, sql: Sql, pushgateway: Pushgateway) -> None:
    with psycopg.connect(database_url) as forgotten:
        forgotten.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        forgotten.execute("SELECT 1")
        code, words = await run("sitemap-import", {"DATABASE_URL": database_url, "PUSHGATEWAY_URL": pushgateway.url})
    assert code == 0, words
    age = pushgateway.value("scrapersky_oldest_snapshot_age_seconds")
    assert age is not None
    assert age > 0
