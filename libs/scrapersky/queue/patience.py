"""Waiting out a database that is away for a moment: a fail-over costs time, not rows."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from scrapersky.errors import DatabaseUnavailableError

log = structlog.get_logger()
Answer = TypeVar("Answer")

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError, DatabaseUnavailableError)
"""What a lost connection, a restarting server, a deadlock or a full pool raise: the transaction did not commit, or
nobody knows whether it did. So only what can be done twice may be retried."""


async def patiently(operation: Callable[[], Awaitable[Answer]], *, seconds: float) -> Answer:
    """Repeat an idempotent database operation until it succeeds.

    Args:
        operation: Opens its own transaction each time.
        seconds: How long to go on.

    Raises:
        DatabaseUnavailableError: When the database was away for longer than that.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + seconds
    ceiling = 0.1
    while True:
        try:
            return await operation()
        except DATABASE_AWAY as error:
            pause = random.uniform(0.05, ceiling)  # noqa: S311
            if loop.time() + pause > give_up_at:
                raise DatabaseUnavailableError(
                    f"the database was away for {seconds:.0f} s: {first_line(error)}"
                ) from error
            log.warning("database-away", error=first_line(error), next_try_in=round(pause, 2))
            await asyncio.sleep(pause)
            ceiling = min(ceiling * 2, 5.0)


def first_line(error: BaseException) -> str:
    """The message of an error without the SQL and parameters that SQLAlchemy appends."""
    original = getattr(error, "orig", None) or error
    return (str(original).strip() or type(original).__name__).splitlines()[0]
