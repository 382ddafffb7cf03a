"""Scans of many domains by the real service, beside Scrapy doing the same: pages per second of CPU, and peak memory.

`make bench-scans` serves 1,000 hosts of three pages of 60 to 100 KB over https on the loopback, 50 ms away. Service and
spider get the same concurrency and politeness, obey robots.txt, call the same extraction, and write to the same table.
Then 100 of the hosts become slow. The table is printed and written to ``build/bench/domain-scans.json``.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import FAST, EmbeddedPostgres
from tests.benchmarks.report import figure, report
from tests.support.postgres import make_settings

HOSTS = int(os.environ.get("SCAN_HOSTS") or 1000)
ROUNDS = int(os.environ.get("SCAN_ROUNDS") or 3)
LATENCY = 0.05
SLOW_HOSTS, SLOWNESS = HOSTS // 10, 3.0
PAGES = 3
CONCURRENCY, HOST_CONCURRENCY, HOST_DELAY = 100, 2, 0.2
SCRAPY = Path("build/scrapy/bin/python")

INSERT = """
INSERT INTO domains (domain, tenant_id, status)
SELECT format('plumber%%s.example', lpad(number::text, 4, '0')), (SELECT id FROM tenants LIMIT 1), 'Queued'
FROM generate_series(1, %s) AS number"""
COUNT = """
SELECT coalesce(sum(jsonb_array_length(meta_json -> 'pages')), 0), count(*) FILTER (WHERE email_addresses <> '{}')
FROM domains WHERE status = 'Completed'"""


@dataclass(frozen=True)
class Run:
    """One process's scan of all domains: pages read, seconds by the clock and of CPU, and peak memory in MiB."""

    pages: int
    seconds: float
    cpu_seconds: float
    peak: float


@contextmanager
def sites(directory: str, slow: int) -> Iterator[str]:
    """The port of a running crowd."""
    words = (directory, str(HOSTS), str(LATENCY), str(slow), str(SLOWNESS))
    command = [sys.executable, "-m", "tests.benchmarks.scan_sites", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def measure(command: list[str], environment: dict[str, str], url: str) -> Run:
    """Queue every domain anew, and let a process scan them."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("TRUNCATE domains CASCADE")
        database.execute(INSERT, [HOSTS])
        database.execute("ANALYZE domains")
        began = time.monotonic()
        with tempfile.TemporaryFile() as words:
            process = subprocess.Popen(command, env=environment, stdout=words, stderr=words)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - began
            words.seek(0)
            pages, with_facts = database.execute(COUNT).fetchone() or (0, 0)
            if process.returncode or with_facts != HOSTS:
                sys.exit(f"{with_facts} of {HOSTS} scanned; {words.read().decode()[-2000:]}")
    return Run(int(pages), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def ours(directory: str, port: str, url: str) -> Run:
    """The service, as its container runs it."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "LOG_LEVEL": "WARNING",
        "CONCURRENCY": str(CONCURRENCY),
        "DOMAIN_SCHEDULER_BATCH_SIZE": str(CONCURRENCY),
        "DOMAIN_SCHEDULER_MAX_PAGES": str(PAGES),
        "TIME_BUDGET_SECONDS": "600",
        "FETCH_HOST_CONCURRENCY": str(HOST_CONCURRENCY),
        "FETCH_HOST_DELAY": str(HOST_DELAY),
        "FETCH_HOSTS_FILE": f"{directory}/hosts",
        "FETCH_CA_FILE": f"{directory}/ca.pem",
        "FETCH_PORT_MAP": f"443={port}",
        "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
    }
    return measure([sys.executable, "-m", "services.domain_scheduler"], environment, url)


def scrapy(_: str, port: str, url: str) -> Run:
    """The spider."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f".{os.pathsep}libs",
        "DATABASE_URL": url,
        "PORT": port,
        "CONCURRENCY": str(CONCURRENCY),
        "HOST_CONCURRENCY": str(HOST_CONCURRENCY),
        "HOST_DELAY": str(HOST_DELAY),
        "MAX_PAGES": str(PAGES),
    }
    return measure([str(SCRAPY), "-m", "tests.benchmarks.peers.scan_scrapy"], environment, url)


def main() -> None:
    """Measure in turn, so that whatever else the machine does falls on all."""
    runs: dict[str, list[Run]] = {"ours": [], "scrapy": [], "slow": []}
    with tempfile.TemporaryDirectory() as directory, EmbeddedPostgres(settings=FAST) as postgres:
        upgrade(make_settings(postgres.url))
        with psycopg.connect(postgres.url, autocommit=True) as database:
            database.execute("INSERT INTO tenants (name) VALUES ('benchmark')")
        for _ in range(ROUNDS):
            with sites(directory, 0) as port:
                runs["ours"].append(ours(directory, port, postgres.url))
                runs["scrapy"].append(scrapy(directory, port, postgres.url))
            with sites(directory, SLOW_HOSTS) as port:
                runs["slow"].append(ours(directory, port, postgres.url))
            print({name: measured[-1] for name, measured in runs.items()}, file=sys.stderr, flush=True)
    mine, peer, slow = (runs[name] for name in ("ours", "scrapy", "slow"))
    report(
        "domain-scans",
        [
            figure("pages per CPU second", _median(mine, _per_cpu), "1/s", "Scrapy", _median(peer, _per_cpu)),
            figure("pages per second", _median(mine, _per_second), "1/s", "Scrapy", _median(peer, _per_second)),
            figure(
                "peak memory", _median(mine, lambda run: run.peak), "MiB", "Scrapy", _median(peer, lambda run: run.peak)
            ),
            figure(
                f"pages per second, {SLOW_HOSTS} of {HOSTS} hosts slow",
                _median(slow, _per_second),
                "1/s",
                "none slow",
                _median(mine, _per_second),
            ),
        ],
    )


def _median(runs: list[Run], value: Callable[[Run], float]) -> float:
    return statistics.median(map(value, runs))


def _per_cpu(run: Run) -> float:
    return run.pages / run.cpu_seconds


def _per_second(run: Run) -> float:
    return run.pages / run.seconds


if __name__ == "__main__":
    main()
