"""Drains ``domains`` with a stage whose work is nothing and whose result is a title: ``… DATABASE_URL``."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.db.engine import create_engine
from scrapersky.queue.drain import drain
from scrapersky.queue.limits import Allowance, Limits, Stop
from scrapersky.queue.queues import DOMAINS
from scrapersky.queue.settle import Retries
from scrapersky.queue.stage import Lease, OwnColumns
from scrapersky.queue.tally import Tally
from scrapersky.settings import Settings
from tests.benchmarks.race import take_part

BATCH = 100


@dataclass(frozen=True)
class Domain:
    id: UUID
    domain: str


class NoOp:
    queue = DOMAINS
    row = Domain

    def __init__(self) -> None:
        self.settle = OwnColumns(self.values, "title text", "title = found.title")

    async def work(self, row: Domain, lease: Lease) -> str:  # noqa: ARG002
        return f"title of {row.domain}"

    def values(self, title: str) -> dict[str, str]:
        return {"title": title}


async def drain_all(engine: AsyncEngine, stage: NoOp | None = None) -> Tally:
    """Drain with a service's default limits but for the size of a batch."""
    settings = Settings.model_validate({"database_url": "postgresql://unused"})
    retries = Retries(settings.max_attempts, settings.retry_base_seconds, settings.retry_max_seconds)
    limits = Limits(
        BATCH,
        settings.concurrency,
        settings.lease_seconds,
        settings.row_timeout_seconds,
        settings.grace_seconds,
        retries,
    )
    tally, slots = Tally(), asyncio.Semaphore(limits.concurrency)
    await drain(stage or NoOp(), engine, limits, slots=slots, allowance=Allowance(None), stop=Stop.never(), tally=tally)
    return tally


def main() -> None:
    engine = create_engine(Settings.model_validate({"database_url": sys.argv[1]}))
    with asyncio.Runner() as runner:
        runner.run(_connect(engine))
        take_part(lambda: runner.run(drain_all(engine)))
        runner.run(engine.dispose())
    status = Path("/proc/self/status").read_text().splitlines()
    print(*(line.replace("VmHWM:", "peak") for line in status if line.startswith("VmHWM")))


async def _connect(engine: AsyncEngine) -> None:
    async with engine.begin(), engine.begin():
        pass


if __name__ == "__main__":
    main()
