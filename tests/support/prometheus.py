"""A real Prometheus that scrapes a real Pushgateway, and promtool."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from tests.support.debian import program
from tests.support.pushgateway import Pushgateway, free_port, wait_until_ready

SCRAPE_SECONDS = 1


@dataclass(frozen=True)
class Prometheus:
    """Where it listens."""

    url: str

    def get(self, path: str, **parameters: object) -> Any:
        """``data`` of an answer of its API, e.g. of ``rules``."""
        with urlopen(f"{self.url}/api/v1/{path}?{urlencode(parameters)}", timeout=10) as answer:  # noqa: S310
            return json.load(answer)["data"]

    def query(self, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
        """An instant vector: labels → value."""
        found = self.get("query", query=expression)["result"]
        return {tuple(sorted(each["metric"].items())): float(each["value"][1]) for each in found}

    def scalar(self, expression: str) -> float:
        """The value of a query that finds one sample; 0 where it finds none."""
        values = list(self.query(expression).values())
        assert len(values) <= 1, expression
        return values[0] if values else 0.0

    def range(self, expression: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """Series over time: ``metric`` and ``values``, pairs of time and text."""
        found: list[dict[str, Any]] = self.get("query_range", query=expression, start=start, end=end, step=step)[
            "result"
        ]
        return found


@contextmanager
def running_prometheus(gateway: Pushgateway, directory: Path, rules: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the gateway every second, as the chart's ServiceMonitor says: with honorLabels."""
    configuration = {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": f"{SCRAPE_SECONDS}s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {
                "job_name": "pushgateway",
                "honor_labels": True,
                "static_configs": [{"targets": [gateway.url.removeprefix("http://")]}],
            }
        ],
    }
    (directory / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
    port = free_port()
    process = subprocess.Popen(
        [
            program("prometheus", "prometheus"),
            f"--config.file={directory / 'prometheus.yaml'}",
            f"--storage.tsdb.path={directory / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def promtool(*arguments: str | Path, stdin: str = "") -> tuple[int, str]:
    """Exit code, and all that it said."""
    done = subprocess.run(
        [program("promtool", "prometheus"), *arguments], input=stdin, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
