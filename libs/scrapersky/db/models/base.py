"""What all tables share: the declarative base, enum types, and the columns of a queue."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, Enum, FetchedValue, Integer, MetaData, Text, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from scrapersky.db import enums

DEFAULT_TENANT = "550e8400-e29b-41d4-a716-446655440000"


class Base(DeclarativeBase):
    """Base of all models. Defaults are the server's, so that plain SQL may insert too."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )


def enum_type(labels: type[StrEnum]) -> Enum:
    """The PostgreSQL enum type of a class in `scrapersky.db.enums`."""
    return Enum(labels, name=enums.PG_NAMES[labels], values_callable=lambda cls: [label.value for label in cls])


def uuid_key() -> Mapped[UUID]:
    """A primary key that the server makes."""
    return mapped_column(Uuid, primary_key=True, server_default=text("gen_random_uuid()"))


def tenant(*constraints: SchemaItem) -> Mapped[UUID]:
    """The tenant a row belongs to; carried, never filtered by."""
    return mapped_column(Uuid, *constraints, nullable=False, server_default=text(f"'{DEFAULT_TENANT}'"))


def utc_now() -> Mapped[datetime]:
    """A time column without time zone, which holds UTC."""
    return mapped_column(DateTime, nullable=False, server_default=text("timezone('utc', now())"))


def attempts() -> Mapped[int]:
    """Claims since the row was queued."""
    return mapped_column(Integer, nullable=False, server_default=text("0"))


def due_at() -> Mapped[datetime | None]:
    """From when a Queued row may be taken; when a Processing row's lease runs out."""
    return mapped_column(DateTime(timezone=True), FetchedValue())


def claim() -> Mapped[UUID | None]:
    """Fencing token of the current, or last, claim."""
    return mapped_column(Uuid)


def why() -> Mapped[str | None]:
    """Why the last attempt failed: ``cause: explanation``."""
    return mapped_column(Text)
