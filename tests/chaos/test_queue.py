"""The queue alone under chaos, many deaths a second: workers killed and stalled, connections cut, the server restarted.

The workers' effects can be counted (`tests.support.counting_worker`), so a row that was settled twice in effect, or
overwritten by a late worker, shows. That it would show is tested too: without a safeguard the same chaos must fail.
CHAOS_KILLS says how many workers die; CHAOS_SEED repeats a run's choices, though not its timing.
"""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import make_url

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from tests.support.postgres import make_settings
from tests.support.tcp_proxy import TcpProxy

KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(10**6))))
WORKERS = 4
ROWS_AT_ONCE = 30
MAX_ATTEMPTS = 50
STALL = 2.5

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120 + 6 * KILLS)]


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this test's own, as durable as by default: it will be killed."""
    with EmbeddedPostgres() as postgres:
        upgrade(make_settings(postgres.url))
        yield postgres


class Chaos:
    """Keeps counting workers running behind a proxy, and does what happens to them in bad weeks."""

    def __init__(self, server: EmbeddedPostgres, proxy: TcpProxy, mutation: str | None = None) -> None:
        self._server = server
        self._proxy = proxy
        address = make_url(server.url).set(port=proxy.port).render_as_string()
        self._environment = {"PATH": os.environ["PATH"], "DATABASE_URL": address, "MAX_ATTEMPTS": str(MAX_ATTEMPTS)}
        if mutation:
            self._environment["MUTATION"] = mutation
        self._chance = random.Random(SEED)
        self._running: list[Process] = []
        self._stalls: set[asyncio.Task[None]] = set()
        self.events: Counter[str] = Counter()
        self.queued = 0

    async def rage(self, kills: int) -> None:
        """Kill that many workers; now and then stall one, or cut or kill what is under them."""
        while self.events["killed"] < kills:
            await self._feed()
            await asyncio.sleep(self._chance.uniform(0.02, 0.5))
            victim = self._running.pop(self._chance.randrange(len(self._running)))
            if self._chance.random() < 0.1:
                self._stalls.add(asyncio.create_task(self._stall(victim)))
            else:
                await self._kill(victim)
            await self._trouble_the_database()

    async def stall_until(self, wrong: str) -> None:
        """Stall worker after worker until something of that kind is wrong, or a minute is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                while not rows(self._server.url, WRONG)[0][wrong]:
                    await self._feed()
                    await asyncio.sleep(0.2)
                    if len(self._running) > 1:
                        self._stalls.add(asyncio.create_task(self._stall(self._running.pop(0))))

    async def calm(self) -> None:
        """Let workers work undisturbed until every row is settled; then end them all."""
        await asyncio.gather(*self._stalls)
        await self._fill_up()
        settled = "SELECT bool_and(status IN ('Completed', 'Error')) AS all FROM domains"
        async with asyncio.timeout(100):
            while not rows(self._server.url, settled)[0]["all"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await self.end()

    async def end(self) -> None:
        """Kill whoever still runs."""
        await asyncio.gather(*self._stalls)
        await asyncio.gather(*(self._kill(each) for each in self._running))

    async def _feed(self) -> None:
        """Few rows at a time: those that a dead worker leaves are soon the oldest, and taken while it still counts."""
        await self._fill_up()
        with psycopg.connect(self._server.url) as connection:
            names = f"SELECT gen_random_uuid() || '.example' FROM generate_series(1, {ROWS_AT_ONCE})"
            connection.execute(f"INSERT INTO domains (domain) {names}".encode())
        self.queued += ROWS_AT_ONCE

    async def _fill_up(self) -> None:
        while len(self._running) < WORKERS:
            command = (sys.executable, "-m", "tests.support.counting_worker")
            self._running.append(
                await asyncio.create_subprocess_exec(*command, env=self._environment, stdout=asyncio.subprocess.DEVNULL)
            )

    async def _kill(self, worker: Process) -> None:
        self.events["killed" if worker.returncode is None else f"ended {worker.returncode}"] += 1
        with suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()

    async def _stall(self, worker: Process) -> None:
        """Stop a worker for longer than a lease, as a frozen node does; then it goes on as if nothing were."""
        with suppress(ProcessLookupError):
            worker.send_signal(signal.SIGSTOP)
            self.events["stalled"] += 1
            await asyncio.sleep(STALL)
            worker.send_signal(signal.SIGCONT)
        self._running.append(worker)

    async def _trouble_the_database(self) -> None:
        chance = self._chance.random()
        if chance < 0.1:
            self._proxy.cut()
            self.events["connections cut"] += 1
        elif chance < 0.2:
            with psycopg.connect(self._server.url, autocommit=True) as connection:
                others = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                connection.execute(f"SELECT pg_terminate_backend(pid) {others}".encode())
            self.events["backends terminated"] += 1
        elif chance < 0.25:
            await asyncio.to_thread(self._server.restart, signal.SIGQUIT)
            self.events["server restarted"] += 1


def rows(url: str, sql: str) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(sql.encode()).fetchall()


WRONG = f"""
SELECT count(*) FILTER (WHERE status <> 'Completed' OR scan_due_at IS NOT NULL) AS unsettled,
    count(*) FILTER (WHERE total_sitemaps IS NULL) AS lost,
    count(*) FILTER (WHERE total_sitemaps > 1) AS doubled,
    count(*) FILTER (WHERE status = 'Completed' AND title IS DISTINCT FROM description) AS overwritten,
    count(*) FILTER (WHERE scan_attempts NOT BETWEEN 1 AND {MAX_ATTEMPTS}) AS miscounted
FROM domains"""


async def test_every_row_is_settled_once_in_effect(server: EmbeddedPostgres) -> None:
    async with TcpProxy(server.port) as proxy:
        chaos = Chaos(server, proxy)
        await chaos.rage(KILLS)
        await chaos.calm()
    said = f"CHAOS_SEED={SEED}: {dict(chaos.events)}"
    [wrong] = rows(server.url, WRONG)
    assert wrong == dict.fromkeys(wrong, 0), said
    [total] = rows(server.url, "SELECT count(*) AS rows, sum(total_sitemaps) AS settled FROM domains")
    assert total == {"rows": chaos.queued, "settled": chaos.queued}, said


@pytest.mark.parametrize(("mutation", "shows"), [("no-fence", "doubled"), ("no-lease-check", "overwritten")])
async def test_the_chaos_would_show_a_missing_safeguard(server: EmbeddedPostgres, mutation: str, shows: str) -> None:
    async with TcpProxy(server.port) as proxy:
        chaos = Chaos(server, proxy, mutation)
        await chaos.stall_until(shows)
        await chaos.end()
    [wrong] = rows(server.url, WRONG)
    assert wrong[shows] > 0, f"CHAOS_SEED={SEED}: {dict(chaos.events)}: {wrong}"
