"""Every series, in a registry of our own, and how it reaches a Pushgateway.

Counters of a process that lives for seconds are of no use to ``rate()``. So work is counted here while a run goes on,
added to the totals in the table ``service_totals`` when it ends, and it is those totals that are pushed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from time import time

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, pushadd_to_gateway
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from scrapersky.queue.depth import Depth

log = structlog.get_logger()

RUN = CollectorRegistry()
"""What this process did since it started."""

ROWS = Counter("scrapersky_rows", "Rows by queue and outcome.", ["queue", "outcome"], registry=RUN)
ROW_SECONDS = Histogram(
    "scrapersky_row_seconds",
    "Seconds of work on one row.",
    ["queue"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
    registry=RUN,
)
FETCHES = Counter(
    "scrapersky_fetches", "Fetches by result: an HTTP status class, or the cause.", ["result"], registry=RUN
)
FETCHED_BYTES = Counter("scrapersky_fetched_bytes", "Bytes received from websites, on the wire.", registry=RUN)
PAGES = Counter("scrapersky_pages", "Pages of imported sitemaps by change.", ["change"], registry=RUN)
PLACES_CALLS = Counter("scrapersky_places_calls", "Calls of the Places API by SKU.", ["sku"], registry=RUN)
RUNS = Counter("scrapersky_runs", "Runs by result: success or failure.", ["result"], registry=RUN)

GAUGES = {
    "scrapersky_last_start_timestamp_seconds": "When the last run started.",
    "scrapersky_last_success_timestamp_seconds": "When a run last ended well.",
    "scrapersky_run_duration_seconds": "How long the last run took.",
    "scrapersky_queue_due_rows": "Rows that may be claimed now.",
    "scrapersky_queue_processing_rows": "Rows in work, expired leases included.",
    "scrapersky_queue_expired_leases": "Rows in work whose lease ran out: their worker died.",
    "scrapersky_queue_oldest_due_age_seconds": "How long the oldest due row has been due.",
    "scrapersky_oldest_snapshot_age_seconds": "Age of the database's oldest transaction; it holds vacuum back.",
    "scrapersky_build_info": "Always 1; the version is a label.",
}
"""Gauges by name, with their help texts."""


@dataclass(frozen=True)
class Figure:
    """One sample of a series: ``Figure("scrapersky_rows_total", {"queue": "domains", "outcome": "failed"}, 3.0)``."""

    name: str
    labels: Mapping[str, str]
    value: float


def figures() -> list[Figure]:
    """What this process counted since it started, the parts of histograms included; zeros left out."""
    return [
        Figure(sample.name, dict(sample.labels), sample.value)
        for family in RUN.collect()
        for sample in family.samples
        if sample.value and not sample.name.endswith("_created")
    ]


def run_gauges(
    started_at: float, seconds: float, depths: Mapping[str, Depth], oldest_snapshot: float, *, succeeded: bool
) -> list[Figure]:
    """The gauges of a run that ends now.

    Args:
        started_at: Seconds since the epoch.
        seconds: How long it took.
        depths: Of the service's queues, by name.
        oldest_snapshot: Seconds.
        succeeded: A failed run brings no time of success, so that the last one stays.
    """
    gauges = [
        Figure("scrapersky_last_start_timestamp_seconds", {}, started_at),
        Figure("scrapersky_run_duration_seconds", {}, seconds),
        Figure("scrapersky_oldest_snapshot_age_seconds", {}, oldest_snapshot),
        Figure("scrapersky_build_info", {"version": version("scrapersky")}, 1),
    ]
    if succeeded:
        gauges.append(Figure("scrapersky_last_success_timestamp_seconds", {}, time()))
    for name, depth in depths.items():
        labels = {"queue": name}
        gauges += [
            Figure("scrapersky_queue_due_rows", labels, depth.due),
            Figure("scrapersky_queue_processing_rows", labels, depth.processing),
            Figure("scrapersky_queue_expired_leases", labels, depth.expired),
            Figure("scrapersky_queue_oldest_due_age_seconds", labels, depth.oldest_due_seconds),
        ]
    return gauges


def push(url: str, service: str, totals: Iterable[Figure], gauges: Iterable[Figure]) -> bool:
    """Push a service's totals and gauges. Failure is logged, never raised: a run does not fail for its metrics.

    The grouping key is the service alone: a pod label would leave a group behind for ever. POST (``pushadd``) replaces
    only the names it brings, so that a failed run leaves the last success's time in place.

    Args:
        url: The Pushgateway's address.
        service: Grouping key.
        totals: As `figures`, but summed over all runs.
        gauges: What is true now; names and help texts in `GAUGES`.
    """
    registry = CollectorRegistry()
    registry.register(_Pushed([*totals], [*gauges]))
    try:
        pushadd_to_gateway(url, job="scrapersky", registry=registry, grouping_key={"service": service}, timeout=5)
    except (OSError, ValueError) as error:
        log.warning("push-failed", pushgateway=url, error=str(error))
        return False
    return True


class _Pushed(Collector):
    def __init__(self, totals: list[Figure], gauges: list[Figure]) -> None:
        self._totals = totals
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        for counted in RUN.collect():
            family = Metric(counted.name, counted.documentation, counted.type)
            for figure in self._totals:
                if figure.name.removesuffix("_total") == counted.name or figure.name.startswith(f"{counted.name}_"):
                    family.add_sample(figure.name, dict(figure.labels), figure.value)
            yield family
        for name, documentation in GAUGES.items():
            family = Metric(name, documentation, "gauge")
            for figure in self._gauges:
                if figure.name == name:
                    family.add_sample(name, dict(figure.labels), figure.value)
            yield family
