"""What is pushed of a service, and how it reaches a Pushgateway.

The grouping key is the service alone: a pod label would leave a group behind for ever. POST replaces only the names it
brings, so that a run which cannot use its database leaves all else in place. Whatever can be read from the database is,
also the time of the last success: all pods say the same, and a Pushgateway that lost what it held gets it again.
"""

from collections.abc import Iterable, Iterator
from http.client import HTTPException
from importlib.metadata import version

import structlog
from prometheus_client import CollectorRegistry, pushadd_to_gateway
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from pydantic import HttpUrl

from scrapersky.metrics import Figure, complete, every_series
from scrapersky.queue.depth import OLDEST_SNAPSHOT_SQL, Depth, depth_sql
from scrapersky.queue.queues import Queue
from scrapersky.queue.totals import Ask
from scrapersky.settings import Settings

log = structlog.get_logger()

JOB = "scrapersky"
TIMEOUT = 5.0

TOTALS = "SELECT name, labels, value FROM service_totals WHERE service = %(service)s"
LAST_RUN = """
SELECT extract(epoch FROM started_at)::float8 AS scrapersky_last_start_timestamp_seconds,
    extract(epoch FROM coalesce(finished_at, now()) - started_at)::float8 AS scrapersky_run_duration_seconds
FROM service_runs WHERE service = %(service)s ORDER BY started_at DESC LIMIT 1"""
LAST_SUCCESS = """
SELECT extract(epoch FROM finished_at)::float8 FROM service_runs
WHERE service = %(service)s AND finished_at IS NOT NULL AND error IS NULL ORDER BY started_at DESC LIMIT 1"""
PAUSED = "SELECT queue FROM paused_queues"


def read(ask: Ask, settings: Settings, service: str, queues: tuple[Queue, ...]) -> list[Figure]:
    """Everything to push of a service: totals over all its runs, and gauges as they are now.

    Args:
        ask: For the statements; all in one transaction.
        settings: Say how often the service is meant to run, and where it is.
        service: Its name, e.g. ``domain-scheduler``.
        queues: The service's.
    """
    of_service = {"service": service}
    totals = complete([Figure(*row) for row in ask(TOTALS, of_service)], queues)
    [(oldest_snapshot,)] = ask(OLDEST_SNAPSHOT_SQL, {})
    gauges = {"scrapersky_oldest_snapshot_age_seconds": oldest_snapshot}
    for started, seconds in ask(LAST_RUN, of_service):
        gauges["scrapersky_last_start_timestamp_seconds"] = started
        gauges["scrapersky_run_duration_seconds"] = seconds
    for (succeeded,) in ask(LAST_SUCCESS, of_service):
        gauges["scrapersky_last_success_timestamp_seconds"] = succeeded
    return [
        *totals,
        *(Figure(name, {}, value) for name, value in gauges.items()),
        *_depths(ask, queues),
        *sign_of_life(settings, service, schema_current=True),
    ]


def _depths(ask: Ask, queues: tuple[Queue, ...]) -> Iterator[Figure]:
    paused = {name for (name,) in ask(PAUSED, {})}
    for queue in queues:
        [row] = ask(depth_sql(queue), {})
        depth = Depth(*row)
        values = {
            "due_rows": depth.due,
            "processing_rows": depth.processing,
            "expired_leases": depth.expired,
            "oldest_due_age_seconds": depth.oldest_due_seconds,
            "paused": queue.name in paused,
        }
        for name, value in values.items():
            yield Figure(f"scrapersky_queue_{name}", {"queue": queue.name}, float(value))


def sign_of_life(settings: Settings, service: str, *, schema_current: bool | None) -> list[Figure]:
    """The gauges that need no database: a run that cannot use its database pushes these.

    Args:
        settings: Say how often the service is meant to run, and where it is.
        service: Its name, e.g. ``domain-scheduler``.
        schema_current: None where nobody knows, because the database does not answer.
    """
    build = {"version": version("scrapersky"), "environment": settings.environment}
    gauges = [
        Figure("scrapersky_interval_seconds", {}, settings.interval_seconds(service)),
        Figure("scrapersky_build_info", build, 1),
    ]
    if schema_current is not None:
        gauges.append(Figure("scrapersky_schema_current", {}, float(schema_current)))
    return gauges


def push(url: HttpUrl, service: str, figures: Iterable[Figure]) -> bool:
    """Push a service's figures; say whether they arrived. A run does not fail for its metrics.

    Args:
        url: The Pushgateway's address.
        service: Grouping key.
        figures: Series that it names are replaced as a whole, others stay.
    """
    registry = CollectorRegistry()
    registry.register(_Pushed(figures))
    try:
        pushadd_to_gateway(str(url), job=JOB, registry=registry, grouping_key={"service": service}, timeout=TIMEOUT)
    except (OSError, ValueError, HTTPException) as error:
        log.warning("push-failed", pushgateway=f"{url.host}:{url.port}", error=str(error) or type(error).__name__)
        return False
    return True


class _Pushed(Collector):
    def __init__(self, figures: Iterable[Figure]) -> None:
        self._samples: dict[str, list[Figure]] = {}
        for figure in figures:
            self._samples.setdefault(figure.name, []).append(figure)

    def collect(self) -> Iterator[Metric]:
        for series in every_series():
            family = Metric(series.name.removesuffix("_total"), series.documentation, series.kind)
            for name in series.samples:
                for figure in self._samples.get(name, ()):
                    family.add_sample(name, dict(figure.labels), figure.value)
            if family.samples:
                yield family
