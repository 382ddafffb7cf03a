"""Indexes that more than one table needs."""

from sqlalchemy import Index, text

from scrapersky.queue.queues import Queue


def queue_index(queue: Queue) -> Index:
    """The one index of a queue: due rows in order, those in work and those that wait alike.

    Its predicate is that of the claim, word for word, so that the planner may use it.
    """
    narrowed = f" AND {queue.where}" if queue.where else ""
    return Index(
        f"{queue.table}_{queue.name.replace('-', '_')}_due_idx",
        queue.due_at,
        queue.key,
        postgresql_where=text(f"{queue.status} IN ('Queued', '{queue.processing}'){narrowed}"),
    )


def url_index(table: str) -> Index:
    """Unique on (domain_id, hash of url): URLs may be longer than a b-tree entry, and 16 bytes are a quarter of one."""
    return Index(f"{table}_domain_id_url_key", "domain_id", text("(md5(url)::uuid)"), unique=True)
