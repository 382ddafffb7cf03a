"""The queue alone under chaos, many deaths a second: workers killed, some while their COMMIT is answered, and stalled,
some at the worst place; connections cut, the server restarted.

The workers' effects can be counted (`tests.support.counting_worker`), so a row that was settled twice in effect, or
overwritten by a late worker, shows. That it would show is tested too: without a safeguard the same chaos must fail.
CHAOS_KILLS says how many workers die; CHAOS_SEED repeats a run's choices, though not its timing.
"""

import asyncio
import os
import random
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import psutil
import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import make_url

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from tests.support.counting_worker import start_worker
from tests.support.postgres import make_settings
from tests.support.tcp_proxy import TcpProxy

KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(10**6))))
WORKERS = 4
ROWS_AT_ONCE = 30
MAX_ATTEMPTS = 50
STALL = 2.5
STUCK = 60
"""Seconds without a settled row after which no row is expected to be settled any more."""
SAFEGUARDS = {
    "stop-before-chunk": ("no-lease-check", {"overwritten"}),
    "stop-before-settle": ("no-fence", {"doubled", "overwritten"}),
}
"""Where a worker may be frozen, and without which safeguard that does what harm."""

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120 + 6 * KILLS)]


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this test's own, as durable as by default: it will be killed."""
    with EmbeddedPostgres() as postgres:
        upgrade(make_settings(postgres.url))
        yield postgres


class Chaos:
    """Keeps counting workers running behind a proxy, and does what happens to them in bad weeks."""

    def __init__(self, server: EmbeddedPostgres, proxy: TcpProxy) -> None:
        self._server = server
        self._proxy = proxy
        self._address = make_url(server.url).set(port=proxy.port).render_as_string()
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
            self._wake_later_who_stopped()
            chance = self._chance.random()
            if chance < 0.1 and self._running:
                self._stalls.add(asyncio.create_task(self._stall(self._any_worker())))
            elif chance < 0.3:
                await self._kill_in_a_commit()
            elif self._running:
                await self._kill(self._any_worker())
            await self._trouble_the_database()

    async def calm(self) -> None:
        """Let workers work undisturbed until every row is settled; then end them all."""
        await asyncio.gather(*self._stalls)
        await self._fill_up()
        while unsettled := self._unsettled():
            async with asyncio.timeout(STUCK):
                while self._unsettled() == unsettled:
                    self._wake_later_who_stopped()
                    await asyncio.sleep(0.1)
        await asyncio.gather(*self._stalls)
        await asyncio.gather(*(self._kill(each) for each in self._running))

    async def _feed(self) -> None:
        """Few rows at a time: those that a dead worker leaves are soon the oldest, and taken while it still counts."""
        await self._fill_up()
        with psycopg.connect(self._server.url) as connection:
            names = f"SELECT gen_random_uuid() || '.example' FROM generate_series(1, {ROWS_AT_ONCE})"
            connection.execute(f"INSERT INTO domains (domain) {names}".encode())
            self.queued += ROWS_AT_ONCE
            if self._chance.random() < 0.3:
                name = f"{self._chance.choice([*SAFEGUARDS])}-{self.queued}.example"
                connection.execute("INSERT INTO domains (domain) VALUES (%s)", [name])
                self.queued += 1

    async def _fill_up(self) -> None:
        while len(self._running) < WORKERS:
            self._running.append(
                await start_worker(self._address, MAX_ATTEMPTS=str(MAX_ATTEMPTS), **self._any_settle())
            )

    def _any_settle(self) -> dict[str, str]:
        """In a transaction, or in one statement."""
        return self._chance.choice(({}, {"OWN_COLUMNS": "1"}))

    def _unsettled(self) -> int:
        [found] = rows(self._server.url, "SELECT count(*) AS n FROM domains WHERE status IN ('Queued', 'Processing')")
        return int(found["n"])

    def _any_worker(self) -> Process:
        return self._running.pop(self._chance.randrange(len(self._running)))

    def _wake_later_who_stopped(self) -> None:
        """Workers that froze at a row which told them to."""
        for worker in [each for each in self._running if is_stopped(each)]:
            self._running.remove(worker)
            self._stalls.add(asyncio.create_task(self._stall(worker)))

    async def _kill_in_a_commit(self) -> None:
        """Kill a worker whose COMMIT is done on the server; it never hears of it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2), self._proxy.commit_held() as port:
                for worker in [each for each in self._running if holds_port(each, port)]:
                    self._running.remove(worker)
                    await self._kill(worker)
                    self.events["killed in a commit"] += 1

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


def is_stopped(worker: Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED
    return False


def holds_port(worker: Process, port: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(each.laddr.port == port for each in psutil.Process(worker.pid).net_connections("tcp4"))
    return False


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
    print(f"{said}, {proxy.cuts} connections lost, {total}")  # noqa: T201
    assert total == {"rows": chaos.queued, "settled": chaos.queued}, said


@pytest.mark.parametrize("place", SAFEGUARDS)
@pytest.mark.parametrize("without", [None, "no-lease-check", "no-fence"])
async def test_the_chaos_would_show_a_missing_safeguard(database_url: str, place: str, without: str | None) -> None:
    """A worker is frozen at that place, another settles its row, and the first goes on: it is too late."""
    with psycopg.connect(database_url) as connection:
        names = "INSERT INTO domains (id, domain) VALUES (%s, %s)"
        connection.execute(names, [UUID(int=1), f"{place}.example"])
    async with asyncio.timeout(60):
        late = await start_worker(database_url, ONCE="1", **({"MUTATION": without} if without else {}))
        while not is_stopped(late):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        while rows(database_url, "SELECT status::text FROM domains") != [{"status": "Completed"}]:
            rescuer = await start_worker(database_url, ONCE="1")
            await rescuer.wait()
        late.send_signal(signal.SIGCONT)
        await late.wait()
    safeguard, harm = SAFEGUARDS[place]
    [wrong] = rows(database_url, WRONG)
    assert {kind for kind, count in wrong.items() if count} == (harm if without == safeguard else set())
