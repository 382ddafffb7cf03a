"""The drain on a real PostgreSQL: what every row comes to, whatever its work does."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from scrapersky.errors import ConfigurationError, LeaseLostError, PermanentError, TransientError
from scrapersky.queue.drain import drain
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.queues import DOMAINS
from scrapersky.queue.settle import Retries
from scrapersky.queue.stage import Lease, OwnColumns
from scrapersky.queue.tally import Tally

LIMITS = Limits(
    batch=10,
    concurrency=4,
    lease=30,
    row_timeout=20,
    grace=0.2,
    retries=Retries(3, base_seconds=60, ceiling_seconds=600),
)


@dataclass(frozen=True)
class DomainRow:
    id: UUID
    domain: str


class Naming:
    """The work of a stage that finds each domain's title, or does what the test wants of a row."""

    queue = DOMAINS
    row = DomainRow

    def __init__(self, behave: Callable[[DomainRow, Lease], Any] | None = None) -> None:
        self.worked: list[str] = []
        self._behave = behave

    async def work(self, row: DomainRow, lease: Lease) -> str:
        self.worked.append(row.domain)
        if self._behave is not None:
            await self._behave(row, lease)
        return f"title of {row.domain}"


class Titling(Naming):
    """Writes titles in the transaction of the settle."""

    async def settle(self, session: AsyncSession, results: Sequence[tuple[DomainRow, str]]) -> None:
        for row, title in results:
            await session.execute(text("UPDATE domains SET title = :t WHERE id = :id"), {"t": title, "id": row.id})


class TitlingInOne(Naming):
    """Writes titles in the statement that completes the rows."""

    settle = OwnColumns[str](lambda title: {"title": title}, "title text", "title = found.title")


async def queue_domains(engine: AsyncEngine, count: int) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO domains (domain) SELECT 'd' || n || '.example' FROM generate_series(1, :n) n"),
            {"n": count},
        )


async def rows(
    engine: AsyncEngine, columns: str = "domain, status::text, scan_attempts, scan_error, title"
) -> list[Any]:
    async with engine.begin() as connection:
        return list(await connection.execute(text(f"SELECT {columns} FROM domains ORDER BY domain")))


async def execute(engine: AsyncEngine, sql: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(sql))


async def run(stage: Any, engine: AsyncEngine, limits: Limits = LIMITS, **more: Any) -> Tally:
    tally = more.pop("tally", None) or Tally()
    given = {"allowance": Allowance(None), "stop": Stop.never(), **more}
    await drain(stage, engine, limits, slots=asyncio.Semaphore(limits.concurrency), tally=tally, **given)
    return tally


BOTH = pytest.mark.parametrize("kind", [Titling, TitlingInOne])


@BOTH
async def test_works_every_due_row_once_and_writes_its_result(engine: AsyncEngine, kind: type[Naming]) -> None:
    await queue_domains(engine, 35)
    stage = kind()
    tally = await run(stage, engine)
    assert (tally.claimed, tally.completed) == (35, 35)
    assert len(stage.worked) == len(set(stage.worked)) == 35
    assert {(r.status, r.scan_attempts, r.title == f"title of {r.domain}") for r in await rows(engine)} == {
        ("Completed", 1, True)
    }


async def test_nothing_due_is_one_empty_claim(engine: AsyncEngine) -> None:
    assert await run(Titling(), engine) == Tally()


async def test_a_transient_failure_is_due_again_later_and_says_why(engine: AsyncEngine) -> None:
    async def fail(row: DomainRow, lease: Lease) -> None:
        raise TransientError("http-503", f"{row.domain} is overloaded", retry_after=100)

    await queue_domains(engine, 1)
    tally = await run(Titling(fail), engine)
    assert (tally.retried, tally.causes) == (1, {"http-503": 1})
    [row] = await rows(
        engine, "status::text, scan_attempts, scan_error, scan_due_at > now() + interval '90 s' AS later"
    )
    assert tuple(row) == ("Queued", 1, "http-503: d1.example is overloaded", True)


async def test_the_last_attempt_is_final(engine: AsyncEngine) -> None:
    async def fail(row: DomainRow, lease: Lease) -> None:
        raise TransientError("read-timeout", "silence")

    await queue_domains(engine, 1)
    for attempt in (1, 2, 3):
        tally = await run(Titling(fail), engine)
        assert (tally.retried, tally.failed) == ((1, 0) if attempt < 3 else (0, 1))
        await execute(engine, "UPDATE domains SET scan_due_at = now() - interval '1 s' WHERE scan_due_at IS NOT NULL")
    [row] = await rows(engine)
    assert (row.status, row.scan_attempts) == ("Error", 3)
    assert row.scan_error == "read-timeout: silence (given up after 3 attempts)"


async def test_a_permanent_failure_is_final_at_once(engine: AsyncEngine) -> None:
    async def fail(row: DomainRow, lease: Lease) -> None:
        raise PermanentError("dns-not-found", "no such name")

    await queue_domains(engine, 1)
    tally = await run(Titling(fail), engine)
    assert (tally.failed, tally.causes) == (1, {"dns-not-found": 1})
    assert [tuple(r) for r in await rows(engine)] == [("d1.example", "Error", 1, "dns-not-found: no such name", None)]


async def test_a_bug_fails_its_row_and_no_other(engine: AsyncEngine) -> None:
    async def stumble(row: DomainRow, lease: Lease) -> None:
        if row.domain == "d2.example":
            raise ZeroDivisionError("oops")

    await queue_domains(engine, 3)
    tally = await run(Titling(stumble), engine)
    assert (tally.completed, tally.failed) == (2, 1)
    bug = (await rows(engine))[1]
    assert bug.status == "Error"
    assert bug.scan_error.startswith("internal-error: ZeroDivisionError")


async def test_a_result_that_cannot_be_stored_spoils_only_its_own_row(engine: AsyncEngine) -> None:
    class Poisoned(Titling):
        async def settle(self, session: AsyncSession, results: Sequence[tuple[DomainRow, str]]) -> None:
            await super().settle(session, results)
            if any(row.domain == "d7.example" for row, _ in results):
                await session.execute(text("SELECT CAST('x' AS int)"))

    await queue_domains(engine, 9)
    tally = await run(Poisoned(), engine)
    assert (tally.completed, tally.failed) == (8, 1)
    poison = (await rows(engine))[6]
    assert (poison.domain, poison.status, poison.title) == ("d7.example", "Error", None)
    assert poison.scan_error.startswith("unstorable-result: the database refuses the result: invalid input syntax")


async def test_so_does_one_that_the_completion_would_have_written(engine: AsyncEngine) -> None:
    class Poisoned(TitlingInOne):
        async def work(self, row: DomainRow, lease: Lease) -> str:
            return "\x00" if row.domain == "d7.example" else await super().work(row, lease)

    await queue_domains(engine, 9)
    tally = await run(Poisoned(), engine)
    assert (tally.completed, tally.failed) == (8, 1)
    poison = (await rows(engine))[6]
    assert (poison.domain, poison.status, poison.title) == ("d7.example", "Error", None)
    assert poison.scan_error.startswith("unstorable-result: the database refuses the result: unsupported Unicode")


async def test_two_drains_share_500_rows_without_overlap(engine: AsyncEngine, settings: Any) -> None:
    from scrapersky.db.engine import create_engine

    await queue_domains(engine, 500)
    first, second, other = Titling(), Titling(), create_engine(settings)
    tallies = await asyncio.gather(run(first, engine), run(second, other))
    await other.dispose()
    assert sum(t.completed for t in tallies) == 500
    assert len(first.worked) + len(second.worked) == 500
    assert not set(first.worked) & set(second.worked)
    assert {r.scan_attempts for r in await rows(engine)} == {1}


@BOTH
async def test_a_stolen_row_is_not_settled(engine: AsyncEngine, kind: type[Naming]) -> None:
    async def be_robbed(row: DomainRow, lease: Lease) -> None:
        if row.domain == "d2.example":
            await execute(
                engine,
                "UPDATE domains SET scan_claim = gen_random_uuid(), title = 'the other worker'"
                " WHERE domain = 'd2.example'",
            )

    await queue_domains(engine, 3)
    tally = await run(kind(be_robbed), engine)
    assert (tally.completed, tally.lost) == (2, 1)
    first, stolen, third = await rows(engine)
    assert (stolen.status, stolen.title) == ("Processing", "the other worker")
    assert {(row.status, row.title == f"title of {row.domain}") for row in (first, third)} == {("Completed", True)}


async def test_a_row_requeued_by_anyone_is_lost_to_its_worker(engine: AsyncEngine) -> None:
    requeued = False

    async def requeue_once(row: DomainRow, lease: Lease) -> None:
        nonlocal requeued
        if not requeued:
            requeued = True
            await execute(engine, "UPDATE domains SET status = 'Queued'")

    await queue_domains(engine, 1)
    tally = await run(Titling(requeue_once), engine)
    assert (tally.claimed, tally.lost, tally.completed) == (2, 1, 1)


async def test_the_lease_of_long_work_is_renewed(engine: AsyncEngine) -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    async def linger(row: DomainRow, lease: Lease) -> None:
        started.set()
        await finish.wait()

    await queue_domains(engine, 1)
    limits = replace(LIMITS, lease=1.0)
    long_work = asyncio.create_task(run(Titling(linger), engine, limits))
    await started.wait()
    before = (await rows(engine, "scan_due_at"))[0].scan_due_at
    async with asyncio.timeout(10):
        while (await rows(engine, "scan_due_at"))[0].scan_due_at == before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await run(Titling(), engine, limits) == Tally()
    finish.set()
    assert (await long_work).completed == 1


async def test_work_is_interrupted_when_its_lease_is_lost(engine: AsyncEngine) -> None:
    started = asyncio.Event()

    async def never_end(row: DomainRow, lease: Lease) -> None:
        started.set()
        await asyncio.Event().wait()

    await queue_domains(engine, 1)
    working = asyncio.create_task(run(Titling(never_end), engine, replace(LIMITS, lease=1.0)))
    await started.wait()
    await execute(engine, "UPDATE domains SET status = 'Error'")
    async with asyncio.timeout(10):
        assert (await working).lost == 1


async def test_a_row_that_takes_too_long_is_retried(engine: AsyncEngine) -> None:
    async def never_end(row: DomainRow, lease: Lease) -> None:
        await asyncio.Event().wait()

    await queue_domains(engine, 1)
    tally = await run(Titling(never_end), engine, replace(LIMITS, row_timeout=0.1))
    assert tally.causes == {"row-timeout": 1}
    assert (await rows(engine))[0].status == "Queued"


async def test_a_stop_releases_what_waits_and_lets_finish_what_can(engine: AsyncEngine) -> None:
    started, finish, stop = asyncio.Event(), asyncio.Event(), Stop.never()

    async def linger(row: DomainRow, lease: Lease) -> None:
        if not started.is_set():
            started.set()
            await finish.wait()
        else:
            await asyncio.Event().wait()

    await queue_domains(engine, 10)
    working = asyncio.create_task(run(Titling(linger), engine, stop=stop))
    await started.wait()
    stop.now()
    finish.set()
    async with asyncio.timeout(10):
        tally = await working
    assert (tally.claimed, tally.completed, tally.released) == (10, 1, 9)
    after = await rows(engine, "domain, status::text, scan_attempts, scan_due_at <= clock_timestamp() AS due")
    assert sorted(tuple(r)[1:] for r in after) == [("Completed", 1, None)] + 9 * [("Queued", 0, True)]


async def test_a_row_that_keeps_killing_its_worker_is_given_up(engine: AsyncEngine) -> None:
    await queue_domains(engine, 1)
    await execute(
        engine, "UPDATE domains SET status = 'Processing', scan_attempts = 3, scan_due_at = now() - interval '1 s'"
    )
    stage = Titling()
    tally = await run(stage, engine)
    assert (tally.claimed, tally.failed, stage.worked) == (1, 1, [])
    [row] = await rows(engine)
    assert (row.status, row.scan_attempts) == ("Error", 3)
    assert row.scan_error.startswith("worker-lost: the worker died or lost its lease in each of 3 attempts")


async def test_a_row_whose_worker_died_is_rescued_when_its_lease_runs_out(engine: AsyncEngine) -> None:
    await queue_domains(engine, 2)
    await execute(
        engine,
        "UPDATE domains SET status = 'Processing', scan_attempts = 1, scan_claim = gen_random_uuid(),"
        " scan_due_at = now() + CASE domain WHEN 'd1.example' THEN interval '-1 s' ELSE interval '1 h' END",
    )
    stage = Titling()
    assert (await run(stage, engine)).completed == 1
    assert stage.worked == ["d1.example"]


async def test_an_allowance_is_never_exceeded(engine: AsyncEngine) -> None:
    await queue_domains(engine, 30)
    tally = await run(Titling(), engine, allowance=Allowance(13))
    assert (tally.claimed, tally.completed) == (13, 13)


async def test_a_paused_queue_is_not_claimed_from(engine: AsyncEngine) -> None:
    await queue_domains(engine, 1)
    await execute(engine, "INSERT INTO paused_queues (queue) VALUES ('domains')")
    assert await run(Titling(), engine) == Tally()
    await execute(engine, "DELETE FROM paused_queues")
    assert (await run(Titling(), engine)).completed == 1


async def test_oldest_due_first(engine: AsyncEngine) -> None:
    await queue_domains(engine, 5)
    await execute(
        engine, "UPDATE domains SET scan_due_at = now() - make_interval(secs => substr(domain, 2, 1)::int * 60)"
    )
    stage = Titling()
    await run(stage, engine, replace(LIMITS, batch=1, concurrency=1))
    assert stage.worked == [f"d{n}.example" for n in (5, 4, 3, 2, 1)]


async def test_output_in_chunks_is_fenced(engine: AsyncEngine) -> None:
    async def write_chunks(row: DomainRow, lease: Lease) -> None:
        async with lease.transaction() as session:
            await session.execute(text("UPDATE domains SET notes = 'first chunk'"))
        await execute(engine, "UPDATE domains SET scan_claim = gen_random_uuid()")
        async with lease.transaction() as session:
            await session.execute(text("UPDATE domains SET notes = 'second chunk'"))

    await queue_domains(engine, 1)
    stage = Titling(write_chunks)
    tally = await run(stage, engine)
    assert (tally.lost, tally.failed, tally.retried) == (1, 0, 0)
    assert (await rows(engine, "notes"))[0].notes == "first chunk"


async def test_a_lost_chunk_raises_lease_lost(engine: AsyncEngine) -> None:
    seen: list[type[BaseException]] = []

    async def write(row: DomainRow, lease: Lease) -> None:
        await execute(engine, "UPDATE domains SET scan_claim = gen_random_uuid()")
        try:
            async with lease.transaction():
                raise AssertionError("unreachable")
        except LeaseLostError as error:
            seen.append(type(error))
            raise

    await queue_domains(engine, 1)
    await run(Titling(write), engine)
    assert seen == [LeaseLostError]


async def test_a_wrong_configuration_blames_no_row(engine: AsyncEngine) -> None:
    async def refuse(row: DomainRow, lease: Lease) -> None:
        raise ConfigurationError("GOOGLE_MAPS_API_KEY: is not set")

    await queue_domains(engine, 12)
    tally = Tally()
    with pytest.raises(ConfigurationError, match="GOOGLE_MAPS_API_KEY"):
        await run(Titling(refuse), engine, tally=tally)
    assert tally.released == tally.claimed
    assert {tuple(r)[1:4] for r in await rows(engine)} == {("Queued", 0, None)}
