"""Claims: due rows, many at once, and rows whose workers died, one at a time.

A row whose lease ran out `SUSPECT` times is suspected of killing its worker. It is worked alone, so that it takes no
other with it; and only a worker that dies alone with its row is evidence enough to give that row up. Whether a claim
was shared is written in its fencing token: of version 8 (RFC 9562), where the token of a row that is alone has 4.
"""

from collections.abc import Sequence
from dataclasses import fields
from time import monotonic
from typing import Any, Generic, NamedTuple
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.queue import statements
from scrapersky.queue.patience import patiently
from scrapersky.queue.stage import Result, Row, Stage
from scrapersky.queue.tally import Tally

log = structlog.get_logger()

FRONT = 1.0
"""Seconds after which a claim begins at the front again: rows may have come there, or been locked by somebody else."""
VERSION_BITS = 0xF000 << 64
VERSION_8 = 0x8000 << 64


class Claimed(NamedTuple, Generic[Row]):
    """A row that is ours until its lease runs out, unless the claim gave it up."""

    row: Row
    token: UUID
    attempt: int
    given_up: bool


class Claimer(Generic[Row, Result]):
    """Claims a stage's rows.

    Args:
        stage: Says which queue, and what to read of a row.
        engine: Where from.
        lease: Length of a lease in seconds; also how long to wait for a database that is away.
        max_attempts: Claims of a row after which it is given up, if its worker died in the last.
        tally: Counts the claims, and the rows that are given up.
    """

    def __init__(
        self, stage: Stage[Row, Result], engine: AsyncEngine, *, lease: float, max_attempts: int, tally: Tally
    ) -> None:
        self._stage = stage
        self._statements = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._lease = lease
        self._max_attempts = max_attempts
        self._tally = tally
        columns = [field.name for field in fields(stage.row)]  # type: ignore[arg-type]
        self._from_the_front = statements.claim(stage.queue, columns)
        self._onwards = statements.claim(stage.queue, columns, onwards=True)
        self._alone = statements.claim_suspect(stage.queue, columns)
        self._stopped_at: tuple[str, UUID | int] | None = None
        self._front_at = monotonic()

    async def claim(self, limit: int) -> list[Claimed[Row]]:
        """Take due rows, oldest first, leaving suspects where they are.

        A claim goes on where the one before it stopped, if that was full and within `FRONT` seconds of one that began
        at the front of the queue. An empty answer is always that of the whole queue.

        Raises:
            DatabaseUnavailableError: The database was away for longer than a lease.
        """
        token = shared_token()
        rows: Sequence[Sequence[Any]] = []
        if self._stopped_at is not None and monotonic() < self._front_at + FRONT:
            rows = await self._take(self._onwards, token, limit, self._stopped_at)
        if not rows:
            self._front_at = monotonic()
            rows = await self._take(self._from_the_front, token, limit)
        claimed = [self._read(token, status, attempts, values) for status, attempts, _, _, *values in rows]
        last = ((row[3], each.row.id) for row, each in zip(rows, claimed, strict=True) if row[3] is not None)
        self._stopped_at = next(last, None) if len(rows) == limit else None
        self._tally.claim(len(rows), rescued=sum(row[2] for row in rows))
        return claimed

    async def defer(self, claimed: Sequence[Claimed[Row]], delays: Sequence[float]) -> None:
        """Put back rows of one claim as if it had not taken them, each due after its delay in seconds.

        Raises:
            DatabaseUnavailableError: The database was away for longer than a lease.
        """
        values = {"token": claimed[0].token, "ids": [each.row.id for each in claimed], "delays": list(delays)}

        async def put_back() -> None:
            async with self._statements.connect() as connection:
                await connection.exec_driver_sql(statements.defer(self._stage.queue), values)

        await patiently(put_back, seconds=self._lease)
        self._tally.claimed -= len(claimed)

    async def claim_suspect(self) -> Claimed[Row] | None:
        """Take the oldest suspect among the rows due first, or give it up if its attempts are used up.

        Raises:
            DatabaseUnavailableError: The database was away for longer than a lease.
        """
        token = uuid4()
        for status, attempts, _, *values in await self._take(self._alone, token, 1):
            self._tally.claim(1, rescued=1)
            suspect = self._read(token, status, attempts, values)
            if suspect.given_up:
                self._tally.count("failed", cause="worker-lost")
                log.error(
                    "row-given-up", queue=self._stage.queue.name, row=str(suspect.row.id), attempts=suspect.attempt
                )
            return suspect
        return None

    def _read(self, token: UUID, status: str, attempts: int, values: Sequence[Any]) -> Claimed[Row]:
        return Claimed(self._stage.row(*values), token, attempts, given_up=status == "Error")

    async def _take(
        self, statement: str, token: UUID, limit: int, behind: tuple[str, UUID | int] | None = None
    ) -> Sequence[Sequence[Any]]:
        values = {"token": token, "lease": self._lease, "limit": limit, "max_attempts": self._max_attempts}
        if behind is not None:
            values |= {"was_due": behind[0], "last": behind[1]}

        async def take() -> Sequence[Sequence[Any]]:
            async with self._statements.connect() as connection:
                return (await connection.exec_driver_sql(statement, values)).all()

        return await patiently(take, seconds=self._lease)


def shared_token() -> UUID:
    """A fencing token for rows that are claimed together."""
    return UUID(int=uuid4().int & ~VERSION_BITS | VERSION_8)
