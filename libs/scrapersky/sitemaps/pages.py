"""The pages of one sitemap file into ``pages``, chunk by chunk, each in a short transaction.

A page is one row: (domain, URL), found by a 16-byte hash. While a file has no pages yet, chunks are copied straight
into the table; from the first URL on that turns out to be known (listed twice, or by another file), and for every later
import, they are copied into a temporary table and merged, and rows that a chunk does not change are not touched.

Rows come in the order of their hashes, and their ids begin with the time: so both indexes grow in few places, however
large the table is, and a chunk costs what it costs in a small one.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from time import time
from uuid import UUID

from psycopg import errors
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.copying import copy_rows
from scrapersky.sitemaps.entries import Entry
from scrapersky.sitemaps.vanished import Listed

LEAD_SOURCE = "sitemap"
MOST_AT_ONCE = 16_384
"""Entries of one chunk: so many ids of one millisecond are in order."""

_NULL = r"\N"


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


class Chunk:
    """Some pages of a file, made ready for the database; URLs that repeat count once.

    Args:
        entries: Of kind ``url``, at most `MOST_AT_ONCE`.

    Attributes:
        hashes: Of the URLs, in hexadecimal and in order.
        rows: For each: id, URL, date, frequency and priority in COPY's text format.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        pages = sorted({_hash(entry.loc): entry for entry in entries}.items())
        self.hashes = [hashed for hashed, _ in pages]
        keys = _ids(len(pages))
        self.rows = [f"{key}\t{_columns(page)}" for key, (_, page) in zip(keys, pages, strict=True)]


class PageStore:
    """Stores the pages of one file.

    Args:
        owner: Whose pages they are.
        counts: Grows by what became of them.

    Attributes:
        listed: Which pages it was given.
    """

    def __init__(self, owner: Owner, counts: PageCounts) -> None:
        self.listed = Listed()
        self._owner = owner
        self._counts = counts
        self._had_pages: bool | None = None
        self._may_meet_known = False

    async def store(self, session: AsyncSession, chunk: Chunk) -> None:
        """Store one chunk in the session's transaction, which is its own."""
        await session.execute(text(NOT_YET_DURABLE))
        if self._had_pages is None:
            asked = await session.execute(text(HAS_PAGES), {"file": self._owner.sitemap_file_id})
            self._had_pages = self._may_meet_known = bool(asked.scalar_one())
        if self._may_meet_known or not await self._inserted(session, chunk):
            self._may_meet_known = True
            await self._merge(session, chunk)
        self.listed.add(chunk.hashes)

    @property
    def may_have_lost_pages(self) -> bool:
        """Whether the file had pages before, and all that it lists now are known."""
        return self._had_pages is not False and self.listed.complete

    async def _inserted(self, session: AsyncSession, chunk: Chunk) -> bool:
        """Whether all of them were new, and now are rows; otherwise nothing was done."""
        owner = self._owner
        end = f"\t{owner.tenant_id}\t{owner.domain_id}\t{owner.sitemap_file_id}\t{LEAD_SOURCE}\n"
        try:
            async with session.begin_nested():
                await copy_rows(session, ROWS, [end.join([*chunk.rows, ""])])
        except errors.UniqueViolation:
            return False
        self._counts.new += len(chunk.rows)
        return True

    async def _merge(self, session: AsyncSession, chunk: Chunk) -> None:
        await session.execute(text(CREATE))
        lines = [f"{row}\t{hashed}\n" for row, hashed in zip(chunk.rows, chunk.hashes, strict=True)]
        await copy_rows(session, "incoming_pages", ["".join(lines)])
        # The planner knows nothing of the temporary table, and may know nothing of a young ``pages``: left alone it
        # might read all of it, once or once a row. The unique index is right whatever the sizes are.
        await session.execute(text(INDEX_ONLY))
        owner = self._owner
        values = {"domain": owner.domain_id, "tenant": owner.tenant_id, "file": owner.sitemap_file_id}
        merged = [is_new for (is_new,) in await session.execute(text(MERGE), {**values, "source": LEAD_SOURCE})]
        new = sum(merged)
        self._counts.new += new
        self._counts.changed += len(merged) - new
        self._counts.unchanged += len(chunk.rows) - len(merged)


def _hash(url: str) -> str:
    return hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()


def _ids(count: int) -> list[str]:
    """UUIDs of version 7 (RFC 9562 §5.7), all of the present millisecond, in ascending order."""
    head, tails = f"{int(time() * 1000):012x}7", os.urandom(8 * count).hex()
    return [
        f"{head}{place >> 2:03x}{8 | place & 3:x}{tails[16 * place + 1 : 16 * place + 16]}" for place in range(count)
    ]


def _columns(page: Entry) -> str:
    r"""URL, date, frequency and priority in COPY's text format; of a normal URL only ``\`` has a meaning there."""
    url = page.loc if "\\" not in page.loc else page.loc.replace("\\", "\\\\")
    date = _NULL if page.lastmod is None else page.lastmod.isoformat()
    priority = _NULL if page.priority is None else page.priority
    return f"{url}\t{date}\t{page.changefreq or _NULL}\t{priority}"


# The commit that completes the import makes all before it durable; if the server dies first, the import starts over.
NOT_YET_DURABLE = "SELECT set_config('synchronous_commit', 'off', true)"

HAS_PAGES = "SELECT EXISTS (SELECT FROM pages WHERE sitemap_file_id = :file)"

ROWS = "pages (id, url, last_modified, changefreq, priority, tenant_id, domain_id, sitemap_file_id, lead_source)"

CREATE = """
CREATE TEMP TABLE incoming_pages
    (id uuid, url text, last_modified timestamptz, changefreq text, priority real, hash uuid) ON COMMIT DROP"""

INDEX_ONLY = "SELECT " + ", ".join(
    f"set_config('enable_{way}', 'off', true)" for way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan", "material")
)

MERGE = """
INSERT INTO pages AS page
    (id, tenant_id, domain_id, url, last_modified, changefreq, priority, sitemap_file_id, lead_source)
SELECT incoming.id, :tenant, :domain, incoming.url, incoming.last_modified, incoming.changefreq, incoming.priority,
    :file, :source
FROM incoming_pages AS incoming
LEFT JOIN pages AS known ON known.domain_id = :domain AND md5(known.url)::uuid = incoming.hash
WHERE known.id IS NULL OR known.vanished_at IS NOT NULL
    OR (known.last_modified, known.changefreq, known.priority)
        IS DISTINCT FROM (incoming.last_modified, incoming.changefreq, incoming.priority)
ORDER BY incoming.hash
ON CONFLICT (domain_id, (md5(url)::uuid)) DO UPDATE SET last_modified = EXCLUDED.last_modified,
    changefreq = EXCLUDED.changefreq, priority = EXCLUDED.priority, sitemap_file_id = EXCLUDED.sitemap_file_id,
    vanished_at = NULL, updated_at = timezone('utc', now())
RETURNING xmax = 0"""
