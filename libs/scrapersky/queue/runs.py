"""The history of runs: a row of ``service_runs`` each, and the totals that outlive them.

A run that was killed leaves its row without ``finished_at``. Totals are added in the transaction that finishes the run,
so that they never count a run twice and stay monotonic when old rows of ``service_runs`` are pruned.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.metrics import Figure
from scrapersky.queue.pod import pod_name
from scrapersky.queue.tally import Tally, total


async def begin(engine: AsyncEngine, service: str) -> UUID:
    """Record that a run started; return its id."""
    run_id = uuid4()
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO service_runs (id, service, pod, started_at) VALUES (:id, :service, :pod, now())"),
            {"id": run_id, "service": service, "pod": pod_name()},
        )
    return run_id


async def finish(
    engine: AsyncEngine,
    run_id: UUID,
    service: str,
    tallies: Mapping[str, Tally],
    figures: Iterable[Figure],
    error: str | None,
) -> list[Figure]:
    """Record how a run ended and add its figures to the service's totals; return the totals."""
    tally = total(tallies.values())
    counted = [
        {"name": f.name, "labels": json.dumps(dict(f.labels), sort_keys=True), "value": f.value} for f in figures
    ]
    counted.sort(key=lambda figure: (figure["name"], figure["labels"]))
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE service_runs SET finished_at = now(), claimed = :claimed, completed = :completed,"
                " retried = :retried, failed = :failed, released = :released, error = :error,"
                " figures = CAST(:figures AS jsonb) WHERE id = :id"
            ),
            {
                "id": run_id,
                "claimed": tally.claimed,
                "completed": tally.completed,
                "retried": tally.retried,
                "failed": tally.failed,
                "released": tally.released,
                "error": error,
                "figures": json.dumps({"queues": {name: asdict(each) for name, each in tallies.items()}}),
            },
        )
        if counted:
            await connection.execute(
                text(
                    "INSERT INTO service_totals (service, name, labels, value)"
                    " VALUES (:service, :name, CAST(:labels AS jsonb), :value)"
                    " ON CONFLICT (service, name, labels) DO UPDATE SET value = service_totals.value + EXCLUDED.value"
                ),
                [{"service": service, **figure} for figure in counted],
            )
        totals = await connection.execute(
            text("SELECT name, labels, value FROM service_totals WHERE service = :service"), {"service": service}
        )
        return [Figure(row.name, row.labels, row.value) for row in totals]


async def prune(engine: AsyncEngine, days: int) -> int:
    """Delete finished history older than ``days``; return how many rows."""
    async with engine.begin() as connection:
        deleted = await connection.execute(
            text("DELETE FROM service_runs WHERE started_at < now() - make_interval(days => :days)"), {"days": days}
        )
        return deleted.rowcount
