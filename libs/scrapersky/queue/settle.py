"""Settling: finished rows, their results and their new statuses, together or not at all (AMQP 1.0 §2.6.12)."""

import json
import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scrapersky.db.engine import get_background_session
from scrapersky.errors import PermanentError, TransientError, WorkError
from scrapersky.queue import backoff, statements
from scrapersky.queue.lease import HeldLease
from scrapersky.queue.patience import DATABASE_AWAY, first_line, patiently
from scrapersky.queue.stage import OwnColumns, Result, Row, Stage
from scrapersky.queue.tally import Tally

log = structlog.get_logger()

LONGEST_ERROR = 2_000


@dataclass(frozen=True)
class Retries:
    """When a transient failure is due again, and when it is final."""

    max_attempts: int
    base_seconds: float
    ceiling_seconds: float


@dataclass
class Finished(Generic[Row, Result]):
    """A row whose work ended: with ``failure`` set, or with ``result``."""

    row: Row
    lease: HeldLease
    result: Result | None = None
    failure: Exception | None = None


class Settler(Generic[Row, Result]):
    """Writes what became of a stage's rows.

    Args:
        stage: Writes the results of its completed rows.
        engine: Where to.
        retries: For transient failures.
        patience: Seconds to wait for a database that is away.
        tally: Counts the outcomes.
    """

    def __init__(
        self, stage: Stage[Row, Result], engine: AsyncEngine, *, retries: Retries, patience: float, tally: Tally
    ) -> None:
        self._stage = stage
        self._queue = stage.queue
        self._engine = engine
        self._statements = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._retries = retries
        self._patience = patience
        self._tally = tally

    async def settle(self, batch: Sequence[Finished[Row, Result]]) -> None:
        """Settle a batch; on an error that its contents cause, row by row, so that a poison row spoils only itself.

        Raises:
            DatabaseUnavailableError: The database stayed away; the rows' leases will run out.
        """
        failed = [finished for finished in batch if finished.failure is not None]
        worked = [finished for finished in batch if finished.failure is None] if failed else batch
        if worked:
            await self._settle_worked(worked)
        if failed:
            await patiently(lambda: self._settle_failed(failed), seconds=self._patience)

    async def release(self, leases: Sequence[HeldLease]) -> None:
        """Give rows back unworked: due at once, the attempt refunded."""

        async def give_back() -> int:
            async with self._engine.begin() as connection:
                ours, _ = await self._lock(connection, leases)
                await connection.exec_driver_sql(statements.release(self._queue), {"ids": list(ours)})
                return len(ours)

        if leases:
            self._tally.count("released", await patiently(give_back, seconds=self._patience))

    async def _settle_worked(self, batch: Sequence[Finished[Row, Result]]) -> None:
        try:
            await patiently(lambda: self._complete(batch), seconds=self._patience)
        except DATABASE_AWAY:
            raise
        except Exception as error:  # noqa: BLE001
            if len(batch) > 1:
                log.info("settling-row-by-row", queue=self._queue.name, rows=len(batch), error=first_line(error))
                for finished in batch:
                    await self._settle_worked([finished])
            else:
                batch[0].failure = self._unstorable(error)
                await self.settle(batch)

    async def _complete(self, batch: Sequence[Finished[Row, Result]]) -> None:
        how = self._stage.settle
        if isinstance(how, OwnColumns):
            missing = await self._complete_with_columns(batch, how)
        else:
            async with get_background_session(self._engine) as session:
                missing = await self._fence(await session.connection(), statements.complete(self._queue), batch)
                survivors = [f for f in batch if f.lease not in missing] if missing else batch
                if survivors:
                    await how(session, [(f.row, f.result) for f in survivors])  # type: ignore[misc]
        settled_before = await self._settled_before(missing) if missing else 0
        self._tally.count("completed", len(batch) - len(missing) + settled_before)
        self._tally.count("lost", len(missing) - settled_before)

    async def _complete_with_columns(
        self, batch: Sequence[Finished[Row, Result]], columns: OwnColumns[Result]
    ) -> Collection[HeldLease]:
        results = [{"row_id": str(f.row.id), **columns.values(f.result)} for f in batch]  # type: ignore[arg-type]
        statement = statements.complete(self._queue, columns.typed, columns.assigned)
        async with self._statements.connect() as connection:
            return await self._fence(connection, statement, batch, results=json.dumps(results))

    async def _fence(
        self, connection: AsyncConnection, statement: str, batch: Sequence[Finished[Row, Result]], **values: object
    ) -> Collection[HeldLease]:
        """Complete the rows that are still ours; return the leases of the others."""
        leases = {str(finished.lease.row_id): finished.lease for finished in batch}
        tokens = _array(lease.token for lease in leases.values())
        answer = await connection.exec_driver_sql(statement, {"ids": _array(leases), "tokens": tokens, **values})
        ours = set(answer.scalars())
        return {lease for row_id, lease in leases.items() if row_id not in ours} if len(ours) < len(leases) else ()

    async def _settled_before(self, leases: Iterable[HeldLease]) -> int:
        async with self._engine.begin() as connection:
            _, settled_before = await self._lock(connection, list(leases))
        return len(settled_before)

    async def _settle_failed(self, batch: Sequence[Finished[Row, Result]]) -> None:
        tally = Tally()
        async with self._engine.begin() as connection:
            ours, settled_before = await self._lock(connection, [finished.lease for finished in batch])
            tally.count("lost", len(batch) - len(ours) - len(settled_before))
            for finished in batch:
                if finished.row.id in ours or finished.row.id in settled_before:
                    await self._settle_failure(connection, finished, tally, write=finished.row.id in ours)
        self._tally.add(tally)

    async def _lock(
        self, connection: AsyncConnection, leases: Sequence[HeldLease]
    ) -> tuple[set[UUID | int], set[UUID | int]]:
        """Lock the rows. Return those that are ours, and those that we settled before a COMMIT's answer got lost."""
        tokens = {lease.row_id: lease.token for lease in leases}
        answer = await connection.exec_driver_sql(statements.lock(self._queue), {"ids": list(tokens)})
        ours: set[UUID | int] = set()
        settled_before: set[UUID | int] = set()
        rows: Sequence[Any] = answer.all()
        for row_id, token, in_work in rows:
            if token == tokens[row_id]:
                (ours if in_work else settled_before).add(row_id)
        return ours, settled_before

    async def _settle_failure(
        self, connection: AsyncConnection, finished: Finished[Row, Result], tally: Tally, *, write: bool
    ) -> None:
        failure, attempt = finished.failure, finished.lease.attempt
        cause = failure.cause if isinstance(failure, WorkError) else "internal-error"
        final = not isinstance(failure, TransientError) or attempt >= self._retries.max_attempts
        tally.count("failed" if final else "retried", cause=cause)
        values: dict[str, object] = {"id": finished.row.id, "error": self._describe(failure, attempt)}
        if not write:
            return
        if final:
            await connection.exec_driver_sql(statements.fail(self._queue), values)
            return
        assert isinstance(failure, TransientError)  # noqa: S101
        values["delay"] = backoff.delay(
            attempt,
            base=self._retries.base_seconds,
            ceiling=self._retries.ceiling_seconds,
            chance=random.random(),  # noqa: S311
            retry_after=failure.retry_after,
        )
        await connection.exec_driver_sql(statements.retry(self._queue), values)

    def _describe(self, failure: Exception | None, attempt: int) -> str:
        text = str(failure) if isinstance(failure, WorkError) else f"internal-error: {failure!r}; a bug, see the log"
        if isinstance(failure, TransientError) and attempt >= self._retries.max_attempts:
            text += f" (given up after {attempt} attempts)"
        return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:LONGEST_ERROR]

    def _unstorable(self, error: Exception) -> Exception:
        if isinstance(error, DBAPIError):
            return PermanentError("unstorable-result", f"the database refuses the result: {first_line(error)}")
        log.error("settle-bug", queue=self._queue.name, exc_info=error)
        return error


def _array(keys: Iterable[UUID | str]) -> str:
    """An array as PostgreSQL reads it. The driver would write it too, at several times the cost."""
    return f"{{{','.join(map(str, keys))}}}"
