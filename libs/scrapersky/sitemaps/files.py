"""The sitemaps of a domain into ``sitemap_files``: one row a URL, what is known already kept."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.enums import CurationStatus

SitemapType = Literal["index", "standard", "text", "rss", "atom", "unknown"]


@dataclass(frozen=True)
class FoundSitemap:
    """A sitemap that a domain has, and what reading it told.

    Attributes:
        url: Normalised.
        discovery_method: Where it was named: robots_txt, html_link, common_path or sitemap_index.
        sitemap_type: ``unknown`` for one that was named and not read yet.
        url_count: Entries it has, where it was read to its end.
        size_bytes: After decompression, as far as it was read.
        etag, http_last_modified: Its validators; an import asks with those of the last import, never with these.
    """

    url: str
    discovery_method: str
    sitemap_type: SitemapType = "unknown"
    status_code: int | None = None
    response_time_ms: int | None = None
    size_bytes: int | None = None
    url_count: int | None = None
    is_gzipped: bool | None = None
    has_lastmod: bool | None = None
    has_priority: bool | None = None
    has_changefreq: bool | None = None
    last_modified: datetime | None = None
    error_message: str | None = None
    etag: str | None = None
    http_last_modified: str | None = None


async def store_sitemap_files(
    session: AsyncSession,
    domain_id: UUID,
    tenant_id: UUID,
    found: Iterable[FoundSitemap],
    *,
    curation: CurationStatus,
    job_id: UUID | None = None,
) -> int:
    """Insert the sitemaps that are new and refresh what is known of the others; return how many were new.

    A file that is known keeps its curation and its import. New ones get ``curation``; Selected queues their import.
    """
    rows = [vars(sitemap) for sitemap in sorted({s.url: s for s in found}.values(), key=lambda s: s.url)]
    inserted = await session.execute(
        text(UPSERT),
        {
            "rows": json.dumps(rows, default=str),
            "domain": domain_id,
            "tenant": tenant_id,
            "curation": curation.value,
            "job": job_id,
        },
    )
    return sum(is_new for (is_new,) in inserted)


UPSERT = """
INSERT INTO sitemap_files AS known (domain_id, tenant_id, url, sitemap_type, discovery_method, status_code,
    response_time_ms, size_bytes, url_count, is_gzipped, has_lastmod, has_priority, has_changefreq, last_modified,
    error_message, etag, http_last_modified, is_active, job_id, lead_source, deep_scrape_curation_status)
SELECT :domain, :tenant, url, sitemap_type, discovery_method, status_code, response_time_ms, size_bytes, url_count,
    is_gzipped, has_lastmod, has_priority, has_changefreq, last_modified, error_message, etag, http_last_modified, true,
    CAST(:job AS uuid),
    'discovery', CAST(:curation AS text)::"SitemapCurationStatusEnum"
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS found(url text, sitemap_type text, discovery_method text,
    status_code int, response_time_ms int, size_bytes int, url_count int, is_gzipped boolean, has_lastmod boolean,
    has_priority boolean, has_changefreq boolean, last_modified timestamptz, error_message text, etag text,
    http_last_modified text)
ORDER BY url
ON CONFLICT (domain_id, (md5(url)::uuid)) DO UPDATE SET
    sitemap_type = CASE EXCLUDED.sitemap_type WHEN 'unknown' THEN known.sitemap_type ELSE EXCLUDED.sitemap_type END,
    status_code = coalesce(EXCLUDED.status_code, known.status_code),
    response_time_ms = coalesce(EXCLUDED.response_time_ms, known.response_time_ms),
    size_bytes = coalesce(EXCLUDED.size_bytes, known.size_bytes),
    url_count = coalesce(EXCLUDED.url_count, known.url_count),
    etag = CASE WHEN known.last_processed_at IS NULL THEN EXCLUDED.etag ELSE known.etag END,
    http_last_modified = CASE WHEN known.last_processed_at IS NULL THEN EXCLUDED.http_last_modified
        ELSE known.http_last_modified END,
    is_active = true, updated_at = timezone('utc', now())
RETURNING xmax = 0"""
