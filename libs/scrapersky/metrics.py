"""Every series that a run leaves behind, and the counting while it goes on.

A process that lives for seconds has no counters that ``rate()`` could use. So work is counted here, in a registry of
our own; what was counted is added to the totals in the table ``service_totals`` (`scrapersky.queue.totals`), and it is
those totals that are pushed (`scrapersky.push`). Gauges are read from the database at the moment of a push.

``docs/metrics.md`` is made from this file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram

from scrapersky.queue.queues import QUEUES, Queue

RUN = CollectorRegistry()
"""What this process counted since it started."""

Outcome = Literal["completed", "retried", "failed", "released", "lost"]
"""completed, retried, failed and released end a claim; lost: another worker held the row when we came to settle it."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

RUNS = Counter("scrapersky_runs", "Runs that ended, by result.", ["result"], registry=RUN)
RUNS_OUT_OF_TIME = Counter(
    "scrapersky_runs_out_of_time", "Runs that TIME_BUDGET_SECONDS ended before their queues were empty.", registry=RUN
)
ROWS = Counter("scrapersky_rows", "Rows by queue and outcome.", ["queue", "outcome"], registry=RUN)
RESCUED_ROWS = Counter(
    "scrapersky_rescued_rows",
    "Claims of rows whose lease had run out: their worker died, or was cut off from the database.",
    ["queue"],
    registry=RUN,
)
ROW_SECONDS = Histogram(
    "scrapersky_row_seconds",
    "Seconds of work on one row.",
    ["queue"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
    registry=RUN,
)
FETCHES = Counter(
    "scrapersky_fetches",
    "Fetches by result: the class of the status, or the cause of the error.",
    ["result"],
    registry=RUN,
)
FETCHED_BYTES = Counter("scrapersky_fetched_bytes", "Bytes received from websites, on the wire.", registry=RUN)
PAGES = Counter("scrapersky_pages", "Pages of imported sitemaps by change.", ["change"], registry=RUN)
PLACES_CALLS = Counter("scrapersky_places_calls", "Answered calls of the Places API by SKU.", ["sku"], registry=RUN)
PUSH_FAILURES = Counter(
    "scrapersky_push_failures",
    "Pushes that did not reach the Pushgateway; the next one that does brings it.",
    registry=RUN,
)

# What is known beforehand is pushed as 0 from the first run on, see `complete`.
for _result in ("success", "failure"):
    RUNS.labels(_result)
for _result in ("2xx", "3xx", "4xx", "5xx"):
    FETCHES.labels(_result)
for _change in ("new", "changed", "unchanged", "vanished"):
    PAGES.labels(_change)
for _sku in ("text-search-enterprise", "text-search-pro", "place-details-enterprise"):
    PLACES_CALLS.labels(_sku)


@dataclass(frozen=True)
class Gauge:
    """A gauge's help text, and its labels beside the grouping key's."""

    documentation: str
    labels: tuple[str, ...] = ()


GAUGES = {
    "scrapersky_last_start_timestamp_seconds": Gauge("When the last run started."),
    "scrapersky_last_success_timestamp_seconds": Gauge("When a run last ended well; a failed run leaves it in place."),
    "scrapersky_run_duration_seconds": Gauge("How long the last run took, or has taken so far."),
    "scrapersky_interval_seconds": Gauge("How often the service is meant to start: its …_INTERVAL_MINUTES."),
    "scrapersky_schema_current": Gauge("Whether the database's schema is the one that this version needs."),
    "scrapersky_queue_due_rows": Gauge(
        "Rows that may be claimed now, or could be if the queue were not paused.", ("queue",)
    ),
    "scrapersky_queue_processing_rows": Gauge("Rows in work, expired leases included.", ("queue",)),
    "scrapersky_queue_expired_leases": Gauge("Rows in work whose lease ran out: their worker died.", ("queue",)),
    "scrapersky_queue_oldest_due_age_seconds": Gauge("How long the oldest due row has been due.", ("queue",)),
    "scrapersky_queue_paused": Gauge("Whether an operator paused the queue.", ("queue",)),
    "scrapersky_oldest_snapshot_age_seconds": Gauge(
        "Age of the database's oldest transaction; it holds vacuum back and makes claims dear."
    ),
    "scrapersky_build_info": Gauge("Always 1; what runs, and where, are labels.", ("version", "environment")),
}
"""Gauges by name."""


@dataclass(frozen=True)
class Figure:
    """One sample of a series: ``Figure("scrapersky_rows_total", {"queue": "domains", "outcome": "failed"}, 3.0)``."""

    name: str
    labels: Mapping[str, str]
    value: float

    @property
    def key(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """What tells one series from another."""
        return self.name, frozenset(self.labels.items())


@dataclass(frozen=True)
class Series:
    """What a reader must know of a series; ``labels`` are those beside ``job`` and ``service``."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    labels: tuple[str, ...]
    documentation: str

    @property
    def samples(self) -> tuple[str, ...]:
        """Names of its samples: a histogram has three kinds."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
        return (self.name,)


def figures() -> list[Figure]:
    """What this process counted since it started, the parts of histograms included; zeros left out."""
    return [each for each in _samples() if each.value]


def _samples() -> Iterator[Figure]:
    for family in RUN.collect():
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                yield Figure(sample.name, dict(sample.labels), sample.value)


def grown(now: Sequence[Figure], before: Sequence[Figure]) -> list[Figure]:
    """What was counted between two calls of `figures`."""
    counted = {each.key: each.value for each in before}
    differences = (Figure(each.name, each.labels, each.value - counted.get(each.key, 0)) for each in now)
    return [each for each in differences if each.value]


def complete(totals: Sequence[Figure], queues: tuple[Queue, ...]) -> list[Figure]:
    """Totals, and 0 for every series that has none yet.

    A series that first appears with another value than 0 hides that much from ``increase()``.
    """
    _declare(queues)
    known = {each.key: each for each in totals}
    zeros = (Figure(each.name, each.labels, 0) for each in _samples())
    ours = {None, *(queue.name for queue in queues)}
    declared = [known.pop(zero.key, zero) for zero in zeros if zero.labels.get("queue") in ours]
    # Causes of failed fetches have no list. Buckets do: those of an older version would spoil the histogram.
    return declared + [each for each in known.values() if each.name.endswith("_total")]


def _declare(queues: Iterable[Queue]) -> None:
    for queue in queues:
        ROW_SECONDS.labels(queue.name)
        RESCUED_ROWS.labels(queue.name)
        for outcome in OUTCOMES:
            ROWS.labels(queue.name, outcome)


def every_series() -> Iterator[Series]:
    """Every series that a push may bring, in the order of this file."""
    _declare(QUEUES.values())
    for family in RUN.collect():
        labels = {name for sample in family.samples for name in sample.labels} - {"le"}
        if family.type == "histogram":
            yield Series(family.name, "histogram", tuple(sorted(labels)), family.documentation)
        else:
            yield Series(f"{family.name}_total", "counter", tuple(sorted(labels)), family.documentation)
    for name, gauge in GAUGES.items():
        yield Series(name, "gauge", gauge.labels, gauge.documentation)
