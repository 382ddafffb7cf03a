"""The seven queues: which table, which status column, which rows, and which service works them.

Plain strings and no imports of the database layer, so that a run can ask what is due before it pays for anything else.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Queue:
    """One table and one status column, seen through a predicate.

    Attributes:
        name: As the command line calls it, e.g. ``sitemap-imports``.
        service: The service that works it, e.g. ``sitemap-import``.
        table: Table name.
        key: Primary key column.
        status: Status column; its enum type is ``status_type``.
        status_type: PostgreSQL enum type of the status column, quoted where SQL needs it.
        prefix: Of the columns beside it: ``<prefix>_attempts``, ``<prefix>_due_at``, ``<prefix>_claim``.
        error: Column that holds why the last attempt failed.
        processing: The label that says a row is in work.
        where: SQL predicate that further narrows the table's rows, or None.
    """

    name: str
    service: str
    table: str
    key: str
    status: str
    status_type: str
    prefix: str
    error: str
    processing: str = "Processing"
    where: str | None = None

    @property
    def attempts(self) -> str:
        """Column that counts claims since the row was queued."""
        return f"{self.prefix}_attempts"

    @property
    def due_at(self) -> str:
        """Column that says from when a Queued row may be taken, or when a Processing row's lease runs out."""
        return f"{self.prefix}_due_at"

    @property
    def claim(self) -> str:
        """Column that holds the fencing token of the current claim."""
        return f"{self.prefix}_claim"


DOMAINS = Queue(
    name="domains",
    service="domain-scheduler",
    table="domains",
    key="id",
    status="status",
    status_type='"DomainExtractionStatusEnum"',
    prefix="scan",
    error="scan_error",
)
SITEMAP_ANALYSIS = Queue(
    name="sitemap-analysis",
    service="domain-sitemap-submission",
    table="domains",
    key="id",
    status="sitemap_analysis_status",
    status_type='"SitemapAnalysisStatusEnum"',
    prefix="sitemap_analysis",
    error="sitemap_analysis_error",
)
SITEMAP_JOBS = Queue(
    name="sitemap-jobs",
    service="sitemap-scheduler",
    table="jobs",
    key="id",
    status="status",
    status_type="task_status",
    prefix="job",
    error="error",
    processing="InProgress",
    where="job_type = 'sitemap'",
)
DEEP_SCANS = Queue(
    name="deep-scans",
    service="sitemap-scheduler",
    table="places_staging",
    key="id",
    status="deep_scan_status",
    status_type="gcp_api_deep_scan_status_enum",
    prefix="deep_scan",
    error="deep_scan_error",
)
SITEMAP_IMPORTS = Queue(
    name="sitemap-imports",
    service="sitemap-import",
    table="sitemap_files",
    key="id",
    status="sitemap_import_status",
    status_type="sitemap_import_status_enum",
    prefix="sitemap_import",
    error="sitemap_import_error",
)
PLACE_SEARCHES = Queue(
    name="place-searches",
    service="local-business-enrichment",
    table="jobs",
    key="id",
    status="status",
    status_type="task_status",
    prefix="job",
    error="error",
    processing="InProgress",
    where="job_type = 'places_search'",
)
DOMAIN_EXTRACTIONS = Queue(
    name="domain-extractions",
    service="local-business-enrichment",
    table="local_businesses",
    key="id",
    status="domain_extraction_status",
    status_type='"DomainExtractionStatusEnum"',
    prefix="domain_extraction",
    error="domain_extraction_error",
)

QUEUES: dict[str, Queue] = {
    queue.name: queue
    for queue in (
        PLACE_SEARCHES,
        DEEP_SCANS,
        DOMAIN_EXTRACTIONS,
        DOMAINS,
        SITEMAP_ANALYSIS,
        SITEMAP_JOBS,
        SITEMAP_IMPORTS,
    )
}
