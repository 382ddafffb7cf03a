"""The pages of a sitemap into ``pages``: COPY into a temporary table, then one merge, chunk by chunk.

A page is one row: (domain, URL), found by a 16-byte hash. Rows that a chunk does not change are not touched. A page
that its sitemap no longer lists is marked as vanished, never deleted; what is listed again is unmarked.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.sitemaps.entries import Entry

LEAD_SOURCE = "sitemap"
MOST_REMEMBERED = 1_000_000
HASH_BYTES = 16


@dataclass(frozen=True)
class Owner:
    """Whose pages they are: the sitemap file they come from, its domain and tenant."""

    sitemap_file_id: UUID
    domain_id: UUID
    tenant_id: UUID


@dataclass
class PageCounts:
    """Pages by what became of their rows; ``foreign`` are pages of other sites, which are not stored."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    foreign: int = 0


class Listed:
    """Which pages an import has seen, in 16 bytes each; at most `MOST_REMEMBERED`, beyond which nothing vanishes."""

    def __init__(self) -> None:
        self._hashes = bytearray()

    @property
    def complete(self) -> bool:
        """Whether it remembers every page that it was told."""
        return len(self._hashes) <= MOST_REMEMBERED * HASH_BYTES

    def add(self, urls: Iterable[str]) -> None:
        """Remember pages."""
        if self.complete:
            for url in urls:
                self._hashes += _hash(url)

    def uuids(self) -> Iterable[UUID]:
        """The hashes, as PostgreSQL's ``md5(url)::uuid`` has them."""
        for at in range(0, len(self._hashes), HASH_BYTES):
            yield UUID(bytes=bytes(self._hashes[at : at + HASH_BYTES]))


def _hash(url: str) -> bytes:
    return hashlib.md5(url.encode(), usedforsecurity=False).digest()


async def store_pages(session: AsyncSession, owner: Owner, entries: Iterable[Entry], counts: PageCounts) -> None:
    """Merge one chunk of entries, in the session's transaction; URLs that repeat count once.

    Args:
        session: In a transaction of its own, short.
        owner: Whose pages they are.
        entries: Of kind ``url``.
        counts: Grows by what became of them.
    """
    pages = sorted({entry.loc: entry for entry in entries}.values(), key=lambda entry: _hash(entry.loc))
    await session.execute(text(CREATE))
    async with (await _driver(session)).cursor() as cursor, cursor.copy(COPY) as copy:
        for page in pages:
            await copy.write_row((page.loc, page.lastmod, page.changefreq, page.priority))
    # The planner knows nothing of the temporary table, and may know nothing of a young ``pages``: left alone it might
    # read all of it, once or once a row. The unique index is right whatever the sizes are.
    await session.execute(text(INDEX_ONLY))
    values = {"domain": owner.domain_id, "tenant": owner.tenant_id, "file": owner.sitemap_file_id}
    merged = [is_new for (is_new,) in await session.execute(text(MERGE), {**values, "source": LEAD_SOURCE})]
    new = sum(merged)
    counts.new += new
    counts.changed += len(merged) - new
    counts.unchanged += len(pages) - len(merged)


async def mark_vanished(session: AsyncSession, owner: Owner, listed: Listed, counts: PageCounts) -> None:
    """Mark the pages of a sitemap file that a complete import did not list.

    Args:
        session: In a transaction of its own.
        owner: Whose pages they are.
        listed: What the import has seen; see `Listed.complete`.
        counts: ``vanished`` grows.
    """
    await session.execute(text("CREATE TEMP TABLE listed_pages (hash uuid PRIMARY KEY) ON COMMIT DROP"))
    async with (await _driver(session)).cursor() as cursor, cursor.copy("COPY listed_pages FROM STDIN") as copy:
        for hashed in sorted(set(listed.uuids())):
            await copy.write_row((hashed,))
    vanished = await session.execute(text(VANISH), {"file": owner.sitemap_file_id})
    counts.vanished += vanished.scalar_one()


async def _driver(session: AsyncSession) -> AsyncConnection[object]:
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver: AsyncConnection[object] | None = raw.driver_connection
    assert driver is not None  # noqa: S101
    return driver


CREATE = """
CREATE TEMP TABLE incoming_pages (url text, last_modified timestamptz, changefreq text, priority real) ON COMMIT DROP"""

COPY = "COPY incoming_pages FROM STDIN"

INDEX_ONLY = "SELECT " + ", ".join(
    f"set_config('enable_{way}', 'off', true)" for way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan", "material")
)

MERGE = """
INSERT INTO pages AS page (tenant_id, domain_id, url, last_modified, changefreq, priority, sitemap_file_id, lead_source)
SELECT :tenant, :domain, incoming.url, incoming.last_modified, incoming.changefreq, incoming.priority, :file, :source
FROM incoming_pages AS incoming
LEFT JOIN pages AS known ON known.domain_id = :domain AND md5(known.url)::uuid = md5(incoming.url)::uuid
WHERE known.id IS NULL OR known.vanished_at IS NOT NULL
    OR (known.last_modified, known.changefreq, known.priority)
        IS DISTINCT FROM (incoming.last_modified, incoming.changefreq, incoming.priority)
ORDER BY md5(incoming.url)::uuid
ON CONFLICT (domain_id, (md5(url)::uuid)) DO UPDATE SET last_modified = EXCLUDED.last_modified,
    changefreq = EXCLUDED.changefreq, priority = EXCLUDED.priority, sitemap_file_id = EXCLUDED.sitemap_file_id,
    vanished_at = NULL, updated_at = timezone('utc', now())
RETURNING xmax = 0"""

VANISH = """
WITH vanished AS (
    UPDATE pages SET vanished_at = now(), updated_at = timezone('utc', now())
    WHERE sitemap_file_id = :file AND vanished_at IS NULL
        AND NOT EXISTS (SELECT FROM listed_pages WHERE hash = md5(url)::uuid)
    RETURNING 1)
SELECT count(*) FROM vanished"""
