"""Claims: due rows, many at once, and rows whose workers died, one at a time.

A row whose lease ran out `SUSPECT` times is suspected of killing its worker. It is worked alone, so that it takes no
other with it; and only a worker that dies alone with its row is evidence enough to give that row up. Whether a claim
was shared is written in its fencing token: of version 8 (RFC 9562), where the token of a row that is alone has 4.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Generic, NamedTuple
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.queue import statements
from scrapersky.queue.patience import patiently
from scrapersky.queue.stage import Result, Row, Stage
from scrapersky.queue.tally import Tally

log = structlog.get_logger()

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
        self._shared = statements.claim(stage.queue, columns)
        self._alone = statements.claim_suspect(stage.queue, columns)

    async def claim(self, limit: int) -> list[Claimed[Row]]:
        """Take due rows, oldest first, leaving suspects where they are.

        Raises:
            DatabaseUnavailableError: The database was away for longer than a lease.
        """
        token = shared_token()
        rows = await self._take(self._shared, token, limit)
        self._tally.claim(len(rows), rescued=sum(rescued for _, _, rescued, *_ in rows))
        return [self._read(token, row) for row in rows]

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
        for row in await self._take(self._alone, token, 1):
            self._tally.claim(1, rescued=1)
            suspect = self._read(token, row)
            if suspect.given_up:
                self._tally.count("failed", cause="worker-lost")
                log.error(
                    "row-given-up", queue=self._stage.queue.name, row=str(suspect.row.id), attempts=suspect.attempt
                )
            return suspect
        return None

    def _read(self, token: UUID, row: Sequence[Any]) -> Claimed[Row]:
        status, attempts, _, *values = row
        return Claimed(self._stage.row(*values), token, attempts, given_up=status == "Error")

    async def _take(self, statement: str, token: UUID, limit: int) -> Sequence[Sequence[Any]]:
        values = {"token": token, "lease": self._lease, "limit": limit, "max_attempts": self._max_attempts}

        async def take() -> Sequence[Sequence[Any]]:
            async with self._statements.connect() as connection:
                return (await connection.exec_driver_sql(statement, values)).all()

        return await patiently(take, seconds=self._lease)


def shared_token() -> UUID:
    """A fencing token for rows that are claimed together."""
    return UUID(int=uuid4().int & ~VERSION_BITS | VERSION_8)
