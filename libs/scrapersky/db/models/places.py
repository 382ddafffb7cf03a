"""What Google Places found: searches, staged places, and local businesses."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, Boolean, DateTime, Float, Identity, Integer, Numeric, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from scrapersky.db.enums import CurationStatus, DeepScanStatus, DomainExtractionStatus
from scrapersky.db.models.base import Base, attempts, claim, due_at, enum_type, tenant, uuid_key, why
from scrapersky.db.models.indexes import queue_index
from scrapersky.queue.queues import DEEP_SCANS, DOMAIN_EXTRACTIONS


class PlaceSearch(Base):
    """A search as a person asked for it; the work is a row of ``jobs``."""

    __tablename__ = "place_searches"

    id: Mapped[UUID] = uuid_key()
    tenant_id: Mapped[UUID] = tenant()
    user_id: Mapped[UUID | None] = mapped_column(Uuid)
    location: Mapped[str] = mapped_column(String(255))
    business_type: Mapped[str] = mapped_column(String(100))
    params: Mapped[Any | None] = mapped_column(JSON)
    created_at: Mapped[datetime | None] = mapped_column(DateTime, server_default=text("timezone('utc', now())"))
    status: Mapped[str | None] = mapped_column(String(50))
    updated_at: Mapped[datetime | None] = mapped_column(DateTime)


class PlaceStaging(Base):
    """A place that a search found; selecting it queues its deep scan.

    ``search_job_id`` holds ``jobs.job_id``; without a foreign key, since databases out there declare it on ``jobs.id``.
    """

    __tablename__ = "places_staging"
    __table_args__ = (queue_index(DEEP_SCANS),)

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    place_id: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    formatted_address: Mapped[str | None] = mapped_column(String(512))
    business_type: Mapped[str | None] = mapped_column(String(100))
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    vicinity: Mapped[str | None] = mapped_column(String(512))
    rating: Mapped[float | None] = mapped_column(Float)
    user_ratings_total: Mapped[int | None] = mapped_column(Integer)
    price_level: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[CurationStatus] = mapped_column(enum_type(CurationStatus), server_default="New")
    tenant_id: Mapped[UUID] = tenant()
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    user_id: Mapped[UUID | None] = mapped_column(Uuid)
    user_name: Mapped[str | None] = mapped_column(String(255))
    search_job_id: Mapped[UUID | None] = mapped_column(Uuid)
    search_query: Mapped[str | None] = mapped_column(String(255))
    search_location: Mapped[str | None] = mapped_column(String(255))
    raw_data: Mapped[Any | None] = mapped_column(JSONB)
    search_time: Mapped[datetime | None] = mapped_column(DateTime)
    notes: Mapped[str | None] = mapped_column(Text)
    priority: Mapped[int | None] = mapped_column(Integer)
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    revisit_date: Mapped[datetime | None] = mapped_column(DateTime)
    processed: Mapped[bool | None] = mapped_column(Boolean)
    processed_time: Mapped[datetime | None] = mapped_column(DateTime)
    updated_by: Mapped[str | None] = mapped_column(String(255))
    updated_at: Mapped[datetime | None] = mapped_column(DateTime)
    deep_scan_error: Mapped[str | None] = why()
    deep_scan_status: Mapped[DeepScanStatus | None] = mapped_column(enum_type(DeepScanStatus))
    deep_scan_attempts: Mapped[int] = attempts()
    deep_scan_due_at: Mapped[datetime | None] = due_at()
    deep_scan_claim: Mapped[UUID | None] = claim()


class LocalBusiness(Base):
    """A business, from Place Details; selecting it queues the extraction of its domain."""

    __tablename__ = "local_businesses"
    __table_args__ = (queue_index(DOMAIN_EXTRACTIONS),)

    id: Mapped[UUID] = uuid_key()
    tenant_id: Mapped[UUID] = tenant()
    place_id: Mapped[str | None] = mapped_column(String, unique=True)
    lead_source: Mapped[str | None] = mapped_column(Text)
    business_name: Mapped[str | None] = mapped_column(Text)
    full_address: Mapped[str | None] = mapped_column(Text)
    street_address: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)
    zip: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    main_category: Mapped[str | None] = mapped_column(Text)
    extra_categories: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    rating: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    reviews_count: Mapped[int | None] = mapped_column(Integer)
    price_text: Mapped[str | None] = mapped_column(Text)
    website_url: Mapped[str | None] = mapped_column(String)
    business_verified: Mapped[bool | None] = mapped_column(Boolean)
    monday_hours: Mapped[str | None] = mapped_column(Text)
    tuesday_hours: Mapped[str | None] = mapped_column(Text)
    wednesday_hours: Mapped[str | None] = mapped_column(Text)
    thursday_hours: Mapped[str | None] = mapped_column(Text)
    friday_hours: Mapped[str | None] = mapped_column(Text)
    saturday_hours: Mapped[str | None] = mapped_column(Text)
    sunday_hours: Mapped[str | None] = mapped_column(Text)
    timezone: Mapped[str | None] = mapped_column(Text)
    image_url: Mapped[str | None] = mapped_column(Text)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 7))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 7))
    food_featured: Mapped[bool | None] = mapped_column(Boolean)
    hotel_featured: Mapped[bool | None] = mapped_column(Boolean)
    service_options: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    highlights: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    popular_for: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    accessibility: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    offerings: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    dining_options: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    amenities: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    atmosphere: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    crowd: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    planning: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    payments: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    children: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    parking: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    pets: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    additional_json: Mapped[Any | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    status: Mapped[CurationStatus] = mapped_column(enum_type(CurationStatus), server_default="New")
    domain_extraction_status: Mapped[DomainExtractionStatus | None] = mapped_column(enum_type(DomainExtractionStatus))
    domain_extraction_error: Mapped[str | None] = mapped_column(String)
    domain_extraction_attempts: Mapped[int] = attempts()
    domain_extraction_due_at: Mapped[datetime | None] = due_at()
    domain_extraction_claim: Mapped[UUID | None] = claim()
