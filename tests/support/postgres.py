"""A real PostgreSQL: testcontainers' where a Docker engine has or gets the image, the embedded one elsewhere.

A template database is migrated once; each test gets a clone of its own, so that it may commit, and SKIP LOCKED be
tested.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.db.engine import create_engine
from scrapersky.db.migrations import upgrade
from scrapersky.embedded import FAST, EmbeddedPostgres
from scrapersky.settings import Settings
from tests.support.container import find_engine

IMAGE = "postgres:17"
Rows = list[dict[str, Any]]
_numbers = count(1)


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL; ``kind`` is embedded or container."""

    kind: str
    url: str

    def database(self, name: str) -> str:
        """URL of one of its databases."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)


def pytest_report_header() -> str:
    """Say which PostgreSQL the tests use, and why."""
    return "postgresql: {} ({})".format(*_choice())


@cache
def _choice() -> tuple[str, str]:
    forced = os.environ.get("SCRAPERSKY_TEST_DATABASE")
    if forced:
        return forced, "SCRAPERSKY_TEST_DATABASE says so"
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=5)
        if not client.images.list(name=IMAGE):
            client.images.pull(IMAGE)
    except (DockerException, OSError) as error:
        return "embedded", f"no container: {str(error)[:100]}"
    return "container", f"testcontainers, {IMAGE}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server of this test session."""
    kind, _ = _choice()
    if kind == "container":
        if find_engine() is None:
            pytest.skip("container engine: neither Docker nor Podman works here")
        from testcontainers.community.postgres import PostgresContainer

        fast = " ".join(f"-c {name}={value}" for name, value in {**FAST, "max_connections": "200"}.items())
        with PostgresContainer(IMAGE, driver=None).with_command(f"postgres {fast}") as container:
            yield Server(kind, container.get_connection_url())
    else:
        with EmbeddedPostgres(settings=FAST) as embedded:
            yield Server(kind, embedded.url)


@pytest.fixture(scope="session")
def template(postgres: Server) -> str:
    """Name of a migrated database without rows."""
    _execute(postgres.url, "CREATE DATABASE template_scrapersky")
    upgrade(make_settings(postgres.database("template_scrapersky")))
    return "template_scrapersky"


@pytest.fixture
def empty_database_url(postgres: Server) -> Iterator[str]:
    """A database without any table."""
    yield from _database(postgres, "template1")


@pytest.fixture
def database_url(postgres: Server, template: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    yield from _database(postgres, template)


def _database(postgres: Server, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _execute(postgres.url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield postgres.database(name)
    finally:
        _execute(postgres.url, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def make_settings(database_url: str, **more: Any) -> Settings:
    """Settings for a test: the loopback may be fetched, and nothing waits long."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "fetch_allow_networks": "127.0.0.0/8,::1/128",
        "fetch_host_delay": 0,
        "retry_base_seconds": 0.05,
        **more,
    }
    return Settings.model_validate(values)


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings for this test's database."""
    return make_settings(database_url)


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The engine a service would use."""
    engine = create_engine(settings)
    yield engine
    await engine.dispose()


@pytest.fixture
def sql(database_url: str) -> Iterator[Callable[..., Rows]]:
    """Run one statement outside any service, as a person with psql would: ``sql("SELECT %s", 1)`` or by name."""
    with psycopg.connect(database_url, autocommit=True, row_factory=dict_row) as connection:

        def run(statement: str, *values: object, **named: object) -> Rows:
            cursor = connection.execute(statement.encode(), values or named or None)
            return cursor.fetchall() if cursor.description else []

        yield run
