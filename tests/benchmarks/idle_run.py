"""What a run costs that finds nothing due, beside a bare script that imports psycopg, connects, asks once and leaves.

`make bench-idle` prints a table and writes ``build/bench/idle-run.json``.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from tests.support.postgres import make_settings

RUNS = 9
IDLE = """
import asyncio
from services.domain_scheduler import process_pending_domains
asyncio.run(process_pending_domains())
"""
BARE = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("SELECT 1 FROM domains WHERE status = 'Queued' LIMIT 1").fetchone()
"""
PEAK = """
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
SUBJECTS = {"idle run": IDLE, "bare script": BARE}
OUTPUT = Path(__file__).parents[2] / "build" / "bench" / "idle-run.json"


def cost(code: str, environment: dict[str, str]) -> tuple[float, float]:
    """CPU seconds and peak memory in MiB of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code + PEAK], env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(done.stdout) / 1024


def main() -> None:
    """Measure both in turn, so that whatever else the machine does falls on both."""
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in SUBJECTS}
    with EmbeddedPostgres() as postgres:
        upgrade(make_settings(postgres.url))
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": postgres.url}
        for _ in range(RUNS + 1):
            for name, code in SUBJECTS.items():
                measured[name].append(cost(code, environment))
    results = []
    for place, (metric, unit) in enumerate((("CPU time", "s"), ("peak memory", "MiB"))):
        ours, bare = (statistics.median(run[place] for run in measured[name][1:]) for name in SUBJECTS)
        results.append(
            {
                "metric": f"idle run, {metric}",
                "value": round(ours, 3),
                "unit": unit,
                "reference": "bare psycopg script",
                "reference_value": round(bare, 3),
                "ratio": round(ours / bare, 2),
            }
        )
        print(f"{metric:12} {ours:8.3f} {unit}   bare {bare:8.3f} {unit}   ratio {ours / bare:.2f}")
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
