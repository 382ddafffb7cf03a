"""Workers of all services killed at random moments, backends cut, the server restarted: nothing lost, nothing doubled.

CHAOS_KILLS says how many workers die. CHAOS_SEED repeats a run's choices, though not its timing.
"""

import asyncio
import os
import random
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from scrapersky.queue.queues import QUEUES
from tests.internet.crowd import PAGES, crowd
from tests.internet.network import SmallInternet
from tests.support.postgres import make_settings
from tests.support.services import run, start

KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(10**6))))
SITES = 40 + 2 * KILLS
WORKERS = 4
SERVICES = ("domain-scheduler", "domain-sitemap-submission", "sitemap-import", "local-business-enrichment")
ENDS = (0, 75)
"""Exit codes that a death around it may give a run: done, or the database was away for too long."""
QUEUES_USED = ("domain-extractions", "domains", "sitemap-analysis", "sitemap-imports")

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(60 + 10 * KILLS)]


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this test's own, as durable as by default: it will be killed."""
    with EmbeddedPostgres() as postgres:
        upgrade(make_settings(postgres.url))
        yield postgres


class Chaos:
    """Keeps workers of random services running, and kills them."""

    def __init__(self, server: EmbeddedPostgres, environment: dict[str, str]) -> None:
        self._server = server
        self._environment = environment
        self._chance = random.Random(SEED)
        self._running: list[Process] = []
        self.ends: Counter[str] = Counter()
        self.bugs: list[str] = []

    async def rage(self) -> None:
        """Kill `KILLS` workers, and now and then the connections or the whole server under them."""
        while self.ends["killed"] < KILLS:
            while len(self._running) < WORKERS:
                self._running.append(await start(self._chance.choice(SERVICES), self._environment))
            await asyncio.sleep(self._chance.uniform(0.05, 1.0))
            await self._kill_one()
            if self._chance.random() < 0.2:
                self._cut_connections()
            if self._chance.random() < 0.05:
                await asyncio.to_thread(self._server.restart, signal.SIGQUIT)
        for process in self._running:
            _kill(process)
        await asyncio.gather(*(process.communicate() for process in self._running))

    async def _kill_one(self) -> None:
        for process in [each for each in self._running if each.returncode is not None]:
            self._running.remove(process)
            self.ends[f"exit {process.returncode}"] += 1
            _, words = await process.communicate()
            if process.returncode not in ENDS:
                self.bugs.append(words.decode())
        if self._running:
            victim = self._chance.choice(self._running)
            _kill(victim)
            self._running.remove(victim)
            self.ends["killed"] += 1

    def _cut_connections(self) -> None:
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            connection.execute(f"{cut} AND backend_type = 'client backend'".encode())


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()


async def calm(url: str, environment: dict[str, str]) -> None:
    """Run the services, undisturbed, until no queue holds a row that waits or is in work."""
    waiting = " + ".join(
        f"(SELECT count(*) FROM {q.table} WHERE {q.status} IN ('Queued', '{q.processing}'))"
        for q in map(QUEUES.__getitem__, QUEUES_USED)
    )
    with psycopg.connect(url, autocommit=True) as connection:
        while (connection.execute(f"SELECT {waiting}".encode()).fetchone() or [0])[0]:
            for service in SERVICES:
                code, words = await run(service, environment)
                assert code == 0, words


def rows(url: str, sql: str) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(sql.encode()).fetchall()


async def test_whatever_dies_every_row_is_settled_once_in_effect(server: EmbeddedPostgres, tmp_path: Path) -> None:
    async with SmallInternet(tmp_path, crowd(SITES)) as internet:
        environment = {
            **internet.environment,
            "DATABASE_URL": server.url,
            "AUTO_SELECT": "true",
            "LEASE_SECONDS": "1",
            "MAX_ATTEMPTS": "100",
            "RETRY_BASE_SECONDS": "0.1",
            "LOCAL_BUSINESS_SCHEDULER_BATCH_SIZE": "3",
            "DOMAIN_SCHEDULER_BATCH_SIZE": "3",
            "DOMAIN_SITEMAP_SCHEDULER_BATCH_SIZE": "3",
            "SITEMAP_IMPORT_SCHEDULER_BATCH_SIZE": "3",
        }
        with psycopg.connect(server.url) as connection:
            connection.execute(
                "INSERT INTO local_businesses (place_id, website_url, status)"
                " SELECT 'p' || n, 'https://plumber' || lpad(n::text, 4, '0') || '.example/', 'Selected'"
                f" FROM generate_series(1, {SITES}) AS n".encode()
            )
        chaos = Chaos(server, environment)
        await chaos.rage()
        await calm(server.url, environment)
    said = f"CHAOS_SEED={SEED}: {dict(chaos.ends)}"
    print(f"{said}, {SITES} sites")  # noqa: T201
    assert chaos.ends["killed"] >= KILLS, said
    assert not chaos.bugs, f"{said}: {chaos.bugs[0][-4000:]}"
    for name in QUEUES_USED:
        queue = QUEUES[name]
        outcomes = rows(
            server.url,
            f"SELECT {queue.status}::text AS status, count(*) AS n, max({queue.attempts}) AS most,"
            f" count({queue.due_at}) AS due, max({queue.error}) AS error FROM {queue.table} GROUP BY 1",
        )
        assert [(o["status"], o["n"], o["due"], o["error"]) for o in outcomes] == [("Completed", SITES, 0, None)], said
        assert outcomes[0]["most"] <= 100
    totals = "SELECT count(*) AS n, count(DISTINCT (domain_id, url)) AS once FROM pages WHERE vanished_at IS NULL"
    assert rows(server.url, totals) == [{"n": SITES * PAGES, "once": SITES * PAGES}], said
    [titles] = rows(server.url, "SELECT count(*) AS n FROM domains WHERE title LIKE 'Plumber %'")
    assert titles["n"] == SITES, said
