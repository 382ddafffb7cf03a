"""A run whose connection breaks at any of its statements: it waits, or says that the database is away. It is no bug."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.errors import DatabaseUnavailableError
from scrapersky.run import Run
from scrapersky.settings import Settings
from tests.support.counting_worker import Counting
from tests.support.postgres import make_settings

Sql = Callable[..., list[dict[str, Any]]]
MOST_STATEMENTS = 40


@asynccontextmanager
async def counting(_: Settings) -> AsyncIterator[Sequence[Counting]]:
    yield [Counting()]


@contextmanager
def cut_at(number: int, engine: AsyncEngine, sql: Sql) -> Iterator[list[str]]:
    """Yields the statements so far; the connection of that one is gone when it is sent."""
    statements: list[str] = []

    def count(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)
        if len(statements) == number:
            sql("SELECT pg_terminate_backend(%s, 5000)", connection.connection.driver_connection.info.backend_pid)

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", count)


async def test_whatever_statement_finds_its_connection_gone(engine: AsyncEngine, database_url: str, sql: Sql) -> None:
    settings, said, statements = make_settings(database_url), [], ["the first"]
    sql("INSERT INTO domains (id, domain) VALUES (%s, 'a.example')", UUID(int=1))
    number = 0
    while len(statements) >= number:
        number += 1
        assert number < MOST_STATEMENTS
        sql("UPDATE domains SET status = 'Queued', total_sitemaps = NULL")
        with cut_at(number, engine, sql) as statements:
            try:
                await Run("domain-scheduler", settings, engine).drain(counting, None)
            except DatabaseUnavailableError as error:
                said.append(str(error))
        sql("UPDATE domains SET scan_due_at = now() WHERE status IN ('Queued', 'Processing')")
        await Run("domain-scheduler", settings, engine).drain(counting, None)
        [row] = sql("SELECT status::text, total_sitemaps AS settled, scan_due_at FROM domains")
        assert row == {"status": "Completed", "settled": 1, "scan_due_at": None}, statements[number - 1]
    assert said
