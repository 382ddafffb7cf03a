"""Sitemap imports from a loopback server into PostgreSQL, beside the floor and beside a peer.

Four files of 50,000 URLs: with and without images and languages, plain and gzip. Each is imported into an empty table
and, unchanged, once more. The floor reads only location and date, with lxml, and writes the same rows by one COPY; the
peer is ultimate-sitemap-parser with ORM inserts. Then the plain file again, beside 10,000 and beside BENCH_PAGES pages
of other domains.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from tests.benchmarks.report import Figure, figure, report
from tests.benchmarks.sitemap_files import HOST, URLS, plain, served, variants
from tests.support.postgres import make_settings

RUNS = int(os.environ.get("BENCH_RUNS") or 5)
PAGES = int(os.environ.get("BENCH_PAGES") or 10_000_000)
FEW_PAGES = 10_000
PEERS_PYTHON = Path(__file__).parents[2] / "build" / "sitemap-peers" / "bin" / "python"
FILL = """
INSERT INTO pages (tenant_id, domain_id, url, last_modified, lead_source)
SELECT tenant_id, id, 'https://' || domain || '/some/path/to/a-page-' || n || '.html', now(), 'sitemap'
FROM domains, generate_series(1, %s / 1000) AS n WHERE domain LIKE 'other-%%'"""
SECONDARY_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'pages' AND indexname <> 'pages_pkey'"


class Bench:
    """A database with a domain and its sitemap files, and processes that import them."""

    def __init__(self, database: str, port: int, directory: Path) -> None:
        self._port = port
        self._database = psycopg.connect(database, autocommit=True)
        (directory / "hosts").write_text(f"127.0.0.1 {HOST}\n")
        self._environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database,
            "FETCH_HOSTS_FILE": str(directory / "hosts"),
            "FETCH_PORT_MAP": f"80={port}",
            "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
            "FETCH_HOST_DELAY": "0",
            "LOG_LEVEL": "ERROR",
        }
        self._ids: tuple[str, str] = self._one("INSERT INTO domains (domain) VALUES (%s) RETURNING tenant_id, id", HOST)

    def _one(self, query: str, *values: object) -> Any:
        return self._database.execute(query.encode(), values).fetchone()

    def add_file(self, name: str) -> None:
        """Make a row of ``sitemap_files``."""
        self._one(
            "INSERT INTO sitemap_files (domain_id, tenant_id, url, sitemap_type) VALUES (%s, %s, %s, 'standard')"
            " RETURNING id",
            self._ids[1],
            self._ids[0],
            f"http://{HOST}/{name}",
        )

    def forget(self) -> None:
        """Empty the table, and let the server finish what it has begun."""
        self._database.execute("TRUNCATE pages")
        self.settle()

    def forget_ours(self) -> None:
        """Delete the domain's own pages from among others."""
        self._database.execute("DELETE FROM pages WHERE domain_id = %s", (self._ids[1],))
        self._database.execute("VACUUM pages")
        self.settle()

    def settle(self) -> None:
        """Have the server write what is dirty now, not while somebody is measured."""
        self._database.execute("CHECKPOINT")

    def fill(self, pages: int) -> None:
        """Put pages of a thousand other domains beside ours; their indexes are built when they are there."""
        self._database.execute(
            "INSERT INTO domains (domain, scan_due_at) SELECT 'other-' || n || '.example', '2100-01-01'"
            " FROM generate_series(1, 1000) AS n ON CONFLICT DO NOTHING"
        )
        self._database.execute("TRUNCATE pages")
        indexes = self._database.execute(SECONDARY_INDEXES).fetchall()
        for name, _ in indexes:
            self._database.execute(f"DROP INDEX {name}".encode())
        self._database.execute("ALTER TABLE pages DROP CONSTRAINT pages_pkey")
        self._database.execute("SET session_replication_role = replica")  # foreign keys are not checked
        self._database.execute(FILL, (pages,))
        self._database.execute("RESET session_replication_role")
        self._database.execute("ALTER TABLE pages ADD CONSTRAINT pages_pkey PRIMARY KEY (id)")
        for _, definition in indexes:
            self._database.execute(definition.encode())
        self._database.execute("VACUUM ANALYZE pages")
        self.settle()

    def count(self) -> int:
        """How many pages the domain has."""
        return int(self._one("SELECT count(*) FROM pages WHERE domain_id = %s", self._ids[1])[0])

    def run(self, subject: str, name: str, python: str = sys.executable) -> dict[str, float]:
        """Let a process import a file; returns what it measured."""
        file = self._one("SELECT id FROM sitemap_files WHERE url LIKE %s", f"%/{name}")[0]
        ours = subject == "ours"
        arguments = [f"http://{HOST}/{name}"] if ours else [f"http://127.0.0.1:{self._port}/{name}", *self._ids, file]
        done = subprocess.run(
            [python, "-m", f"tests.benchmarks.peers.import_{subject}", *map(str, arguments)],
            env=self._environment,
            check=True,
            stdout=subprocess.PIPE,
        )
        assert self.count() >= URLS, f"{subject}, {name}: {self.count()} pages"
        measured: dict[str, float] = json.loads(done.stdout)
        return measured


def median(measured: list[dict[str, float]], name: str = "seconds") -> float:
    """The median of one measurement."""
    return statistics.median(each[name] for each in measured)


def beside_floor_and_peer(bench: Bench, name: str) -> list[Figure]:
    """One file: first and unchanged import in turn with the floor; the peer last, once."""
    floor, first, again = [], [], []
    for _ in range(RUNS):
        bench.forget()
        floor.append(bench.run("floor", name))
        bench.forget()
        first.append(bench.run("ours", name))
        bench.settle()
        again.append(bench.run("ours", name))
    bench.forget()
    peer = bench.run("peer", name, str(PEERS_PYTHON))["seconds"]
    return [
        figure(f"{name}, first import", median(first), "s", "floor", median(floor)),
        figure(f"{name}, first import", median(first), "s", "usp and ORM", peer),
        figure(f"{name}, unchanged", median(again), "s", "floor", median(floor)),
        figure(f"{name}, peak memory", median(first, "peak"), "MiB", "aim", 120),
    ]


def beside_many_pages(bench: Bench, name: str) -> list[Figure]:
    """The cost of an import in a small table and in a large one."""
    seconds: dict[int, tuple[float, float]] = {}
    for pages in (FEW_PAGES, PAGES):
        bench.fill(pages)
        first, again = [], []
        for _ in range(RUNS):
            bench.forget_ours()
            first.append(bench.run("ours", name))
            bench.settle()
            again.append(bench.run("ours", name))
        seconds[pages] = median(first), median(again)
    metrics = ("first import", "unchanged")
    few, many = seconds[FEW_PAGES], seconds[PAGES]
    return [
        figure(
            f"{metric} beside {PAGES:,} pages",
            many[place] / URLS * 1e6,
            "µs/URL",
            f"beside {FEW_PAGES:,}",
            few[place] / URLS * 1e6,
        )
        for place, metric in enumerate(metrics)
    ]


def main() -> None:
    """Measure everything, in turn, so that whatever else the machine does falls on all."""
    files = variants() | {"warm-up.xml": plain(10)}
    figures: list[Figure] = []
    with (
        served(files) as port,
        EmbeddedPostgres(settings={"max_wal_size": "4GB", "maintenance_work_mem": "512MB"}) as postgres,
        tempfile.TemporaryDirectory() as directory,
    ):
        upgrade(make_settings(postgres.url))
        bench = Bench(postgres.url, port, Path(directory))
        for name in files:
            bench.add_file(name)
        for name in variants(1):
            figures += beside_floor_and_peer(bench, name)
            report("sitemap-import", figures[-4:])
        figures += beside_many_pages(bench, "plain.xml")
    report("sitemap-import", figures)


if __name__ == "__main__":
    main()
