"""Tenants, batches, and ``jobs``: the queue of Places searches and of legacy sitemap jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Float, ForeignKey, Identity, Integer, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from scrapersky.db.enums import TaskStatus
from scrapersky.db.models.base import (
    DEFAULT_TENANT,
    Base,
    attempts,
    claim,
    due_at,
    enum_type,
    tenant,
    utc_now,
    uuid_key,
)
from scrapersky.db.models.indexes import queue_index
from scrapersky.queue.queues import PLACE_SEARCHES, SITEMAP_JOBS


class Tenant(Base):
    """Whom a row belongs to."""

    __tablename__ = "tenants"

    id: Mapped[UUID] = uuid_key()
    name: Mapped[str] = mapped_column(String)
    description: Mapped[str | None] = mapped_column(String)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))


class BatchJob(Base):
    """A batch of domains that the original backend worked; kept for its UI."""

    __tablename__ = "batch_jobs"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    id_uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, server_default=text("gen_random_uuid()"))
    batch_id: Mapped[UUID] = mapped_column(Uuid, unique=True, server_default=text("gen_random_uuid()"))
    tenant_id: Mapped[UUID] = tenant()
    processor_type: Mapped[str] = mapped_column(String)
    status: Mapped[str] = mapped_column(String)
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    total_domains: Mapped[int | None] = mapped_column(Integer)
    completed_domains: Mapped[int | None] = mapped_column(Integer)
    failed_domains: Mapped[int | None] = mapped_column(Integer)
    progress: Mapped[float | None] = mapped_column(Float)
    batch_metadata: Mapped[Any | None] = mapped_column(JSONB)
    options: Mapped[Any | None] = mapped_column(JSONB)
    start_time: Mapped[datetime | None] = mapped_column(DateTime)
    end_time: Mapped[datetime | None] = mapped_column(DateTime)
    processing_time: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str | None] = mapped_column(String)
    created_at: Mapped[datetime] = utc_now()
    updated_at: Mapped[datetime] = utc_now()


class Job(Base):
    """A Places search (``job_type`` places_search) or a legacy sitemap job (sitemap).

    ``batch_id`` is text where ``batch_jobs.batch_id`` is a uuid, as in the databases out there; so no foreign key.
    """

    __tablename__ = "jobs"
    __table_args__ = (queue_index(PLACE_SEARCHES), queue_index(SITEMAP_JOBS))

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    job_id: Mapped[UUID] = mapped_column(Uuid, unique=True, server_default=text("gen_random_uuid()"))
    job_type: Mapped[str] = mapped_column(String)
    tenant_id: Mapped[str] = mapped_column(String, server_default=DEFAULT_TENANT)
    tenant_id_uuid: Mapped[UUID | None] = mapped_column(Uuid)
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    status: Mapped[TaskStatus] = mapped_column(enum_type(TaskStatus), server_default="Queued")
    domain_id: Mapped[UUID | None] = mapped_column(ForeignKey("domains.id"))
    progress: Mapped[float | None] = mapped_column(Float)
    result_data: Mapped[Any | None] = mapped_column(JSONB)
    error: Mapped[str | None] = mapped_column(String)
    job_metadata: Mapped[Any | None] = mapped_column(JSONB)
    batch_id: Mapped[str | None] = mapped_column(String)
    created_at: Mapped[datetime] = utc_now()
    updated_at: Mapped[datetime] = utc_now()
    job_attempts: Mapped[int] = attempts()
    job_due_at: Mapped[datetime | None] = due_at()
    job_claim: Mapped[UUID | None] = claim()
