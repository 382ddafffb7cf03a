"""pgqueuer drains no-op jobs, as fast as its guide says how: ``… DATABASE_URL``. With a number it queues that many."""

import asyncio
import sys

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from tests.benchmarks.race import take_part


async def queue(url: str, jobs: int) -> None:
    """Leave that many jobs, in tables with the recommended autovacuum settings."""
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    if not await queries.has_table("pgqueuer"):
        await queries.install()
        await queries.optimize_autovacuum()
    await connection.execute("TRUNCATE pgqueuer, pgqueuer_log")
    await queries.enqueue(["noop"] * jobs, [b""] * jobs, [0] * jobs)
    await connection.execute("VACUUM ANALYZE pgqueuer")


async def connected(url: str) -> PgQueuer:
    """A worker that is ready to run."""
    worker = PgQueuer(AsyncpgDriver(await asyncpg.connect(url)))
    worker.entrypoint("noop")(noop)
    return worker


async def noop(job: Job) -> None:
    pass


def main() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if sys.argv[2:]:
            runner.run(queue(sys.argv[1], int(sys.argv[2])))
            return
        worker = runner.run(connected(sys.argv[1]))
        take_part(lambda: runner.run(worker.run(batch_size=100, mode=QueueExecutionMode.drain)))


if __name__ == "__main__":
    main()
