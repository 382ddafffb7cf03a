"""Steps outside the upgrade's one transaction: each waits for its locks briefly, again and again, and can be undone."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

TRIES = 8
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
BATCH = 10_000
ADOPTION_LOCK = 0x5C4A_ADD0

T = TypeVar("T")


class Steps:
    """What was done to a database so far, each step with the statement that undoes it.

    As a context manager it undoes all of them, last first, when its block raises. A process that is killed leaves
    additions that the old code does not notice; the next upgrade goes on from there.
    """

    def __init__(self, engine: Engine, lock_timeout: str) -> None:
        self._engine = engine
        self._lock_timeout = lock_timeout
        self._undoing: list[tuple[str, bool]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            return
        for statement, concurrently in reversed(self._undoing):
            (self.concurrently if concurrently else self.change)(statement)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that waits for a lock no longer than the lock timeout."""
        with self._engine.begin() as connection:
            connection.execute(text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": self._lock_timeout})
            yield connection

    def retried(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, in a transaction that is begun anew while others hold the locks it needs."""
        pause = FIRST_PAUSE
        for left in reversed(range(TRIES)):
            try:
                with self.transaction() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not left or not isinstance(error.orig, (LockNotAvailable, DeadlockDetected)):
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        raise AssertionError

    def change(self, statement: str, undo: str | None = None, *, parameters: dict[str, Any] | None = None) -> int:
        """Run a statement in a transaction of its own; return how many rows it changed."""
        changed = self.retried(lambda connection: connection.exec_driver_sql(statement, parameters).rowcount)
        if undo:
            self.undo(undo)
        return changed

    def undo(self, statement: str) -> None:
        """What undoes a step that was done otherwise."""
        self._undoing.append((statement, False))

    def concurrently(self, statement: str, undo: str | None = None) -> None:
        """Run a statement outside any transaction: it holds no lock that readers or writers wait for."""
        if undo:
            # Before, not after: an index that fails is left behind, invalid.
            self._undoing.append((undo, True))
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)

    def fill(self, table: str, assignment: str, condition: str) -> None:
        """Update the rows that meet a condition, a batch a transaction, until none does."""
        statement = (
            f"UPDATE {table} SET {assignment} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {condition}"  # noqa: S608
            f" LIMIT {BATCH} FOR UPDATE))"
        )
        while self.change(statement):
            pass


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Hold off other adoptions.

    Waiting is asking again: a session that waits inside a statement holds a snapshot, for which CREATE INDEX
    CONCURRENTLY would wait in turn. The holder's transaction has none while it is idle.
    """
    while True:
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            # Without parameters: theirs would go by the extended protocol, whose portal keeps its snapshot.
            if connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({ADOPTION_LOCK})").scalar():
                yield
                return
        time.sleep(FIRST_PAUSE)
