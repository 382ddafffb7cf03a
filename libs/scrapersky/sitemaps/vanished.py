"""Pages that their sitemap file no longer lists: marked, never deleted; `scrapersky.sitemaps.pages` unmarks them.

A page has one row and one file, but other files may list it too, and were perhaps read before it vanished from its own.
So a file is read again in full, validators or not, when pages of its domain have vanished since it was last read.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky.db.copying import copy_rows

MOST_REMEMBERED = 1_000_000
HASH_BYTES = 16
AT_ONCE = 5_000


class Listed:
    """Which pages an import has seen, in 16 bytes each; at most `MOST_REMEMBERED`, beyond which nothing vanishes."""

    def __init__(self) -> None:
        self._hashes = bytearray()

    @property
    def complete(self) -> bool:
        """Whether it remembers every page that it was told."""
        return len(self._hashes) <= MOST_REMEMBERED * HASH_BYTES

    def add(self, hashes: Sequence[str]) -> None:
        """Remember pages by the hashes of their URLs, in hexadecimal."""
        if self.complete:
            self._hashes += bytes.fromhex("".join(hashes))

    def lines(self) -> Iterator[str]:
        """The hashes, one a line, in blocks."""
        size = AT_ONCE * HASH_BYTES
        for at in range(0, len(self._hashes), size):
            yield self._hashes[at : at + size].hex("\n", HASH_BYTES) + "\n"


async def find_vanished(session: AsyncSession, sitemap_file_id: UUID, listed: Listed) -> list[UUID]:
    """The ids of a file's pages, not marked yet, that a complete import did not list; `Listed.complete` must hold."""
    await session.execute(text("CREATE TEMP TABLE listed_pages (hash uuid) ON COMMIT DROP"))
    await copy_rows(session, "listed_pages", listed.lines())
    await session.execute(text(HASH_ONLY))
    return list((await session.execute(text(VANISHED), {"file": sitemap_file_id})).scalars())


async def mark_vanished(session: AsyncSession, pages: Sequence[UUID]) -> int:
    """Mark pages, in the session's transaction; returns how many."""
    marked = await session.execute(text(MARK), {"pages": pages})
    return len(marked.all())


async def vanished_since_last_read(session: AsyncSession, sitemap_file_id: UUID) -> bool:
    """Whether pages of its domain's other files vanished after its last import began, which took no hour."""
    return bool((await session.execute(text(SINCE_LAST_READ), {"file": sitemap_file_id})).scalar_one())


HASH_ONLY = "SELECT " + ", ".join(
    f"set_config('enable_{way}', 'off', true)" for way in ("nestloop", "mergejoin", "seqscan")
)

VANISHED = """
SELECT id FROM pages WHERE sitemap_file_id = :file AND vanished_at IS NULL
    AND NOT EXISTS (SELECT FROM listed_pages WHERE hash = md5(url)::uuid)"""

MARK = """
UPDATE pages SET vanished_at = now(), updated_at = timezone('utc', now())
WHERE id = ANY(:pages) AND vanished_at IS NULL RETURNING 1"""

SINCE_LAST_READ = """
SELECT EXISTS (SELECT FROM pages JOIN sitemap_files AS file USING (domain_id)
    WHERE file.id = :file AND pages.sitemap_file_id IS DISTINCT FROM file.id
        AND vanished_at >= file.last_processed_at - interval '1 hour')"""
