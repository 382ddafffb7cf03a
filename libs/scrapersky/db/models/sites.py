"""Websites: domains, their sitemap files, and the pages that those list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, REAL, Boolean, DateTime, Float, ForeignKey, Index, Integer, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from scrapersky.db.enums import (
    CurationStatus,
    DomainExtractionStatus,
    SitemapAnalysisStatus,
    SitemapFileStatus,
    SitemapImportStatus,
)
from scrapersky.db.models.base import Base, attempts, claim, due_at, enum_type, tenant, utc_now, uuid_key, why
from scrapersky.db.models.indexes import queue_index, url_index
from scrapersky.queue.queues import DOMAINS, SITEMAP_ANALYSIS, SITEMAP_IMPORTS


class Domain(Base):
    """A website. A new row is queued for its scan; selecting it queues the analysis of its sitemaps."""

    __tablename__ = "domains"
    __table_args__ = (queue_index(DOMAINS), queue_index(SITEMAP_ANALYSIS))

    id: Mapped[UUID] = uuid_key()
    domain: Mapped[str] = mapped_column(String, unique=True)
    tenant_id: Mapped[UUID] = tenant(ForeignKey("tenants.id"))
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    status: Mapped[DomainExtractionStatus] = mapped_column(enum_type(DomainExtractionStatus), server_default="Queued")
    meta_json: Mapped[Any | None] = mapped_column(JSONB)
    notes: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(String)
    description: Mapped[str | None] = mapped_column(Text)
    favicon_url: Mapped[str | None] = mapped_column(String)
    logo_url: Mapped[str | None] = mapped_column(String)
    language: Mapped[str | None] = mapped_column(String)
    is_wordpress: Mapped[bool | None] = mapped_column(Boolean)
    wordpress_version: Mapped[str | None] = mapped_column(String)
    has_elementor: Mapped[bool | None] = mapped_column(Boolean)
    tech_stack: Mapped[Any | None] = mapped_column(JSONB)
    email_addresses: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    phone_numbers: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    facebook_url: Mapped[str | None] = mapped_column(String)
    twitter_url: Mapped[str | None] = mapped_column(String)
    linkedin_url: Mapped[str | None] = mapped_column(String)
    instagram_url: Mapped[str | None] = mapped_column(String)
    youtube_url: Mapped[str | None] = mapped_column(String)
    last_scan: Mapped[datetime | None] = mapped_column(DateTime)
    sitemap_urls: Mapped[int | None] = mapped_column(Integer)
    total_sitemaps: Mapped[int | None] = mapped_column(Integer)
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batch_jobs.batch_id"))
    local_business_id: Mapped[UUID | None] = mapped_column(ForeignKey("local_businesses.id"))
    sitemap_analysis_status: Mapped[SitemapAnalysisStatus | None] = mapped_column(enum_type(SitemapAnalysisStatus))
    sitemap_analysis_error: Mapped[str | None] = why()
    sitemap_curation_status: Mapped[CurationStatus | None] = mapped_column(
        enum_type(CurationStatus), server_default="New"
    )
    created_at: Mapped[datetime] = utc_now()
    updated_at: Mapped[datetime] = utc_now()
    scan_attempts: Mapped[int] = attempts()
    scan_due_at: Mapped[datetime | None] = due_at()
    scan_claim: Mapped[UUID | None] = claim()
    scan_error: Mapped[str | None] = why()
    sitemap_analysis_attempts: Mapped[int] = attempts()
    sitemap_analysis_due_at: Mapped[datetime | None] = due_at()
    sitemap_analysis_claim: Mapped[UUID | None] = claim()


class SitemapFile(Base):
    """A sitemap that a domain has; selecting it queues its import.

    ``etag`` and ``http_last_modified`` are the validators of the last import (RFC 9110 §8.8).
    """

    __tablename__ = "sitemap_files"
    __table_args__ = (url_index("sitemap_files"), queue_index(SITEMAP_IMPORTS))

    id: Mapped[UUID] = uuid_key()
    domain_id: Mapped[UUID] = mapped_column(ForeignKey("domains.id"))
    url: Mapped[str] = mapped_column(Text)
    sitemap_type: Mapped[str] = mapped_column(Text)
    discovery_method: Mapped[str | None] = mapped_column(Text)
    page_count: Mapped[int | None] = mapped_column(Integer)
    size_bytes: Mapped[int | None] = mapped_column(Integer)
    response_time_ms: Mapped[int | None] = mapped_column(Integer)
    status_code: Mapped[int | None] = mapped_column(Integer)
    error_message: Mapped[str | None] = mapped_column(Text)
    is_gzipped: Mapped[bool | None] = mapped_column(Boolean)
    has_lastmod: Mapped[bool | None] = mapped_column(Boolean)
    has_priority: Mapped[bool | None] = mapped_column(Boolean)
    has_changefreq: Mapped[bool | None] = mapped_column(Boolean)
    last_modified: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    url_count: Mapped[int | None] = mapped_column(Integer)
    priority: Mapped[int | None] = mapped_column(Integer)
    generator: Mapped[str | None] = mapped_column(Text)
    lead_source: Mapped[str | None] = mapped_column(Text)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    updated_by: Mapped[UUID | None] = mapped_column(Uuid)
    user_id: Mapped[UUID | None] = mapped_column(Uuid)
    user_name: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[UUID | None] = mapped_column(Uuid)
    status: Mapped[SitemapFileStatus] = mapped_column(enum_type(SitemapFileStatus), server_default="Pending")
    is_active: Mapped[bool | None] = mapped_column(Boolean)
    process_after: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_processed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deep_scrape_curation_status: Mapped[CurationStatus | None] = mapped_column(
        enum_type(CurationStatus), server_default="New"
    )
    sitemap_import_error: Mapped[str | None] = why()
    sitemap_import_status: Mapped[SitemapImportStatus | None] = mapped_column(enum_type(SitemapImportStatus))
    tags: Mapped[Any | None] = mapped_column(JSONB)
    notes: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = utc_now()
    updated_at: Mapped[datetime] = utc_now()
    etag: Mapped[str | None] = mapped_column(Text)
    http_last_modified: Mapped[str | None] = mapped_column(Text)
    sitemap_import_attempts: Mapped[int] = attempts()
    sitemap_import_due_at: Mapped[datetime | None] = due_at()
    sitemap_import_claim: Mapped[UUID | None] = claim()


class SitemapUrl(Base):
    """An entry of a sitemap as the original backend kept them; the services write ``pages``."""

    __tablename__ = "sitemap_urls"

    id: Mapped[UUID] = uuid_key()
    sitemap_id: Mapped[UUID] = mapped_column(ForeignKey("sitemap_files.id"))
    url: Mapped[str] = mapped_column(Text)
    lastmod: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    changefreq: Mapped[str | None] = mapped_column(String)
    priority: Mapped[float | None] = mapped_column(Float)
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    updated_by: Mapped[UUID | None] = mapped_column(Uuid)
    tags: Mapped[Any | None] = mapped_column(JSONB)
    notes: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = utc_now()
    updated_at: Mapped[datetime] = utc_now()


class Page(Base):
    """A page that a sitemap lists, once a domain and URL.

    ``vanished_at`` says since when the sitemap it came from lists it no longer.
    """

    __tablename__ = "pages"
    __table_args__ = (
        url_index("pages"),
        Index("pages_sitemap_file_id_idx", "sitemap_file_id"),
        Index("pages_vanished_idx", "domain_id", "vanished_at", postgresql_where=text("vanished_at IS NOT NULL")),
    )

    id: Mapped[UUID] = uuid_key()
    tenant_id: Mapped[UUID] = tenant()
    domain_id: Mapped[UUID] = mapped_column(ForeignKey("domains.id"))
    url: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    h1: Mapped[str | None] = mapped_column(Text)
    canonical_url: Mapped[str | None] = mapped_column(Text)
    meta_robots: Mapped[str | None] = mapped_column(Text)
    has_schema_markup: Mapped[bool | None] = mapped_column(Boolean)
    schema_types: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    has_contact_form: Mapped[bool | None] = mapped_column(Boolean)
    has_comments: Mapped[bool | None] = mapped_column(Boolean)
    word_count: Mapped[int | None] = mapped_column(Integer)
    inbound_links: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    outbound_links: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    last_modified: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_scan: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    page_type: Mapped[str | None] = mapped_column(Text)
    lead_source: Mapped[str | None] = mapped_column(Text)
    additional_json: Mapped[Any | None] = mapped_column(JSONB)
    sitemap_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitemap_files.id"))
    created_at: Mapped[datetime] = utc_now()
    updated_at: Mapped[datetime] = utc_now()
    changefreq: Mapped[str | None] = mapped_column(Text)
    priority: Mapped[float | None] = mapped_column(REAL)
    vanished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
