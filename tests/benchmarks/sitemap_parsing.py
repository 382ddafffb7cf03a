"""Parsing alone, in URLs a second, beside lxml's iterparse, ultimate-sitemap-parser and advertools."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.report import Figure, figure, report
from tests.benchmarks.sitemap_files import URLS, plain, rich
from tests.benchmarks.sitemap_import import PEERS_PYTHON, RUNS

PEERS = {"iterparse": sys.executable, "usp": str(PEERS_PYTHON), "advertools": str(PEERS_PYTHON)}


def read(reader: str, python: str, path: Path) -> dict[str, float]:
    """Let one reader read a file; returns what it measured."""
    command = [python, "-m", "tests.benchmarks.peers.parse_sitemap", reader, str(path)]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, check=True, stdout=subprocess.PIPE)
    measured: dict[str, float] = json.loads(done.stdout)
    assert measured["urls"] == URLS, f"{reader}: {measured['urls']} URLs"
    return measured


def compare(path: Path) -> list[Figure]:
    """All readers in turn, so that whatever else the machine does falls on all."""
    subjects = {"scrapersky": sys.executable, **PEERS}
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in subjects}
    for _ in range(RUNS):
        for name, python in subjects.items():
            measured[name].append(read(name, python, path))
    rate, peak = (
        {name: statistics.median(each[what] for each in runs) for name, runs in measured.items()}
        for what in ("rate", "peak")
    )
    name = path.name
    return [
        *(figure(f"{name}, parsed", rate["scrapersky"], "URLs/s", peer, rate[peer]) for peer in PEERS),
        *(figure(f"{name}, peak memory", peak["scrapersky"], "MiB", peer, peak[peer]) for peer in PEERS),
    ]


def main() -> None:
    """Measure both files."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as directory:
        for name, body in (("plain.xml", plain()), ("rich.xml", rich())):
            path = Path(directory) / name
            path.write_bytes(body)
            figures += compare(path)
    report("sitemap-parsing", figures)


if __name__ == "__main__":
    main()
