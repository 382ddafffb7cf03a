"""The tables that commands speak of: their short names, their keys, their statuses, and what people want to see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import click

from scrapersky.cli.output import Command
from scrapersky.db.enums import (
    CurationStatus,
    DeepScanStatus,
    DomainExtractionStatus,
    SitemapFileStatus,
    SitemapImportStatus,
    TaskStatus,
)


@dataclass(frozen=True)
class TableView:
    """A table as the command line sees it.

    Attributes:
        name: In the database.
        columns: That `list` shows.
        key_type: Of the column ``id``: uuid or int.
        natural: Another unique column, which may stand where a command takes an ID.
        curation: The status that `curate` sets, or None.
        statuses: Status columns and their labels; a filter by status takes the first that has the label.
    """

    name: str
    columns: tuple[str, ...]
    key_type: str = "uuid"
    natural: str | None = None
    curation: str | None = None
    statuses: Mapping[str, type[StrEnum]] = field(default_factory=dict)

    def status_column(self, label: str) -> str:
        """The status column that a label belongs to.

        Raises:
            click.UsageError: None has it.
        """
        for column, labels in self.statuses.items():
            if label in {each.value for each in labels}:
                return column
        valid = [label.value for labels in self.statuses.values() for label in labels]
        known = ", ".join(dict.fromkeys(valid)) if valid else "none, for the table has no status"
        raise click.UsageError(f"{label!r} is no status of {self.name}; those are: {known}")


_PLACES = TableView(
    "places_staging",
    ("id", "name", "formatted_address", "rating", "status", "deep_scan_status", "deep_scan_error"),
    key_type="int",
    natural="place_id",
    curation="status",
    statuses={"deep_scan_status": DeepScanStatus, "status": CurationStatus},
)
_BUSINESSES = TableView(
    "local_businesses",
    ("id", "business_name", "city", "phone", "website_url", "status", "domain_extraction_status"),
    natural="place_id",
    curation="status",
    statuses={"domain_extraction_status": DomainExtractionStatus, "status": CurationStatus},
)
_DOMAINS = TableView(
    "domains",
    ("id", "domain", "status", "title", "sitemap_curation_status", "sitemap_analysis_status", "scan_error"),
    natural="domain",
    curation="sitemap_curation_status",
    statuses={"status": DomainExtractionStatus, "sitemap_curation_status": CurationStatus},
)
_SITEMAPS = TableView(
    "sitemap_files",
    ("id", "url", "sitemap_type", "url_count", "deep_scrape_curation_status", "sitemap_import_status"),
    curation="deep_scrape_curation_status",
    statuses={
        "sitemap_import_status": SitemapImportStatus,
        "deep_scrape_curation_status": CurationStatus,
        "status": SitemapFileStatus,
    },
)
_JOBS = TableView(
    "jobs",
    ("id", "job_type", "status", "error", "result_data", "created_at"),
    key_type="int",
    natural="job_id",
    statuses={"status": TaskStatus},
)
TABLES = {
    view.name: view
    for view in (
        TableView("place_searches", ("id", "business_type", "location", "status", "created_at")),
        _JOBS,
        _PLACES,
        _BUSINESSES,
        _DOMAINS,
        _SITEMAPS,
        TableView("pages", ("id", "url", "last_modified", "vanished_at")),
        TableView("service_runs", ("id", "service", "started_at", "finished_at", "claimed", "completed", "error")),
        TableView("tenants", ("id", "name")),
        TableView("batch_jobs", ("id", "processor_type", "status", "created_at"), key_type="int"),
        TableView("sitemap_urls", ("id", "url", "lastmod")),
    )
}
"""Table name → view, in the order of the pipeline."""

ALIASES = {
    "searches": "place_searches",
    "places": "places_staging",
    "businesses": "local_businesses",
    "sitemaps": "sitemap_files",
    "runs": "service_runs",
}


def table_argument(*, curated: bool = False) -> Callable[[Command], Command]:
    """The argument TABLE: a name or short name of a table, or only of one that has a curation status.

    The command gets the `TableView` as ``view``. An unknown name ends it with exit code 2, naming the valid ones.
    """
    names = [view.name for view in TABLES.values() if view.curation or not curated]
    shorts = {name: short for short, name in ALIASES.items() if name in names}

    def convert(value: str) -> TableView:
        name = ALIASES.get(value, value)
        if name not in names:
            known = ", ".join(f"{name} ({shorts[name]})" if name in shorts else name for name in names)
            raise click.BadParameter(f"{value!r} is not one of {known}.")
        return TABLES[name]

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        return [name for name in (*names, *shorts.values()) if name.startswith(incomplete)]

    return click.argument("view", type=convert, metavar="TABLE", shell_complete=complete)
