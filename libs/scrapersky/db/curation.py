"""What must be true whoever writes: triggers, made from the names of the queues.

Re-queueing: a row that anyone moves to Queued is due at once (or when that statement says), with no attempts and no
error, and is lost to whoever had it in work. The queue's own retries and releases move a row from in work to Queued
too; they always set ``due_at`` in the same statement, and that is how the trigger tells them apart. A row that is in
work without a lease, as the original backend left them, is due at once: no row that waits or is in work is ever
without ``due_at``, so none is stuck.

Curation: a status that is set to Selected queues the row for the next service, unless it is in work already.

BEFORE triggers fire in the order of their names, and each sees what the earlier ones changed: ``curate_…`` before
``requeue_…``. Their WHEN clauses spare claims and settles the call of a function.
"""

from dataclasses import dataclass

from scrapersky.db.enums import CurationStatus
from scrapersky.queue.queues import DEEP_SCANS, DOMAIN_EXTRACTIONS, QUEUES, SITEMAP_ANALYSIS, SITEMAP_IMPORTS, Queue
from scrapersky.settings import Settings


@dataclass(frozen=True)
class Coupling:
    """A curation status and the queue that selecting it feeds; both are columns of the queue's table."""

    status: str
    queue: Queue


COUPLINGS = (
    Coupling("status", DEEP_SCANS),
    Coupling("status", DOMAIN_EXTRACTIONS),
    Coupling("sitemap_curation_status", SITEMAP_ANALYSIS),
    Coupling("deep_scrape_curation_status", SITEMAP_IMPORTS),
)


def initial_status(settings: Settings) -> CurationStatus:
    """The curation status of a row that a service makes: AUTO_SELECT selects it at once."""
    return CurationStatus.SELECTED if settings.auto_select else CurationStatus.NEW


def trigger_statements() -> list[str]:
    """SQL that makes, or renews, every trigger."""
    curating = [statement for coupling in COUPLINGS for statement in _curation(coupling)]
    columns = {(queue.table, queue.status): queue for queue in QUEUES.values()}
    return curating + [statement for queue in columns.values() for statement in _requeue(queue)]


def trigger_names() -> set[tuple[str, str]]:
    """Table and name of every trigger."""
    named = {(coupling.queue.table, _curating(coupling)) for coupling in COUPLINGS}
    named |= {(queue.table, _requeueing(queue)) for queue in QUEUES.values()}
    return {(table, f"{name}_{event}") for table, name in named for event in ("insert", "update")}


def _requeueing(queue: Queue) -> str:
    return f"requeue_{queue.table}_{queue.prefix}"


def _curating(coupling: Coupling) -> str:
    return f"curate_{coupling.queue.table}_{coupling.queue.prefix}"


def _requeue(queue: Queue) -> list[str]:
    name, status, due = _requeueing(queue), queue.status, queue.due_at
    no_lease = f"NEW.{status} IN ('Queued', '{queue.processing}') AND NEW.{due} IS NULL"
    moved = f"NEW.{status} = 'Queued' AND OLD.{status} IS DISTINCT FROM NEW.{status}"
    by_queue = f"OLD.{status} = '{queue.processing}' AND NEW.{due} IS DISTINCT FROM OLD.{due}"
    return [
        f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.{due} IS NULL OR NEW.{due} IS NOT DISTINCT FROM OLD.{due} THEN
        NEW.{due} := now();
    END IF;
    NEW.{queue.attempts} := 0;
    NEW.{queue.claim} := NULL;
    NEW.{queue.error} := NULL;
    RETURN NEW;
END $$""",
        f"""
CREATE OR REPLACE TRIGGER {name}_insert BEFORE INSERT ON {queue.table} FOR EACH ROW
WHEN ({no_lease}) EXECUTE FUNCTION {name}()""",
        f"""
CREATE OR REPLACE TRIGGER {name}_update BEFORE UPDATE ON {queue.table} FOR EACH ROW
WHEN (({moved} AND ({by_queue}) IS NOT TRUE) OR ({no_lease})) EXECUTE FUNCTION {name}()""",
    ]


def _curation(coupling: Coupling) -> list[str]:
    queue, status, name = coupling.queue, coupling.status, _curating(coupling)
    return [
        f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.{queue.status} := 'Queued';
    RETURN NEW;
END $$""",
        f"""
CREATE OR REPLACE TRIGGER {name}_insert BEFORE INSERT ON {queue.table} FOR EACH ROW
WHEN (NEW.{status} = 'Selected' AND NEW.{queue.status} IS NULL) EXECUTE FUNCTION {name}()""",
        f"""
CREATE OR REPLACE TRIGGER {name}_update BEFORE UPDATE ON {queue.table} FOR EACH ROW
WHEN (NEW.{status} = 'Selected' AND OLD.{status} IS DISTINCT FROM NEW.{status}
    AND NEW.{queue.status} IS DISTINCT FROM '{queue.processing}') EXECUTE FUNCTION {name}()""",
    ]
