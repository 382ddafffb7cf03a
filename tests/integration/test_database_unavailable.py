"""What is said of a database that cannot be used: one line, where it is, why, and what to do; never the password."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.db.engine import create_engine, get_background_session
from scrapersky.db.migrations import current, missing, upgrade
from scrapersky.db.schema import require_current
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.settings import Settings
from tests.support.postgres import Server, make_settings

Sql = Callable[..., list[dict[str, Any]]]
REFUSAL = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "me"\0\0'


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_connection_that_breaks_is_said_and_replaced(engine: AsyncEngine, sql: Sql) -> None:
    async def be_cut() -> None:
        async with get_background_session(engine) as session:
            pid = (await session.scalars(text("SELECT pg_backend_pid()"))).one()
            sql("SELECT pg_terminate_backend(%s, 5000)", pid)
            await session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailableError, match="cannot be used"):
        await be_cut()
    async with get_background_session(engine) as session:
        assert (await session.scalars(text("SELECT 1"))).one() == 1


async def test_an_address_where_nobody_listens_is_said_in_one_line() -> None:
    port = unused_port()
    engine = create_engine(make_settings(f"postgresql://me:s3cret@127.0.0.1:{port}/sky"))
    with pytest.raises(DatabaseUnavailableError) as error:
        await require_current(engine)
    said = str(error.value)
    assert said.startswith(f"the database at 127.0.0.1:{port}/sky cannot be used: Connection refused; is it running")
    assert "s3cret" not in said
    assert "\n" not in said


async def test_a_silent_address_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        engine = create_engine(make_settings(f"postgresql://127.0.0.1:{port}/sky?connect_timeout=2"))
        with pytest.raises(DatabaseUnavailableError, match=r"cannot be used: connection timeout expired"):
            await require_current(engine)


@pytest.mark.parametrize(
    ("change", "explanation"),
    [
        ({"path": "nowhere"}, r'refuses: database "nowhere" does not exist; check user, password and name'),
        ({"query": "?sslmode=require"}, r"cannot be used: server does not support SSL"),
    ],
)
async def test_what_the_server_refuses_is_said(postgres: Server, change: dict[str, str], explanation: str) -> None:
    url = postgres.database(change.get("path", "postgres")) + change.get("query", "")
    with pytest.raises(DatabaseUnavailableError, match=explanation):
        await require_current(create_engine(make_settings(url)))


async def test_a_wrong_password_is_said_without_repeating_it() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(4), "big")
        await reader.readexactly(size - 4)
        writer.write(b"E" + (len(REFUSAL) + 4).to_bytes(4, "big") + REFUSAL)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"postgresql://me:s3cret@127.0.0.1:{port}/sky?sslmode=disable&gssencmode=disable"
        with pytest.raises(DatabaseUnavailableError, match=r"refuses: password authentication failed") as error:
            await require_current(create_engine(make_settings(url)))
    assert "s3cret" not in str(error.value)


async def test_a_missing_privilege_is_said(database_url: str, sql: Sql) -> None:
    sql("CREATE ROLE nobody_in_particular LOGIN PASSWORD 'pw'")
    try:
        url = make_url(database_url).set(username="nobody_in_particular", password="pw")
        engine = create_engine(make_settings(url.render_as_string(hide_password=False)))
        with pytest.raises(DatabaseUnavailableError, match=r"refuses: permission denied .*; grant it"):
            await require_current(engine)
        await engine.dispose()
    finally:
        sql("DROP ROLE nobody_in_particular")


async def test_a_current_schema_is_accepted(engine: AsyncEngine) -> None:
    await require_current(engine)


async def test_a_database_without_schema_is_said(empty_database_url: str) -> None:
    engine = create_engine(make_settings(empty_database_url))
    with pytest.raises(DatabaseUnavailableError, match=r"is not migrated.*run `scrapersky db upgrade`"):
        await require_current(engine)
    await engine.dispose()


async def test_another_revision_is_said(engine: AsyncEngine, sql: Sql) -> None:
    sql("UPDATE scrapersky_schema SET version_num = '0000'")
    with pytest.raises(DatabaseUnavailableError, match="is at revision 0000, this version needs"):
        await require_current(engine)


@pytest.mark.parametrize("operation", [upgrade, current, missing])
def test_migrations_say_it_alike(operation: Callable[[Settings], object]) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"cannot be used: Connection refused"):
        operation(make_settings(f"postgresql://127.0.0.1:{unused_port()}/sky"))
