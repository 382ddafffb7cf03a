"""Sessions and migrations through a real PgBouncer in transaction mode."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db import migrations
from scrapersky.db.conninfo import conninfo
from scrapersky.db.engine import create_engine, get_background_session
from scrapersky.db.revision import HEAD
from scrapersky.db.schema import require_current
from tests.support.postgres import make_settings


async def backend(session: AsyncSession) -> int:
    return int((await session.scalars(text("SELECT pg_backend_pid()"))).one())


def test_an_empty_database_is_migrated_through_a_pooler(pooled_empty_url: str) -> None:
    settings = make_settings(pooled_empty_url)
    assert migrations.upgrade(settings) == (None, HEAD)
    assert migrations.upgrade(settings) == (HEAD, HEAD)
    assert migrations.missing(settings) == []


async def test_two_upgrades_at_once_through_a_pooler(pooled_empty_url: str) -> None:
    settings = make_settings(pooled_empty_url)
    both = await asyncio.gather(*(asyncio.to_thread(migrations.upgrade, settings) for _ in range(2)))
    assert sorted(both, key=str) == [(HEAD, HEAD), (None, HEAD)]


async def test_sessions_do_not_care_which_connection_they_are_lent(pooled_url: str) -> None:
    engines = [create_engine(make_settings(pooled_url)) for _ in range(3)]
    seen = []
    for n in range(30):
        await require_current(engines[n % 3])
        async with get_background_session(engines[n % 3]) as session:
            assert (await session.scalars(text("SELECT CAST(:n AS int)"), {"n": n})).one() == n
            seen.append(await backend(session))
    async with get_background_session(engines[0]) as first, get_background_session(engines[1]) as second:
        seen += [await backend(first), await backend(second)]
    assert len(set(seen)) == 2
    for engine in engines:
        await engine.dispose()


def test_plain_psycopg_comes_through_with_the_same_settings(pooled_url: str) -> None:
    with psycopg.connect(conninfo(make_settings(pooled_url)), prepare_threshold=None) as connection:
        assert connection.execute("SELECT current_setting('application_name')").fetchone() == ("scrapersky",)


async def test_the_pooler_would_break_prepared_statements(pooled_url: str) -> None:
    """Proves that this pooler is one that the other tests could fail behind."""

    async def prepare_in_turns() -> None:
        first, second = [await psycopg.AsyncConnection.connect(pooled_url, prepare_threshold=0) for _ in range(2)]
        async with first, second:
            for _ in range(3):
                for connection in (first, second):
                    await connection.execute("SELECT 1")
                    await connection.commit()

    with pytest.raises(psycopg.Error, match="prepared statement"):
        await prepare_in_turns()
