"""One run of a service, from its settings to its exit code.

Settings → drain each of its queues → a row of ``service_runs`` → metrics → exit code. The same for a container,
``python -m services.<service>`` and ``scrapersky run SERVICE``.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

from scrapersky.errors import ScraperSkyError
from scrapersky.queue.idle import record_if_idle
from scrapersky.settings import Settings

if TYPE_CHECKING:
    from scrapersky.run import OpenStages


@dataclass(frozen=True)
class RunSummary:
    """What one run did; rows by outcome."""

    service: str
    run_id: UUID
    seconds: float
    claimed: int
    completed: int
    retried: int
    failed: int
    released: int


async def run_job_loop(service: str, open_stages: "OpenStages", *, limit: int | None = None) -> RunSummary:
    """Drain a service's queues once.

    Args:
        service: Its name, e.g. ``domain-scheduler``.
        open_stages: Makes the stages and what they share; entered only when something is due.
        limit: Rows to claim at the most. Without it, batches of the service's ``…_BATCH_SIZE`` until nothing is due.

    Raises:
        ConfigurationError: A setting is wrong.
        DatabaseUnavailableError: The database cannot be reached, or is not migrated.
    """
    settings = Settings.load()
    if settings.start_delay_seconds:
        await asyncio.sleep(settings.start_delay_seconds)
    began = monotonic()
    if not settings.enable_import_tracing:
        run_id = record_if_idle(settings, service)
        if run_id is not None:
            return RunSummary(service, run_id, round(monotonic() - began, 3), 0, 0, 0, 0, 0)
    return await _work(service, open_stages, limit, settings, began)


async def _work(
    service: str, open_stages: "OpenStages", limit: int | None, settings: Settings, began: float
) -> RunSummary:
    from scrapersky import log
    from scrapersky.import_tracing import tracing_imports

    log.configure(settings)
    with tracing_imports(on=settings.enable_import_tracing):
        from scrapersky.db.engine import create_engine
        from scrapersky.run import Run

    engine = create_engine(settings)
    try:
        run_id, tally = await Run(service, settings, engine).drain(open_stages, limit)
    finally:
        await engine.dispose()
    counts = {name: getattr(tally, name) for name in ("claimed", "completed", "retried", "failed", "released")}
    summary = RunSummary(service, run_id, round(monotonic() - began, 3), **counts)
    log.log.info("run-ended", seconds=summary.seconds, **counts)
    return summary


def main(run_once: Callable[[], Awaitable[RunSummary]]) -> NoReturn:
    """Run a service as its container does and end the process with the exit code of the command line's contract."""

    async def once() -> None:
        await run_once()

    # As PID 1 a process has no default for SIGTERM; until the run heeds it there is nothing to give back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        asyncio.run(once())
    except ScraperSkyError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001
        import traceback

        traceback.print_exc()
        sys.stderr.write(f"internal-error: {error!r}; this is a bug of ours\n")
        sys.exit(ScraperSkyError.exit_code)
    sys.exit(0)
