"""The seed's authoritative enum values: the only ones that queues, filters and transitions use.

`PG_NAMES` has the name of each class's PostgreSQL type. Existing databases may have more labels; none has fewer.
"""

from enum import StrEnum


class DomainExtractionStatus(StrEnum):
    """``domains.status`` and ``local_businesses.domain_extraction_status``."""

    QUEUED = "Queued"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    ERROR = "Error"


class SitemapAnalysisStatus(StrEnum):
    """``domains.sitemap_analysis_status``."""

    QUEUED = "Queued"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    ERROR = "Error"


class CurationStatus(StrEnum):
    """What a person decided of a row; ``Selected`` queues it for the next service."""

    NEW = "New"
    SELECTED = "Selected"
    MAYBE = "Maybe"
    NOT_A_FIT = "Not a Fit"
    ARCHIVED = "Archived"


class DeepScanStatus(StrEnum):
    """``places_staging.deep_scan_status``."""

    QUEUED = "Queued"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    ERROR = "Error"


class SitemapFileStatus(StrEnum):
    """``sitemap_files.status``."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    ERROR = "Error"


class SitemapImportStatus(StrEnum):
    """``sitemap_files.sitemap_import_status``."""

    QUEUED = "Queued"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    ERROR = "Error"


class TaskStatus(StrEnum):
    """``jobs.status``; says InProgress where the others say Processing."""

    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    ERROR = "Error"
    MANUAL_REVIEW = "ManualReview"
    CANCELLED = "Cancelled"
    PAUSED = "Paused"


PG_NAMES: dict[type[StrEnum], str] = {
    DomainExtractionStatus: "DomainExtractionStatusEnum",
    SitemapAnalysisStatus: "SitemapAnalysisStatusEnum",
    CurationStatus: "SitemapCurationStatusEnum",
    DeepScanStatus: "gcp_api_deep_scan_status_enum",
    SitemapFileStatus: "sitemap_file_status_enum",
    SitemapImportStatus: "sitemap_import_status_enum",
    TaskStatus: "task_status",
}
