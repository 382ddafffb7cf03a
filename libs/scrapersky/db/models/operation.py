"""What operating the services needs: the history of runs, totals, and paused queues."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Float, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from scrapersky.db.models.base import Base, uuid_key


class ServiceRun(Base):
    """One run of a service; without ``finished_at`` it is going on, or was killed."""

    __tablename__ = "service_runs"
    __table_args__ = (Index("service_runs_started_at_idx", "started_at"),)

    id: Mapped[UUID] = uuid_key()
    service: Mapped[str] = mapped_column(Text)
    pod: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    claimed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    completed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    retried: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    released: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error: Mapped[str | None] = mapped_column(Text)
    figures: Mapped[Any | None] = mapped_column(JSONB)


class ServiceTotal(Base):
    """A monotonic series of a service, summed over all its runs, also those that were pruned."""

    __tablename__ = "service_totals"

    service: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    labels: Mapped[Any] = mapped_column(JSONB, primary_key=True)
    value: Mapped[float] = mapped_column(Float)


class PausedQueue(Base):
    """A queue that no service claims from for now."""

    __tablename__ = "paused_queues"

    queue: Mapped[str] = mapped_column(Text, primary_key=True)
    paused_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    reason: Mapped[str | None] = mapped_column(Text)


class PushTurn(Base):
    """Which pod may push a service's metrics until when; see `scrapersky.queue.totals`."""

    __tablename__ = "push_turns"

    service: Mapped[str] = mapped_column(Text, primary_key=True)
    token: Mapped[UUID]
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
