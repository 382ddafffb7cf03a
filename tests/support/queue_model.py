"""The queue as a state machine: random claims, deaths and interventions on a real database, beside a model in memory.

Time is a rule like the others: leases are an hour long and back-offs too, and a rule lets one run out. So the model can
say after each step what every row must look like. Two workers share the queue; a third party uses SQL alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule
from psycopg.rows import dict_row
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.engine import create_engine
from scrapersky.errors import LeaseLostError, PermanentError, TransientError
from scrapersky.queue.claims import Claimed, Claimer
from scrapersky.queue.lease import HeldLease, LeaseKeeper
from scrapersky.queue.queues import DOMAINS
from scrapersky.queue.settle import Finished, Retries, Settler
from scrapersky.queue.stage import Lease
from scrapersky.queue.statements import SUSPECT
from scrapersky.queue.tally import Tally
from tests.support.counting_worker import CHUNK, COUNT, Counted
from tests.support.postgres import make_settings

HOUR = 3600.0
MAX_ATTEMPTS = 3
WORKERS = 2
Outcome = Literal["completed", "retried", "failed"]

ROWS = """SELECT id, status::text, scan_attempts AS attempts, scan_claim AS claim, title, description,
    scan_due_at <= clock_timestamp() AS due, split_part(scan_error, ':', 1) AS error,
    coalesce(total_sitemaps, 0) AS settled FROM domains"""
REQUEUE = """UPDATE domains SET status = 'Queued', scan_due_at = clock_timestamp(), scan_attempts = 0,
    scan_claim = NULL, scan_error = NULL WHERE id = %s"""
CANCEL = """UPDATE domains SET status = 'Error', scan_error = 'cancelled: by an operator', scan_claim = NULL,
    scan_due_at = NULL WHERE id = %s AND status IN ('Queued', 'Processing')"""


@dataclass
class Expected:
    """What a row must look like; ``since`` orders the moments at which rows became due."""

    status: str = "Queued"
    attempts: int = 0
    claim: UUID | None = None
    due: bool | None = True
    error: str | None = None
    settled: int = 0
    title: str | None = None
    description: str | None = None
    since: int = 0
    shared: bool = False

    def columns(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name not in {"since", "shared"}}

    @property
    def is_suspect(self) -> bool:
        return self.status == "Processing" and self.attempts >= SUSPECT

    def queue_again(self, since: int) -> None:
        self.status, self.attempts, self.claim, self.error = "Queued", 0, None, None
        self.due, self.since = True, since

    def end(self, status: str, error: str | None) -> None:
        self.status, self.error, self.due = status, error, None


@dataclass
class Worker:
    """One pod's side of the queue."""

    claimer: Claimer[Counted, str]
    keeper: LeaseKeeper
    settler: Settler[Counted, str]


@dataclass(eq=False)
class Held:
    """A row that a worker believes to have."""

    worker: Worker
    row: Counted
    lease: HeldLease = field(repr=False)


class Marking:
    """A stage that marks a row with the token that settles it."""

    queue = DOMAINS
    row = Counted

    async def work(self, row: Counted, lease: Lease) -> str:
        raise NotImplementedError

    async def settle(self, session: AsyncSession, results: Sequence[tuple[Counted, str]]) -> None:
        for row, mark in results:
            await session.execute(text(COUNT), {"mark": mark, "id": row.id})


class QueueMachine(RuleBasedStateMachine):
    """Rules are what may happen to a queue; the invariant is that the database is as the model says."""

    held: Bundle[Held] = Bundle("held")

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._runner = asyncio.Runner()
        self._engine = create_engine(make_settings(url))
        self._sql = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self._sql.execute("DELETE FROM domains")
        self._sql.execute("DELETE FROM paused_queues")
        self._workers = [self._start_worker() for _ in range(WORKERS)]
        self._model: dict[UUID, Expected] = {}
        self._moment = 0
        self._is_paused = False

    def teardown(self) -> None:
        self._sql.close()
        self._runner.run(self._engine.dispose())
        self._runner.close()

    def _start_worker(self) -> Worker:
        tally, stage = Tally(), Marking()
        claimer = Claimer(stage, self._engine, lease=HOUR, max_attempts=MAX_ATTEMPTS, tally=tally)
        retries = Retries(MAX_ATTEMPTS, HOUR, HOUR)
        settler = Settler(stage, self._engine, retries=retries, patience=HOUR, tally=tally)
        return Worker(claimer, LeaseKeeper(DOMAINS, self._engine, HOUR), settler)

    def _next_moment(self) -> int:
        self._moment += 1
        return self._moment

    # What workers do

    @rule(target=held, worker=st.integers(0, WORKERS - 1), limit=st.integers(1, 4))
    def claim(self, worker: int, limit: int) -> Any:
        """The oldest due rows, never more than asked for, never a suspect, nothing of a paused queue."""
        me = self._workers[worker]
        claimed = sorted(self._runner.run(me.claimer.claim(limit)), key=lambda each: str(each.row.id))
        due = [row for row in self._model.values() if row.due and not row.is_suspect and not self._is_paused]
        taken = [self._model[each.row.id] for each in claimed]
        assert len(taken) == min(limit, len(due))
        assert all(row in due for row in taken)
        left = [row.since for row in due if not any(row is each for each in taken)]
        assert not left or not taken or max(row.since for row in taken) <= min(left)
        for row in taken:
            row.attempts += 1
        return multiple(*(self._hold(me, each, shared=True) for each in claimed))

    @rule(target=held, worker=st.integers(0, WORKERS - 1))
    def claim_suspect(self, worker: int) -> Any:
        """The oldest suspect, alone; or its end, if its attempts are used up and it was alone before."""
        me = self._workers[worker]
        found = self._runner.run(me.claimer.claim_suspect())
        suspects = [row for row in self._model.values() if row.due and row.is_suspect and not self._is_paused]
        if found is None:
            assert not suspects
            return multiple()
        row = self._model[found.row.id]
        assert row in suspects
        assert row.since == min(each.since for each in suspects)
        assert found.given_up == (row.attempts >= MAX_ATTEMPTS and not row.shared)
        if found.given_up:
            row.claim = found.token
            row.end("Error", "worker-lost")
            return multiple()
        row.attempts = min(row.attempts + 1, MAX_ATTEMPTS)
        return self._hold(me, found, shared=False)

    def _hold(self, worker: Worker, claimed: Claimed[Counted], *, shared: bool) -> Held:
        row = self._model[claimed.row.id]
        row.status, row.claim, row.due, row.shared = "Processing", claimed.token, False, shared
        return Held(worker, claimed.row, worker.keeper.take(claimed.row.id, claimed.token, claimed.attempt))

    def _is_ours(self, held: Held) -> bool:
        row = self._model[held.row.id]
        return row.status == "Processing" and row.claim == held.lease.token

    @rule(worker=st.integers(0, WORKERS - 1))
    def heartbeat(self, worker: int) -> None:
        """Renews what is still ours, though its lease ran out; what is not is lost."""
        keeper = self._workers[worker].keeper
        self._runner.run(keeper._beat())
        for lease in keeper._held.values():
            row = self._model[UUID(str(lease.row_id))]
            if row.status == "Processing" and row.claim == lease.token:
                row.due = False
            else:
                assert lease.interrupted == "lost"

    @rule(held=held)
    def write_a_chunk(self, held: Held) -> None:
        """Only the holder may write."""

        async def write() -> None:
            async with held.lease.transaction() as session:
                await session.execute(text(CHUNK), {"mark": str(held.lease.token), "id": held.row.id})

        row, ours = self._model[held.row.id], self._is_ours(held)
        try:
            self._runner.run(write())
        except LeaseLostError:
            assert not ours
        else:
            assert ours
            row.due, row.description = False, str(held.lease.token)

    @rule(first=held, second=held, outcomes=st.tuples(*[st.sampled_from(["completed", "retried", "failed"])] * 2))
    def settle(self, first: Held, second: Held, outcomes: tuple[Outcome, Outcome]) -> None:
        """A batch of two, or twice the same: also rows that were lost long ago, or settled before."""
        batch = {held.row.id: (held, outcome) for held, outcome in zip((first, second), outcomes, strict=True)}
        expected = [(held, outcome) for held, outcome in batch.values() if self._is_ours(held)]
        self._runner.run(first.worker.settler.settle([finished(*each) for each in batch.values()]))
        for held, outcome in expected:
            row, mark = self._model[held.row.id], str(held.lease.token)
            if outcome == "completed":
                row.settled, row.title = row.settled + 1, mark
                row.end("Completed", None)
            elif outcome == "retried" and row.attempts < MAX_ATTEMPTS:
                row.status, row.error, row.due = "Queued", "http-503", False
            else:
                row.end("Error", "http-503" if outcome == "retried" else "http-404")

    @rule(worker=st.integers(0, WORKERS - 1), delay=st.sampled_from([0.0, HOUR]))
    def claim_and_defer(self, worker: int, delay: float) -> None:
        """As if it had not been claimed, but for its turn."""
        me = self._workers[worker]
        claimed = self._runner.run(me.claimer.claim(1))
        for each in claimed:
            self._runner.run(me.claimer.defer([each], [delay]))
            row = self._model[each.row.id]
            row.status, row.claim, row.due, row.since = "Queued", each.token, delay == 0, self._next_moment()

    @rule(held=held)
    def release(self, held: Held) -> None:
        """Given back: due at once, the attempt refunded."""
        ours = self._is_ours(held)
        self._runner.run(held.worker.settler.release([held.lease]))
        if ours:
            row = self._model[held.row.id]
            row.status, row.attempts, row.due, row.since = "Queued", row.attempts - 1, True, self._next_moment()

    @rule(worker=st.integers(0, WORKERS - 1))
    def die(self, worker: int) -> None:
        """Its rows stay as they are. That a late write of its comes after all is what `held` is for."""
        self._workers[worker] = self._start_worker()

    # What anyone may do, with SQL alone

    @rule(count=st.integers(1, 3))
    def insert(self, count: int) -> None:
        ids, since = [UUID(int=len(self._model) + n) for n in range(count)], self._next_moment()
        self._sql.execute("INSERT INTO domains (id, domain) SELECT i, i || '.example' FROM unnest(%s::uuid[]) i", [ids])
        self._model |= {key: Expected(since=since) for key in ids}

    @precondition(lambda self: any(row.due is False for row in self._model.values()))
    @rule(choice=st.randoms(use_true_random=False), for_all=st.booleans())
    def time_passes(self, choice: Any, *, for_all: bool) -> None:
        """Leases run out, and back-offs end; or one of them does."""
        waiting = [key for key, row in self._model.items() if row.due is False]
        chosen, since = waiting if for_all else [choice.choice(waiting)], self._next_moment()
        self._sql.execute("UPDATE domains SET scan_due_at = now() WHERE id = ANY(%s)", [chosen])
        for key in chosen:
            self._model[key].due, self._model[key].since = True, since

    @precondition(lambda self: self._model)
    @rule(choice=st.randoms(use_true_random=False), by_status_alone=st.booleans())
    def requeue(self, choice: Any, *, by_status_alone: bool) -> None:
        """As the command does, or as a person who knows no more than the status column."""
        key = choice.choice([*self._model])
        row = self._model[key]
        statement = "UPDATE domains SET status = 'Queued' WHERE id = %s" if by_status_alone else REQUEUE
        self._sql.execute(statement.encode(), [key])
        if not (by_status_alone and row.status == "Queued"):
            row.queue_again(self._next_moment())

    @precondition(lambda self: self._model)
    @rule(choice=st.randoms(use_true_random=False))
    def cancel(self, choice: Any) -> None:
        key = choice.choice([*self._model])
        self._sql.execute(CANCEL, [key])
        row = self._model[key]
        if row.status in {"Queued", "Processing"}:
            row.claim = None
            row.end("Error", "cancelled")

    @precondition(lambda self: not self._is_paused)
    @rule()
    def pause(self) -> None:
        self._sql.execute("INSERT INTO paused_queues (queue) VALUES ('domains')")
        self._is_paused = True

    @precondition(lambda self: self._is_paused)
    @rule()
    def resume(self) -> None:
        self._sql.execute("DELETE FROM paused_queues")
        self._is_paused = False

    @invariant()
    def the_database_is_as_the_model_says(self) -> None:
        found = {row.pop("id"): row for row in self._sql.execute(ROWS).fetchall()}
        assert found == {key: row.columns() for key, row in self._model.items()}


def finished(held: Held, outcome: Outcome) -> Finished[Counted, str]:
    failures = {
        "retried": TransientError("http-503", "busy", retry_after=HOUR),
        "failed": PermanentError("http-404", "no"),
    }
    if outcome == "completed":
        return Finished(held.row, held.lease, result=str(held.lease.token))
    return Finished(held.row, held.lease, failure=failures[outcome])
