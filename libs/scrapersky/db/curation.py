"""What must be true whoever writes: triggers, made from the names of the queues.

Re-queueing: a row that anyone moves to Queued is due at once, with no attempts and no error, and is lost to whoever had
it in work. The queue's own retries and releases also write Queued; they always set ``due_at`` in the same statement,
and that is how the trigger tells them apart.

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
    statements: list[str] = []
    for coupling in COUPLINGS:
        statements += _curation(coupling)
    done: set[tuple[str, str]] = set()
    for queue in QUEUES.values():
        if (queue.table, queue.status) not in done:
            statements += _requeue(queue)
        done.add((queue.table, queue.status))
    return statements


def _requeue(queue: Queue) -> list[str]:
    name = f"requeue_{queue.table}_{queue.prefix}"
    due = queue.due_at
    return [
        f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.{due} := now();
    NEW.{queue.attempts} := 0;
    NEW.{queue.claim} := NULL;
    NEW.{queue.error} := NULL;
    RETURN NEW;
END $$""",
        f"""
CREATE OR REPLACE TRIGGER {name}_insert BEFORE INSERT ON {queue.table} FOR EACH ROW
WHEN (NEW.{queue.status} = 'Queued' AND NEW.{due} IS NULL) EXECUTE FUNCTION {name}()""",
        f"""
CREATE OR REPLACE TRIGGER {name}_update BEFORE UPDATE ON {queue.table} FOR EACH ROW
WHEN (NEW.{queue.status} = 'Queued' AND OLD.{queue.status} IS DISTINCT FROM NEW.{queue.status}
    AND (NEW.{due} IS NULL OR NEW.{due} IS NOT DISTINCT FROM OLD.{due})) EXECUTE FUNCTION {name}()""",
    ]


def _curation(coupling: Coupling) -> list[str]:
    queue, status = coupling.queue, coupling.status
    name = f"curate_{queue.table}_{queue.prefix}"
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
