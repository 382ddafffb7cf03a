"""Adoption beside others: the old code that goes on reading and writing, and a second upgrade."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from scrapersky.db import migrations
from scrapersky.db.migrations import adoption
from scrapersky.db.migrations.adoption import duplicates, steps
from scrapersky.db.revision import HEAD
from scrapersky.settings import Settings
from tests.support import legacy
from tests.support.postgres import make_settings

MANY = int(os.environ.get("ADOPTION_PAGES", "100000"))
"""Pages of the adopted database; all of them belong to one doubled sitemap file."""
LONGEST_WAIT = 3.0
"""Seconds that the old code may wait for any of its statements, on a machine that does much else."""
WRITES = (
    "UPDATE domains SET notes = coalesce(notes, '') || 'x' WHERE domain = 'pending.example'",
    "UPDATE jobs SET progress = coalesce(progress, 0) + 1 WHERE id = 41",
    "UPDATE pages SET word_count = coalesce(word_count, 0) + 1 WHERE id = md5('page 5')::uuid",
    "SELECT count(*) FROM places_staging WHERE status = 'New'",
)


class OldCode(threading.Thread):
    """Reads and writes without pause, each statement a transaction."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.rounds = 0
        self.longest = 0.0
        self.begun = threading.Event()
        self.error: BaseException | None = None
        self._url = url
        self._stopped = threading.Event()

    def run(self) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                while not self._stopped.is_set():
                    self._write(connection)
                    self.rounds += 1
                    self.begun.set()
        except psycopg.Error as error:
            self.error = error
            self.begun.set()

    def _write(self, connection: psycopg.Connection) -> None:
        for statement in WRITES:
            start = time.monotonic()
            connection.execute(statement.encode())
            self.longest = max(self.longest, time.monotonic() - start)

    @contextmanager
    def working(self) -> Iterator[None]:
        """While the block runs, and at least once before it."""
        self.start()
        try:
            assert self.begun.wait(30)
            yield
        finally:
            self._stopped.set()
            self.join()


def value(url: str, sql: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def settings(empty_database_url: str) -> Settings:
    return make_settings(empty_database_url)


@pytest.mark.timeout(120 + MANY // 2_000)
def test_the_old_code_goes_on_and_none_of_its_writes_is_lost(settings: Settings, empty_database_url: str) -> None:
    legacy.build(empty_database_url, MANY)
    old_code = OldCode(empty_database_url)
    with old_code.working():
        assert migrations.upgrade(settings) == (None, HEAD)
    assert old_code.error is None
    assert old_code.longest < LONGEST_WAIT
    assert value(empty_database_url, "SELECT count(*) FROM pages") == MANY - legacy.DOUBLED_PAGES
    assert value(empty_database_url, "SELECT word_count FROM pages WHERE id = md5('page 5')::uuid") == old_code.rounds
    assert value(empty_database_url, "SELECT progress FROM jobs WHERE id = 41") == old_code.rounds
    assert value(empty_database_url, "SELECT length(notes) FROM domains WHERE notes IS NOT NULL") == old_code.rounds
    assert migrations.missing(settings) == []


def test_duplicates_that_come_while_the_index_is_built_are_merged_too(
    settings: Settings, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    legacy.build(empty_database_url)
    merge, said = duplicates._merge, list[str]()
    late = ["pages"]

    def merge_then_double(done: steps.Steps, table: str) -> int:
        merged = merge(done, table)
        if table in late:
            late.remove(table)
            done.change(
                "INSERT INTO pages (id, tenant_id, domain_id, url, created_at, updated_at) SELECT gen_random_uuid(),"
                " tenant_id, domain_id, url, now(), now() FROM pages WHERE id = md5('page 5')::uuid"
            )
        return merged

    monkeypatch.setattr(duplicates, "_merge", merge_then_double)
    migrations.upgrade(settings, said.append)
    assert f"Merged {legacy.DOUBLED_PAGES + 1} duplicate rows of pages." in said
    assert migrations.missing(settings) == []


async def test_two_processes_adopt_at_once(settings: Settings, empty_database_url: str) -> None:
    legacy.build(empty_database_url)
    program = (
        "from scrapersky.db.migrations import upgrade; from scrapersky.settings import Settings;"
        "print(upgrade(Settings.load()))"
    )
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            env=os.environ | {"DATABASE_URL": empty_database_url},
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    said = sorted([(await process.communicate())[0].decode().strip() for process in both])
    assert said == [str((HEAD, HEAD)), str((None, HEAD))]
    assert migrations.missing(settings) == []


def test_whoever_waits_does_not_keep_the_other_from_building_indexes(
    settings: Settings, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    legacy.build(empty_database_url)
    waited = threading.Event()
    results: list[tuple[str | None, str]] = []
    sleep = time.sleep

    def wait(pause: float) -> None:
        waited.set()
        sleep(pause)

    monkeypatch.setattr(time, "sleep", wait)
    second = threading.Thread(target=lambda: results.append(migrations.upgrade(settings)))

    def prepare_beside_another(done: steps.Steps, say: adoption.Say) -> None:
        second.start()
        assert waited.wait(30)
        adoption.prepare(done, say)

    monkeypatch.setattr(migrations, "prepare", prepare_beside_another)
    assert migrations.upgrade(settings) == (None, HEAD)
    second.join(60)
    assert results == [(HEAD, HEAD)]


def test_what_a_killed_upgrade_left_is_gone_on_from(settings: Settings, empty_database_url: str) -> None:
    legacy.build(empty_database_url)

    class Killed(BaseException):
        """As SIGKILL: nothing is undone."""

    killed = steps.Steps(migrations._engine(settings), "1s")
    with pytest.raises(Killed):
        adoption.prepare(killed, lambda _line: (_ for _ in ()).throw(Killed))
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        broken = "CREATE UNIQUE INDEX CONCURRENTLY pages_domain_id_url_key ON pages (domain_id)"
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(broken.encode())
    assert migrations.upgrade(settings) == (None, HEAD)
    assert migrations.missing(settings) == []
