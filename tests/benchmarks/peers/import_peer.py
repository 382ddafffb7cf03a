"""A peer's import: ultimate-sitemap-parser reads, SQLAlchemy's ORM inserts. Runs in the peers' environment.

Arguments: the file's URL, and the ids of tenant, domain and sitemap file.
"""

import gzip
import json
import logging
import os
import sys
from datetime import datetime
from time import perf_counter
from urllib.request import urlopen
from uuid import UUID, uuid4

from sqlalchemy import DateTime, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from usp.tree import sitemap_from_str


class Base(DeclarativeBase):
    """Declarative base."""


class Page(Base):
    """The columns of ``pages`` that a sitemap tells."""

    __tablename__ = "pages"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    domain_id: Mapped[UUID]
    url: Mapped[str]
    last_modified: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    priority: Mapped[float | None]
    sitemap_file_id: Mapped[UUID]


def main() -> None:
    """Print seconds."""
    logging.disable(logging.CRITICAL)
    address = sys.argv[1]
    tenant, domain, file = map(UUID, sys.argv[2:])
    engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"))
    with Session(engine) as session:
        session.connection()
        began = perf_counter()
        with urlopen(address) as response:
            body = response.read()
        if body.startswith(b"\x1f\x8b"):
            body = gzip.decompress(body)
        listed = sitemap_from_str(body.decode()).all_pages()
        owner = {"tenant_id": tenant, "domain_id": domain, "sitemap_file_id": file}
        session.add_all(
            Page(url=page.url, last_modified=page.last_modified, priority=float(page.priority), **owner)
            for page in listed
        )
        session.commit()
        print(json.dumps({"seconds": perf_counter() - began}))


if __name__ == "__main__":
    main()
