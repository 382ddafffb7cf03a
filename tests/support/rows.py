"""Rows of the queues' tables, as little as each table allows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from scrapersky.queue.queues import Queue

Sql = Callable[..., list[dict[str, Any]]]

REQUIRED: dict[str, Callable[[], dict[str, object]]] = {
    "domains": lambda: {"domain": f"{uuid4()}.example"},
    "jobs": dict,
    "places_staging": lambda: {"place_id": f"{uuid4()}", "name": "Ann's Plumbing"},
    "local_businesses": lambda: {"business_name": "Ann's Plumbing", "place_id": f"{uuid4()}"},
    "sitemap_files": lambda: {"url": f"https://a.example/{uuid4()}.xml", "sitemap_type": "standard"},
}


def insert(sql: Sql, table: str, **columns: object) -> Any:
    """Insert a row with what the table requires and these columns; return its id."""
    values = REQUIRED[table]() | columns
    if table == "sitemap_files" and "domain_id" not in values:
        values["domain_id"] = insert(sql, "domains", status="Completed")
    marks = ", ".join(["%s"] * len(values))
    return sql(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks}) RETURNING id", *values.values())[0]["id"]


def queue_row(sql: Sql, queue: Queue, **columns: object) -> Any:
    """Insert a row that is in a queue, Queued unless ``columns`` say otherwise; return its id."""
    kind = {"job_type": (queue.where or "").partition("= ")[2].strip("'")} if queue.table == "jobs" else {}
    return insert(sql, queue.table, **({queue.status: "Queued"} | kind | columns))


def failed(sql: Sql, queue: Queue, error: str = "http-404: no such page") -> Any:
    """Insert a row that is given up."""
    return queue_row(sql, queue, **{queue.status: "Error", queue.attempts: 5, queue.error: error})


def retrying(sql: Sql, queue: Queue, error: str) -> Any:
    """Insert a row that failed once and waits for its next attempt."""
    return queue_row(sql, queue, **{queue.attempts: 1, queue.error: error, queue.due_at: datetime.now(UTC)})


def in_work(sql: Sql, queue: Queue) -> Any:
    """Insert a row that a worker has for two minutes more."""
    lease = {queue.due_at: datetime.now(UTC) + timedelta(minutes=2), queue.claim: uuid4(), queue.attempts: 1}
    return queue_row(sql, queue, **{queue.status: queue.processing}, **lease)


def state(sql: Sql, queue: Queue, key: object) -> dict[str, Any]:
    """The columns of the queue under the same names for all; ``due`` says whether a claim would take the row."""
    [row] = sql(
        f"SELECT {queue.status}::text AS status, {queue.attempts} AS attempts, {queue.error} AS error,"
        f" {queue.claim} AS claim, coalesce({queue.due_at} <= clock_timestamp(), false) AS due"
        f" FROM {queue.table} WHERE {queue.key} = %s",
        key,
    )
    return row
