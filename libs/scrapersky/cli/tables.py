"""The tables that commands speak of, and the columns that people want to see of each."""

from dataclasses import dataclass

import click


@dataclass(frozen=True)
class TableView:
    """A table: the status that ``list --status`` filters by, the columns shown, its curation status, its key's type."""

    name: str
    status: str | None
    columns: tuple[str, ...]
    curation: str | None = None
    key_type: str = "uuid"


TABLES = {
    view.name: view
    for view in (
        TableView("jobs", "status", ("id", "job_type", "status", "error", "result_data", "created_at"), key_type="int"),
        TableView(
            "places_staging",
            "deep_scan_status",
            ("id", "name", "formatted_address", "rating", "status", "deep_scan_status", "deep_scan_error"),
            curation="status",
            key_type="int",
        ),
        TableView(
            "local_businesses",
            "domain_extraction_status",
            ("id", "business_name", "city", "phone", "website_url", "status", "domain_extraction_status"),
            curation="status",
        ),
        TableView(
            "domains",
            "status",
            ("id", "domain", "status", "title", "sitemap_curation_status", "sitemap_analysis_status", "scan_error"),
            curation="sitemap_curation_status",
        ),
        TableView(
            "sitemap_files",
            "sitemap_import_status",
            ("id", "url", "sitemap_type", "url_count", "deep_scrape_curation_status", "sitemap_import_status"),
            curation="deep_scrape_curation_status",
        ),
        TableView("pages", None, ("id", "url", "last_modified", "vanished_at")),
        TableView(
            "service_runs", None, ("id", "service", "started_at", "finished_at", "claimed", "completed", "error")
        ),
        TableView("place_searches", "status", ("id", "business_type", "location", "status", "created_at")),
        TableView("tenants", None, ("id", "name")),
    )
}

TABLE = click.Choice(list(TABLES))
CURATED = click.Choice([view.name for view in TABLES.values() if view.curation])
