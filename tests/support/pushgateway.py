"""A real Prometheus Pushgateway on the loopback."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.support.debian import program


@dataclass(frozen=True)
class Pushgateway:
    """Where it listens, and what it holds."""

    url: str

    def exposition(self) -> str:
        """What Prometheus would read."""
        with urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310
            return str(answer.read().decode())

    def scrape(self) -> dict[str, Metric]:
        """The same by family name."""
        return {family.name: family for family in text_string_to_metric_families(self.exposition())}

    def value(self, sample: str, **labels: str) -> float | None:
        """One sample's value, or None where it does not exist."""
        for family in self.scrape().values():
            for each in family.samples:
                if each.name == sample and labels.items() <= each.labels.items():
                    return each.value
        return None


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_pushgateway() -> Iterator[Pushgateway]:
    """A Pushgateway for as long as the block lasts."""
    binary = program("prometheus-pushgateway", "prometheus-pushgateway")
    port = free_port()
    process = subprocess.Popen(
        [binary, f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    gateway = Pushgateway(f"http://127.0.0.1:{port}")
    try:
        wait_until_ready(gateway.url)
        yield gateway
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def pushgateway() -> Iterator[Pushgateway]:
    """A Pushgateway of this test's own."""
    with running_pushgateway() as gateway:
        yield gateway


def wait_until_ready(url: str) -> None:
    """Wait until a server of the Prometheus family says that it is."""
    give_up_at = time.monotonic() + 15
    while True:
        try:
            with urlopen(f"{url}/-/ready", timeout=1):  # noqa: S310
                return
        except (URLError, OSError):
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)
