"""No-op rows a second, claimed and settled with their results: ours, the bare floor, pgqueuer, procrastinate.

One PostgreSQL, as durable as by default, for all; 1, 2 and 4 worker processes; each subject in turn, round after round.
Behind a real PgBouncer in transaction mode too, but for the peers. Tried there, without its own support for prepared
statements: four pgqueuer workers died, each of a statement that its connection had already or lacked (one alone, always
lent the same connection, drains), and procrastinate's died of parameters bound to another's statement.

The peers run in an environment of their own and write no result: pgqueuer over asyncpg, in batches of 100, with its
autovacuum settings; procrastinate with 10 places, without LISTEN, deleting what is done. Both on uvloop.

BENCH_ROUNDS: rounds, of which the median counts.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from tests.benchmarks.race import race
from tests.benchmarks.report import figure, report
from tests.support.pgbouncer import pooling
from tests.support.postgres import make_settings

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
PEERS_PYTHON = Path(__file__).parents[2] / "build" / "claim-peers" / "bin" / "python"


@dataclass(frozen=True)
class Subject:
    """Something that drains a queue: ``rows`` of them in each race of ``workers`` processes."""

    name: str
    workers: int
    rows: int
    pooled: bool = False

    @property
    def label(self) -> str:
        return f"{self.name}, {self.workers} worker{'s' * (self.workers > 1)}{', PgBouncer' * self.pooled}"


FLOOR, POOLED_FLOOR = Subject("floor", 1, 20_000), Subject("floor", 1, 20_000, pooled=True)
OURS = [Subject("ours", workers, 20_000, pooled) for pooled in (False, True) for workers in (1, 2, 4)]
PGQUEUER = [Subject("pgqueuer", workers, 10_000) for workers in (1, 2, 4)]
PROCRASTINATE = [Subject("procrastinate", workers, 1_000) for workers in (1, 2, 4)]
SUBJECTS = [FLOOR, POOLED_FLOOR, *OURS, *PGQUEUER, *PROCRASTINATE]


def queue_domains(url: str, rows: int) -> None:
    """Leave that many due rows in ``domains`` and nothing else."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE domains CASCADE")
        connection.execute("INSERT INTO domains (domain) SELECT 'd' || n FROM generate_series(1, %s::int) n", [rows])
        connection.execute("VACUUM ANALYZE domains")


def rows_a_second(subject: Subject, url: str, pooled_url: str) -> float:
    """One race."""
    if subject.name in {"ours", "floor"}:
        queue_domains(url, subject.rows)
        module = f"tests.benchmarks.claim_workers.{subject.name}"
        command = [sys.executable, "-m", module, pooled_url if subject.pooled else url]
    else:
        command = [str(PEERS_PYTHON), "-m", f"tests.benchmarks.peers.claim_{subject.name}", url]
        subprocess.run([*command, str(subject.rows)], check=True, capture_output=True)
    return subject.rows / race([command] * subject.workers)


def measure() -> dict[Subject, float]:
    """The median of all rounds."""
    rates: dict[Subject, list[float]] = {subject: [] for subject in SUBJECTS}
    with EmbeddedPostgres() as postgres, tempfile.TemporaryDirectory() as directory:
        upgrade(make_settings(postgres.url))
        with contextmanager(pooling)(postgres.url, Path(directory), connections=20) as pooled_url:
            for number in range(ROUNDS):
                for subject in SUBJECTS:
                    rates[subject].append(rows_a_second(subject, postgres.url, pooled_url))
                    print(f"round {number + 1}: {subject.label}: {rates[subject][-1]:,.0f} rows/s", flush=True)
    return {subject: median(measured) for subject, measured in rates.items()}


def main() -> None:
    rates = measure()
    figures = []
    for ours in OURS:
        references = [POOLED_FLOOR if ours.pooled else FLOOR]
        references += [peer for peer in (*PGQUEUER, *PROCRASTINATE) if peer.workers == ours.workers and not ours.pooled]
        figures += [figure(ours.label, rates[ours], "rows/s", each.label, rates[each]) for each in references]
    report("claims", figures)


if __name__ == "__main__":
    main()
