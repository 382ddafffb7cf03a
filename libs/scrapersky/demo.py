"""The whole pipeline on one machine: an embedded database, a small Internet on the loopback, and the real services.

The five services run as separate processes through their entrypoints, each as often as one of its queues has something
due, until no queue holds a row that waits or is in work. Everything that is started here ends here.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from psycopg.rows import dict_row, tuple_row

from scrapersky.errors import ScraperSkyError
from scrapersky.queue.depth import Depth, depth_sql
from scrapersky.queue.queues import QUEUES, Queue

QUESTION = ("plumbers", "Austin, TX")
POLL_SECONDS = 0.1
WATCH_SECONDS = 1.0
PATIENCE_SECONDS = 300

TABLES = ("places_staging", "local_businesses", "domains", "sitemap_files", "pages")


@dataclass
class StageReport:
    """What one queue's rows came to; ``causes`` counts the rows in Error by cause."""

    queue: str
    service: str
    completed: int
    errors: int
    causes: dict[str, int]


@dataclass
class DemoReport:
    """What the demo left behind: rows per table, outcomes per queue, and seconds and attempts per service."""

    question: str
    seconds: float
    funnel: dict[str, int]
    stages: list[StageReport]
    services: list[dict[str, Any]]
    rows_in_error: list[dict[str, str]] = field(default_factory=list)


class DemoFailedError(ScraperSkyError):
    """Something that the demo started went wrong; the message says what."""


async def play(
    database_url: str, work: Path, progress: Callable[[dict[str, int]], None], internet: Mapping[str, str]
) -> DemoReport:
    """Run the pipeline on an empty, migrated database.

    Args:
        database_url: Where the services work.
        work: Directory for the services' logs.
        progress: Told the rows per table, several times a second.
        internet: Settings that point the services at an Internet; see `loopback_internet`.

    Raises:
        DemoFailedError: A service failed, or rows are left after five minutes.
    """
    began = monotonic()
    environment = {"DATABASE_URL": database_url, "AUTO_SELECT": "true", "LOG_FORMAT": "json", **internet}
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await _ask(connection)
        await _until_nothing_is_due(connection, os.environ | environment, work, progress)
        return await _report(connection, monotonic() - began)


async def watch(database: str, progress: Callable[[dict[str, int]], None]) -> DemoReport:
    """Watch the demo that runs elsewhere, its search queued, until no queue holds a row that waits or is in work.

    Args:
        database: Where it runs, as libpq's parameters.
        progress: Told the rows per table, every second.
    """
    began = monotonic()
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        while any(depth.queued + depth.processing for depth in (await _depths(connection)).values()):
            progress(await _funnel(connection))
            await asyncio.sleep(WATCH_SECONDS)
        return await _report(connection, monotonic() - began)


@asynccontextmanager
async def loopback_internet(work: Path) -> AsyncIterator[dict[str, str]]:
    """Serve the small Internet from a process of its own; yields settings that point services at it.

    Args:
        work: Directory for its log and state.

    Raises:
        DemoFailedError: It did not start. It lives beside the tests, so it takes a checkout.
    """
    state = work / "internet.json"
    with (work / "internet.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.internet",
            "--state",
            str(state),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        give_up_at = monotonic() + 30
        while not state.exists():
            if process.returncode is not None or monotonic() > give_up_at:
                tail = (work / "internet.log").read_text(errors="replace")[-500:]
                raise DemoFailedError(f"the loopback Internet did not start; the demo needs a checkout: {tail}")
            await asyncio.sleep(0.05)
        yield dict(json.loads(state.read_text())["environment"])
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _ask(connection: psycopg.AsyncConnection[Any]) -> None:
    business_type, location = QUESTION
    await connection.execute(
        "INSERT INTO jobs (job_type, job_metadata) VALUES ('places_search', %s)",
        [json.dumps({"business_type": business_type, "location": location})],
    )


async def _until_nothing_is_due(
    connection: psycopg.AsyncConnection[Any],
    environment: dict[str, str],
    work: Path,
    progress: Callable[[dict[str, int]], None],
) -> None:
    running: dict[str, asyncio.subprocess.Process] = {}
    give_up_at = monotonic() + PATIENCE_SECONDS
    try:
        while True:
            depths = await _depths(connection)
            if not running and not any(depth.queued + depth.processing for depth in depths.values()):
                return
            if monotonic() > give_up_at:
                raise DemoFailedError(f"rows are left after {PATIENCE_SECONDS} s: {depths}")
            due = {QUEUES[name].service for name, depth in depths.items() if depth.due}
            for service in sorted(due - running.keys()):
                running[service] = await _start(service, environment, work)
            progress(await _funnel(connection))
            await asyncio.sleep(POLL_SECONDS)
            _reap(running, work)
    finally:
        for process in running.values():
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(process.wait() for process in running.values()))


async def _start(service: str, environment: dict[str, str], work: Path) -> asyncio.subprocess.Process:
    with (work / f"{service}.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"services.{service.replace('-', '_')}",
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _reap(running: dict[str, asyncio.subprocess.Process], work: Path) -> None:
    for service, process in list(running.items()):
        if process.returncode is None:
            continue
        del running[service]
        if process.returncode != 0:
            tail = (work / f"{service}.log").read_text(errors="replace")[-2000:]
            raise DemoFailedError(f"{service} ended with exit code {process.returncode}: {tail}")


async def _depths(connection: psycopg.AsyncConnection[Any]) -> dict[str, Depth]:
    return {name: await _depth(connection, queue) for name, queue in QUEUES.items()}


async def _depth(connection: psycopg.AsyncConnection[Any], queue: Queue) -> Depth:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        row = await (await cursor.execute(depth_sql(queue).encode())).fetchone()
        assert row is not None  # noqa: S101
        return Depth(*row)


async def _funnel(connection: psycopg.AsyncConnection[Any]) -> dict[str, int]:
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in TABLES)
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(f"SELECT {counts}".encode())).fetchone()
        return dict(row or {})


async def _report(connection: psycopg.AsyncConnection[Any], seconds: float) -> DemoReport:
    stages = [await _stage_report(connection, queue) for queue in QUEUES.values()]
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT service, count(*) AS runs, sum(claimed) AS claimed, sum(completed) AS completed,"
            " sum(retried) AS retried, sum(failed) AS failed,"
            " round(sum(extract(epoch FROM finished_at - started_at)), 1)::float8 AS seconds"
            " FROM service_runs GROUP BY service ORDER BY min(started_at)"
        )
        services = await cursor.fetchall()
        await cursor.execute(_ERRORS_SQL)
        errors = await cursor.fetchall()
    return DemoReport(" in ".join(QUESTION), round(seconds, 1), await _funnel(connection), stages, services, errors)


_ERRORS_SQL = """
SELECT 'domains' AS queue, domain AS row, scan_error AS error FROM domains WHERE status = 'Error'
UNION ALL SELECT 'sitemap-analysis', domain, sitemap_analysis_error FROM domains WHERE sitemap_analysis_status = 'Error'
UNION ALL SELECT 'sitemap-imports', url, sitemap_import_error FROM sitemap_files WHERE sitemap_import_status = 'Error'
UNION ALL SELECT 'domain-extractions', business_name, domain_extraction_error FROM local_businesses
    WHERE domain_extraction_status = 'Error'
UNION ALL SELECT 'deep-scans', name, deep_scan_error FROM places_staging WHERE deep_scan_status = 'Error'
UNION ALL SELECT job_type, job_id::text, error FROM jobs WHERE status = 'Error'
ORDER BY 1, 2"""


async def _stage_report(connection: psycopg.AsyncConnection[Any], queue: Queue) -> StageReport:
    narrowed = f"AND {queue.where}" if queue.where else ""
    sql = (
        f"SELECT {queue.status}::text, split_part(coalesce({queue.error}, ''), ':', 1), count(*) FROM {queue.table}"
        f" WHERE {queue.status} IS NOT NULL {narrowed} GROUP BY 1, 2 ORDER BY 2"
    )
    async with connection.cursor(row_factory=tuple_row) as cursor:
        rows = await (await cursor.execute(sql.encode())).fetchall()
    completed = sum(count for status, _, count in rows if status == "Completed")
    causes = {cause: count for status, cause, count in rows if status == "Error"}
    return StageReport(queue.name, queue.service, completed, sum(causes.values()), causes)
