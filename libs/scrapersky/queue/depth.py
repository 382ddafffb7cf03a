"""How full the queues are: one cheap query a queue, by its partial index."""

from dataclasses import dataclass

from scrapersky.queue.queues import Queue


@dataclass(frozen=True)
class Depth:
    """The state of one queue at one moment.

    Attributes:
        queued: Rows that wait, due or not.
        due: Rows that may be claimed now.
        processing: Rows in work.
        expired: Rows in work whose lease ran out.
        oldest_due_seconds: How long the oldest due row has been due; 0 when none is.
    """

    queued: int
    due: int
    processing: int
    expired: int
    oldest_due_seconds: float


def depth_sql(queue: Queue) -> str:
    """SQL that returns the fields of `Depth`, in their order."""
    narrowed = f"AND {queue.where}" if queue.where else ""
    in_work = f"{queue.status} = '{queue.processing}'"
    return f"""
SELECT count(*) FILTER (WHERE NOT {in_work}) AS queued,
    count(*) FILTER (WHERE {queue.due_at} <= now()) AS due,
    count(*) FILTER (WHERE {in_work}) AS processing,
    count(*) FILTER (WHERE {in_work} AND {queue.due_at} <= now()) AS expired,
    coalesce(extract(epoch FROM now() - min({queue.due_at}) FILTER (WHERE {queue.due_at} <= now())), 0)::float8
        AS oldest_due_seconds
FROM {queue.table} WHERE {queue.status} IN ('Queued', '{queue.processing}') {narrowed}"""


OLDEST_SNAPSHOT_SQL = """
SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float8 FROM pg_stat_activity
WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"""
"""Age in seconds of the oldest transaction that holds vacuum back."""
