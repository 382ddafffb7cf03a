"""procrastinate drains no-op jobs in its fastest settings: ``… DATABASE_URL``. With a number it queues that many."""

import asyncio
import logging
import sys

import procrastinate
import uvloop

from tests.benchmarks.race import take_part

PLACES = 10
"""More places, or fewer, were slower."""


def application(url: str) -> procrastinate.App:
    """An application with one job that does nothing."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=url, min_size=PLACES + 2, max_size=PLACES + 2)
    )
    app.task(name="noop")(noop)
    return app


async def noop() -> None:
    pass


async def queue(app: procrastinate.App, jobs: int) -> None:
    """Leave that many jobs."""
    async with app.open_async():
        exists = await app.connector.execute_query_one_async("SELECT to_regclass('procrastinate_jobs') AS jobs")
        if exists["jobs"] is None:
            await app.schema_manager.apply_schema_async()
        await app.connector.execute_query_async("TRUNCATE procrastinate_jobs CASCADE")
        await app.tasks["noop"].batch_defer_async(*[{} for _ in range(jobs)])
        await app.connector.execute_query_async("ANALYZE procrastinate_jobs")


async def drain(app: procrastinate.App) -> None:
    """Work what is there."""
    await app.run_worker_async(
        concurrency=PLACES, wait=False, listen_notify=False, delete_jobs="always", install_signal_handlers=False
    )


def main() -> None:
    logging.disable()
    app = application(sys.argv[1])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if sys.argv[2:]:
            runner.run(queue(app, int(sys.argv[2])))
            return
        runner.run(app.connector.open_async())
        take_part(lambda: runner.run(drain(app)))
        runner.run(app.connector.close_async())


if __name__ == "__main__":
    main()
