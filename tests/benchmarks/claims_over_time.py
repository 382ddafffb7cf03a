"""What grows must not slow the queue: claims beside finished rows, the end of a long drain, and memory.

BENCH_HISTORY: finished rows in the large table. BENCH_DRAIN: rows of the long drain.
"""

import asyncio
import os
import subprocess
import sys
from statistics import median
from time import monotonic, perf_counter

import psycopg

from scrapersky.db.engine import create_engine
from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from scrapersky.queue.claims import shared_token
from scrapersky.settings import Settings
from tests.benchmarks.claim_workers.floor import CLAIM
from tests.benchmarks.claim_workers.ours import NoOp, drain_all
from tests.benchmarks.claims import queue_domains
from tests.benchmarks.report import figure, report
from tests.support.postgres import make_settings

HISTORY = int(os.environ.get("BENCH_HISTORY", "1000000"))
LONG = int(os.environ.get("BENCH_DRAIN", "200000"))
FEW = 10_000
CLAIMS = 100


def add_finished(url: str, rows: int) -> None:
    """Add rows to ``domains`` that are done, and end with a checkpoint: the next writes copy whole pages to the log."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO domains (domain, status)"
            " SELECT gen_random_uuid(), 'Completed' FROM generate_series(1, %s::int)",
            [rows],
        )
        connection.execute("CHECKPOINT")


def claim_milliseconds(url: str) -> float:
    """The median claim of 100 out of 10,000 due rows."""
    taken = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("INSERT INTO domains (domain) SELECT gen_random_uuid() FROM generate_series(1, 10000)")
        connection.execute("VACUUM ANALYZE domains")
        for _ in range(CLAIMS):
            values = {"token": shared_token(), "lease": 120, "limit": 100, "max_attempts": 5}
            began = perf_counter()
            claimed = connection.execute(CLAIM, values).fetchall()
            taken.append(perf_counter() - began)
            assert len(claimed) == 100
        connection.execute("UPDATE domains SET status = 'Completed', scan_due_at = NULL WHERE status = 'Processing'")
    return median(taken) * 1000


class Timed(NoOp):
    """Notes when each row was settled, or just before."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    def values(self, title: str) -> dict[str, str]:
        self.moments.append(monotonic())
        return super().values(title)


def tenths(url: str) -> tuple[float, float]:
    """Rows a second in the first and the last tenth of the long drain."""
    queue_domains(url, LONG)
    stage = Timed()

    async def run() -> None:
        engine = create_engine(Settings.model_validate({"database_url": url}))
        await drain_all(engine, stage)
        await engine.dispose()

    asyncio.run(run())
    tenth, moments = LONG // 10, stage.moments
    return tenth / (moments[tenth] - moments[0]), tenth / (moments[-1] - moments[-tenth])


def peak_memory(url: str, rows: int) -> float:
    """MiB of a worker that drains that many."""
    queue_domains(url, rows)
    command = [sys.executable, "-m", "tests.benchmarks.claim_workers.ours", url]
    said = subprocess.run(command, input="go\n", capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[1]) for line in said.splitlines() if line.startswith("peak")) / 1024


def main() -> None:
    with EmbeddedPostgres() as postgres:
        url = postgres.url
        upgrade(make_settings(url))
        memory = peak_memory(url, 100_000), peak_memory(url, 1_000)
        first, last = tenths(url)
        queue_domains(url, 0)
        add_finished(url, FEW)
        few_at_first, *few = [claim_milliseconds(url) for _ in range(6)]
        add_finished(url, HISTORY - FEW)
        many_at_first, *many = [claim_milliseconds(url) for _ in range(6)]
    report(
        "claims-over-time",
        [
            figure(f"claim of 100 beside {HISTORY:,} finished rows", median(many), "ms", f"{FEW:,}", median(few)),
            figure("the same right after a checkpoint", many_at_first, "ms", f"{FEW:,}", few_at_first),
            figure(f"last tenth of a drain of {LONG:,}", last, "rows/s", "first tenth", first),
            figure("peak memory of draining 100,000", memory[0], "MiB", "1,000", memory[1]),
        ],
    )


if __name__ == "__main__":
    main()
