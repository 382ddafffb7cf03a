"""A run that finds nothing due: asked, recorded and pushed over one plain connection.

Most runs of a cluster are of this kind. They pay for psycopg and the settings, and not for SQLAlchemy and all that work
needs. Whatever is out of the ordinary is left to the full run, which reports it properly.
"""

from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid4

import psycopg

from scrapersky.db.conninfo import conninfo
from scrapersky.db.revision import HEAD, VERSION_TABLE
from scrapersky.queue import totals
from scrapersky.queue.pod import pod_name
from scrapersky.queue.queues import QUEUES, Queue
from scrapersky.queue.statements import any_due
from scrapersky.queue.totals import Ask
from scrapersky.settings import Settings

RECORD = f"""
WITH counted AS ({totals.COUNT_ONE}),
pruned AS (DELETE FROM service_runs WHERE started_at < now() - make_interval(days => %(days)s))
INSERT INTO service_runs (id, service, pod, started_at, finished_at)
VALUES (%(run)s, %(service)s, %(pod)s, now() - make_interval(secs => %(seconds)s), now())"""
SUCCESS = {"name": "scrapersky_runs_total", "labels": '{"result": "success"}'}


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
    recorded: UUID | None = None
    try:
        with psycopg.connect(conninfo(settings), prepare_threshold=None, autocommit=True) as connection:
            if not _is_idle(connection, queues):
                return None
            run_id = uuid4()
            run = {"run": run_id, "service": service, "pod": pod_name(), "seconds": monotonic() - began}
            connection.execute(RECORD.encode(), {**run, **SUCCESS, "days": settings.run_history_days})
            recorded = run_id
            if settings.pushgateway_url is not None:
                _push(connection, settings, service, queues)
    except psycopg.Error:
        pass
    return recorded


def _is_idle(connection: psycopg.Connection[Any], queues: tuple[Queue, ...]) -> bool:
    current = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}".encode()).fetchone()
    due = connection.execute(any_due(queues).encode()).fetchone()
    return current == (HEAD,) and due == (False,)


def _push(connection: psycopg.Connection[Any], settings: Settings, service: str, queues: tuple[Queue, ...]) -> None:
    from scrapersky import push
    from scrapersky.log import configure

    configure(settings)
    assert settings.pushgateway_url is not None  # noqa: S101
    ask, token = _asking(connection), uuid4()
    give_up_at = monotonic() + totals.WAIT_SECONDS
    while not totals.take_turn(ask, service, token):
        if monotonic() > give_up_at:
            push.log.warning("push-left-out", reason="another pod's push goes on")
            return
        sleep(totals.PAUSE_SECONDS)
    with connection.transaction():
        figures = push.read(ask, settings, service, queues)
    totals.end_turn(ask, service, token, pushed=push.push(settings.pushgateway_url, service, figures))


def _asking(connection: psycopg.Connection[Any]) -> Ask:
    def ask(statement: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        answer = connection.execute(statement.encode(), values)
        return answer.fetchall() if answer.description else []

    return ask
