"""The history of runs: a row of ``service_runs`` each. One that was killed leaves its row without ``finished_at``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.metrics import Figure
from scrapersky.queue.pod import pod_name
from scrapersky.queue.tally import Tally, total
from scrapersky.queue.totals import ADD


async def begin(engine: AsyncEngine, service: str) -> UUID:
    """Record that a run started; return its id."""
    run_id = uuid4()
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO service_runs (id, service, pod, started_at) VALUES (:id, :service, :pod, now())"),
            {"id": run_id, "service": service, "pod": pod_name()},
        )
    return run_id


async def record(
    engine: AsyncEngine,
    run_id: UUID,
    service: str,
    tallies: Mapping[str, Tally],
    counted: Sequence[Figure],
    *,
    finished: bool = False,
    error: str | None = None,
) -> None:
    """Record how far a run is, and add to the service's totals what was not added before. May be done twice.

    Args:
        engine: Where to.
        run_id: As `begin` returned it.
        service: Its name.
        tallies: By queue.
        counted: What the run counted since it began, as `scrapersky.metrics.figures`.
        finished: Whether it ends now.
        error: Why it failed.
    """
    tally = total(tallies.values())
    values: dict[str, Any] = {
        "run": run_id,
        "service": service,
        "counted": json.dumps([asdict(figure) for figure in counted]),
        "queues": json.dumps({name: asdict(each) for name, each in tallies.items()}),
        "finished": finished,
        "error": error,
        **{name: getattr(tally, name) for name in ("claimed", "completed", "retried", "failed", "released")},
    }
    async with engine.begin() as connection:
        await connection.exec_driver_sql(ADD, values)


async def prune(engine: AsyncEngine, days: int) -> int:
    """Delete finished history older than ``days``; return how many rows."""
    async with engine.begin() as connection:
        deleted = await connection.execute(
            text("DELETE FROM service_runs WHERE started_at < now() - make_interval(days => :days)"), {"days": days}
        )
        return deleted.rowcount
