"""What the triggers do to plain SQL, for every queue and every curation status."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from scrapersky.db.curation import COUPLINGS, Coupling, initial_status
from scrapersky.db.enums import CurationStatus
from scrapersky.queue import statements
from scrapersky.queue.queues import QUEUES, SITEMAP_IMPORTS, Queue
from scrapersky.settings import Settings

Sql = Callable[..., list[dict[str, Any]]]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

every_queue = pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES.keys())
every_coupling = pytest.mark.parametrize("coupling", COUPLINGS, ids=[f"{c.queue.table}.{c.status}" for c in COUPLINGS])


def insert(sql: Sql, queue: Queue, **more: object) -> UUID | int:
    """A row of the queue's table as little as the table allows, and what the test says of it."""
    required: dict[str, dict[str, object]] = {
        "domains": {"domain": f"{uuid4()}.example"},
        "jobs": {"job_type": (queue.where or "").partition("= ")[2].strip("'")},
        "places_staging": {"place_id": str(uuid4()), "name": "Ann's Plumbing"},
        "local_businesses": {"business_name": "Ann's Plumbing"},
        "sitemap_files": {"url": f"https://a.example/{uuid4()}.xml", "sitemap_type": "standard"},
    }
    values = required[queue.table] | more
    if queue is SITEMAP_IMPORTS:
        [domain] = sql("INSERT INTO domains (domain) VALUES (%s) RETURNING id", f"{uuid4()}.example")
        values["domain_id"] = domain["id"]
    columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    [row] = sql(f"INSERT INTO {queue.table} ({columns}) VALUES ({marks}) RETURNING {queue.key}", *values.values())
    key: UUID | int = row[queue.key]
    return key


def in_work(sql: Sql, queue: Queue, **more: object) -> UUID | int:
    """A row that a worker claimed for the third time."""
    lease = {queue.due_at: datetime.now(UTC) + timedelta(minutes=2), queue.claim: uuid4()}
    before = {queue.status: queue.processing, queue.attempts: 3, queue.error: "http-503: earlier"}
    return insert(sql, queue, **before, **lease, **more)


def state(sql: Sql, queue: Queue, key: UUID | int) -> dict[str, Any]:
    """The columns of the queue, under the same names for all; ``due`` says whether a claim would take the row."""
    [row] = sql(
        f"SELECT {queue.status}::text AS status, {queue.attempts} AS attempts, {queue.error} AS error,"
        f" {queue.claim} AS claim, {queue.due_at} AS due_at, {queue.due_at} <= clock_timestamp() AS due"
        f" FROM {queue.table} WHERE {queue.key} = %s",
        key,
    )
    return row


def change(sql: Sql, queue: Queue, key: UUID | int, changes: str) -> None:
    sql(f"UPDATE {queue.table} SET {changes} WHERE {queue.key} = %s", key)


def assert_fresh(row: dict[str, Any]) -> None:
    assert (row["status"], row["attempts"], row["error"], row["claim"], row["due"]) == ("Queued", 0, None, None, True)


@every_queue
def test_whoever_queues_a_row_makes_it_fresh(sql: Sql, queue: Queue) -> None:
    before = {queue.attempts: 5, queue.error: "http-503: sorry", queue.claim: uuid4(), queue.status: "Error"}
    key = insert(sql, queue, **before)
    change(sql, queue, key, f"{queue.status} = 'Queued'")
    assert_fresh(state(sql, queue, key))
    assert state(sql, queue, key)["due_at"] > LONG_AGO


@every_queue
def test_a_row_inserted_as_queued_is_due(sql: Sql, queue: Queue) -> None:
    assert_fresh(state(sql, queue, insert(sql, queue, **{queue.status: "Queued"})))


@every_queue
def test_a_row_in_work_that_is_queued_again_is_lost_to_its_worker(sql: Sql, queue: Queue) -> None:
    key = in_work(sql, queue)
    token = state(sql, queue, key)["claim"]
    change(sql, queue, key, f"{queue.status} = 'Queued'")
    assert_fresh(state(sql, queue, key))
    [locked] = sql(statements.lock(queue), ids=[key])
    assert locked[queue.claim] != token


@every_queue
def test_a_retry_keeps_attempts_error_and_back_off(sql: Sql, queue: Queue) -> None:
    key = in_work(sql, queue)
    sql(statements.retry(queue), id=key, error="http-503: still sorry", delay=60)
    row = state(sql, queue, key)
    assert (row["status"], row["attempts"], row["error"], row["due"]) == ("Queued", 3, "http-503: still sorry", False)


@every_queue
def test_a_release_refunds_the_attempt_and_keeps_the_error(sql: Sql, queue: Queue) -> None:
    key = in_work(sql, queue)
    sql(statements.release(queue), ids=[key])
    row = state(sql, queue, key)
    assert (row["status"], row["attempts"], row["error"], row["due"]) == ("Queued", 2, "http-503: earlier", True)


@every_queue
def test_people_may_say_when_a_row_is_due(sql: Sql, queue: Queue) -> None:
    key = insert(sql, queue, **{queue.status: "Error", queue.attempts: 5, queue.error: "http-503: sorry"})
    change(sql, queue, key, f"{queue.status} = 'Queued', {queue.due_at} = now() + interval '1 day'")
    row = state(sql, queue, key)
    assert (row["status"], row["attempts"], row["error"], row["due"]) == ("Queued", 0, None, False)


@every_queue
def test_what_is_queued_already_keeps_its_place(sql: Sql, queue: Queue) -> None:
    key = insert(sql, queue, **{queue.status: "Queued", queue.due_at: LONG_AGO, queue.attempts: 2})
    change(sql, queue, key, f"{queue.status} = 'Queued'")
    row = state(sql, queue, key)
    assert (row["due_at"], row["attempts"]) == (LONG_AGO, 2)


@every_queue
def test_a_row_in_work_without_a_lease_is_due_at_once(sql: Sql, queue: Queue) -> None:
    inserted = insert(sql, queue, **{queue.status: queue.processing})
    updated = insert(sql, queue, **{queue.status: "Completed"})
    change(sql, queue, updated, f"{queue.status} = '{queue.processing}'")
    for key in (inserted, updated):
        row = state(sql, queue, key)
        assert (row["status"], row["due"], row["claim"]) == (queue.processing, True, None)


@every_queue
def test_no_waiting_row_can_lose_its_due_time(sql: Sql, queue: Queue) -> None:
    key = insert(sql, queue, **{queue.status: "Queued"})
    change(sql, queue, key, f"{queue.due_at} = NULL")
    assert_fresh(state(sql, queue, key))


def test_a_new_domain_is_queued_and_other_new_rows_are_not(sql: Sql) -> None:
    queued = {name: state(sql, queue, insert(sql, queue))["status"] for name, queue in QUEUES.items()}
    assert queued == {
        "domains": "Queued",
        "place-searches": "Queued",
        "sitemap-jobs": "Queued",
        "sitemap-analysis": None,
        "deep-scans": None,
        "domain-extractions": None,
        "sitemap-imports": None,
    }


@every_coupling
def test_a_new_row_waits_for_people(sql: Sql, coupling: Coupling) -> None:
    key = insert(sql, coupling.queue)
    [row] = sql(f"SELECT {coupling.status}::text AS curated FROM {coupling.queue.table} WHERE id = %s", key)
    assert row["curated"] == "New"


@every_coupling
def test_selecting_a_row_queues_it(sql: Sql, coupling: Coupling) -> None:
    key = insert(sql, coupling.queue)
    change(sql, coupling.queue, key, f"{coupling.status} = 'Selected'")
    assert_fresh(state(sql, coupling.queue, key))


@every_coupling
def test_a_row_inserted_as_selected_is_queued(sql: Sql, coupling: Coupling) -> None:
    assert_fresh(state(sql, coupling.queue, insert(sql, coupling.queue, **{coupling.status: "Selected"})))


@every_coupling
@pytest.mark.parametrize("status", sorted(set(CurationStatus) - {CurationStatus.SELECTED}))
def test_no_other_choice_queues(sql: Sql, coupling: Coupling, status: str) -> None:
    key = insert(sql, coupling.queue)
    change(sql, coupling.queue, key, f"{coupling.status} = '{status}'")
    assert state(sql, coupling.queue, key)["status"] is None


@every_coupling
def test_selecting_a_row_in_work_leaves_it_to_its_worker(sql: Sql, coupling: Coupling) -> None:
    key = in_work(sql, coupling.queue)
    before = state(sql, coupling.queue, key)
    change(sql, coupling.queue, key, f"{coupling.status} = 'Selected'")
    assert state(sql, coupling.queue, key) == before


@every_coupling
@pytest.mark.parametrize("ended", ["Completed", "Error"])
def test_selecting_anew_queues_anew(sql: Sql, coupling: Coupling, ended: str) -> None:
    queue = coupling.queue
    before = {queue.status: ended, queue.attempts: 5, queue.error: "http-404: gone", coupling.status: "Archived"}
    key = insert(sql, queue, **before)
    change(sql, queue, key, f"{coupling.status} = 'Selected'")
    assert_fresh(state(sql, queue, key))


@every_coupling
def test_what_was_selected_already_is_not_queued_by_other_changes(sql: Sql, coupling: Coupling) -> None:
    queue = coupling.queue
    key = insert(sql, queue, **{coupling.status: "Selected"})
    change(sql, queue, key, f"{queue.status} = 'Completed', {queue.due_at} = NULL")
    change(sql, queue, key, f"{coupling.status} = 'Selected'")
    assert state(sql, queue, key)["status"] == "Completed"


def test_a_domains_two_queues_do_not_touch_each_other(sql: Sql) -> None:
    key = in_work(sql, QUEUES["domains"])
    before = state(sql, QUEUES["domains"], key)
    change(sql, QUEUES["domains"], key, "sitemap_curation_status = 'Selected'")
    assert state(sql, QUEUES["domains"], key) == before
    assert_fresh(state(sql, QUEUES["sitemap-analysis"], key))


@pytest.mark.parametrize(("auto_select", "status"), [(True, "Selected"), (False, "New")])
def test_auto_select_selects_what_services_make(auto_select: bool, status: str) -> None:
    settings = Settings(database_url=SecretStr("postgresql://db.example/sky"), auto_select=auto_select)
    assert initial_status(settings) == status
