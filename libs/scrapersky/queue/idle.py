"""A run that finds nothing due: asked, recorded and pushed over one plain connection.

Most runs of a cluster are of this kind. They pay for psycopg and the settings, and not for SQLAlchemy and all that work
needs. Whatever is out of the ordinary is left to the full run, which reports it properly.
"""

from time import monotonic, time
from typing import Any
from uuid import UUID, uuid4

import psycopg

from scrapersky.db.conninfo import conninfo
from scrapersky.db.revision import HEAD, VERSION_TABLE
from scrapersky.queue.depth import OLDEST_SNAPSHOT_SQL, Depth, depth_sql
from scrapersky.queue.pod import pod_name
from scrapersky.queue.queues import QUEUES, Queue
from scrapersky.queue.statements import any_due
from scrapersky.settings import Settings

RECORD = """
WITH counted AS (
    INSERT INTO service_totals (service, name, labels, value)
    VALUES (%(service)s, 'scrapersky_runs_total', '{"result": "success"}', 1)
    ON CONFLICT (service, name, labels) DO UPDATE SET value = service_totals.value + 1),
pruned AS (DELETE FROM service_runs WHERE started_at < now() - make_interval(days => %(days)s))
INSERT INTO service_runs (id, service, pod, started_at, finished_at)
VALUES (%(id)s, %(service)s, %(pod)s, now() - make_interval(secs => %(seconds)s), now())"""
TOTALS = "SELECT name, labels, value FROM service_totals WHERE service = %s"


def record_if_idle(settings: Settings, service: str) -> UUID | None:
    """Leave the traces of a run that found nothing due; return its id, or None where there is something to do or say.

    Args:
        settings: Where the database and the Pushgateway are.
        service: Its name, e.g. ``domain-scheduler``.

    Raises:
        ConfigurationError: DATABASE_URL is wrong.
    """
    began = monotonic()
    queues = tuple(queue for queue in QUEUES.values() if queue.service == service)
    try:
        with psycopg.connect(conninfo(settings), prepare_threshold=None) as connection:
            if not _is_idle(connection, queues):
                return None
            run_id = uuid4()
            seconds = monotonic() - began
            recorded = {"id": run_id, "service": service, "pod": pod_name(), "seconds": seconds}
            connection.execute(RECORD, {**recorded, "days": settings.run_history_days})
            if settings.pushgateway_url is not None:
                _push(connection, settings, service, queues, began)
            return run_id
    except psycopg.Error:
        return None


def _is_idle(connection: psycopg.Connection[Any], queues: tuple[Queue, ...]) -> bool:
    current = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}".encode()).fetchone()
    due = connection.execute(any_due(queues).encode()).fetchone()
    return current == (HEAD,) and due == (False,)


def _push(
    connection: psycopg.Connection[Any], settings: Settings, service: str, queues: tuple[Queue, ...], began: float
) -> None:
    from scrapersky import metrics
    from scrapersky.log import configure

    configure(settings)
    depths = {queue.name: Depth(*(connection.execute(depth_sql(queue).encode()).fetchone() or ())) for queue in queues}
    [oldest] = connection.execute(OLDEST_SNAPSHOT_SQL.encode()).fetchone() or (0.0,)
    totals = [metrics.Figure(*row) for row in connection.execute(TOTALS, [service])]
    gauges = metrics.run_gauges(time() - (monotonic() - began), monotonic() - began, depths, oldest, succeeded=True)
    metrics.push(str(settings.pushgateway_url), service, totals, gauges)
