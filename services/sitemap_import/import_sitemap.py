"""Sitemap import: one sitemap file's URLs into ``pages``.

Claims ``sitemap_files.sitemap_import_status`` Queued. Streams the file: network, decompression, parser and COPY
overlap, and memory does not grow with it. Writes its pages chunk by chunk through the lease, each once a domain and
URL, pages of other sites left out; marks pages that it no longer lists as vanished; then what was learnt of the file. A
file that has not changed since the last import answers 304 and is done. An index has no pages: the sitemaps it names
become rows of ``sitemap_files``, and with AUTO_SELECT are queued.

A killed import starts over and writes the same pages.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scrapersky import metrics
from scrapersky.db.curation import initial_status
from scrapersky.errors import PermanentError
from scrapersky.queue.queues import SITEMAP_IMPORTS
from scrapersky.queue.stage import Lease
from scrapersky.settings import Settings
from scrapersky.sitemaps.files import FoundSitemap, store_sitemap_files
from scrapersky.sitemaps.pages import Chunk, Owner, PageCounts, PageStore
from scrapersky.sitemaps.read import Entry, SitemapReader
from scrapersky.sitemaps.vanished import AT_ONCE, find_vanished, mark_vanished, vanished_since_last_read
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.response import NOT_MODIFIED, Response, Validators
from scrapersky.web.urls import host_of, registrable

log = structlog.get_logger()

CHUNK = 5_000
BLOCK = 16_384
PROGRESS_SECONDS = 10
LONGEST_NOTE = 2_000
LARGEST_INT = 2**31 - 1


@dataclass(frozen=True)
class QueuedSitemap:
    """A row of ``sitemap_files``."""

    id: UUID
    domain_id: UUID
    tenant_id: UUID
    url: str
    etag: str | None
    http_last_modified: str | None
    last_processed_at: datetime | None

    @property
    def shares(self) -> tuple[UUID, str]:
        """The domain that has the file and the host that serves it: neither keeps others from being served."""
        return self.domain_id, self.url.partition("//")[2].partition("/")[0]


@dataclass
class Import:
    """What one import found."""

    counts: PageCounts = field(default_factory=PageCounts)
    entries: int = 0
    children: list[str] = field(default_factory=list)
    has_lastmod: bool = False
    has_priority: bool = False
    has_changefreq: bool = False
    columns: dict[str, object] | None = None


class ImportSitemap:
    """The stage of ``sitemap-imports``."""

    queue = SITEMAP_IMPORTS
    row = QueuedSitemap

    def __init__(self, settings: Settings, fetcher: Fetcher) -> None:
        self._settings = settings
        self._fetcher = fetcher

    async def work(self, row: QueuedSitemap, lease: Lease) -> Import:
        """Stream the file into ``pages``; what it says of itself is left for the settle."""
        async with self._fetcher.stream(
            row.url,
            validators=await self._validators(row, lease),
            max_bytes=self._settings.sitemap_max_bytes,
            total_timeout=self._settings.sitemap_total_timeout,
        ) as response:
            response.raise_for_status()
            if response.status == NOT_MODIFIED:
                return Import()
            return await _Importer(row, lease, self._settings, response).run()

    async def _validators(self, row: QueuedSitemap, lease: Lease) -> Validators | None:
        known = Validators(row.etag, row.http_last_modified)
        if row.last_processed_at is None or not known.headers():
            return None
        async with lease.transaction() as session:
            return None if await vanished_since_last_read(session, row.id) else known

    async def settle(self, session: AsyncSession, results: Sequence[tuple[QueuedSitemap, Import]]) -> None:
        """Write what was learnt of each file, and the sitemaps that indexes name."""
        for row, result in results:
            metrics.PAGES.labels("new").inc(result.counts.new)
            metrics.PAGES.labels("changed").inc(result.counts.changed)
            metrics.PAGES.labels("unchanged").inc(result.counts.unchanged)
            metrics.PAGES.labels("vanished").inc(result.counts.vanished)
            await session.execute(text(PROCESSED), {"id": row.id})
            if result.columns is None:
                continue
            await session.execute(text(LEARNT), {"id": row.id, **result.columns})
            found = [FoundSitemap(url, "sitemap_index") for url in result.children]
            curation = initial_status(self._settings)
            await store_sitemap_files(session, row.domain_id, row.tenant_id, found, curation=curation)


class _Importer:
    def __init__(self, row: QueuedSitemap, lease: Lease, settings: Settings, response: Response) -> None:
        self._row = row
        self._lease = lease
        self._response = response
        self._most_children = settings.sitemap_max_files
        self._reader = SitemapReader(
            response.final_url,
            max_bytes=settings.sitemap_max_bytes,
            max_ratio=settings.fetch_max_compression_ratio,
        )
        self._site = {registrable(host_of(row.url)), registrable(host_of(response.final_url))}
        self._result = Import()
        self._pages = PageStore(Owner(row.id, row.domain_id, row.tenant_id), self._result.counts)
        self._spoke_at = monotonic()

    async def run(self) -> Import:
        storing: asyncio.Task[None] | None = None
        try:
            async for chunk in self._chunks():
                if storing is not None:
                    await storing
                storing = asyncio.create_task(self._store(chunk))
            if storing is not None:
                await storing
        finally:
            if storing is not None and not storing.done():
                storing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await storing
        if self._reader.is_exhausted:
            why = self._reader.warnings[-1] if self._reader.warnings else "it does not end"
            raise PermanentError("body-too-large", f"{self._row.url}: {why}; its entries until there are kept")
        if self._reader.kind != "index" and not self._reader.repaired and self._pages.may_have_lost_pages:
            await self._mark_vanished()
        self._result.columns = self._columns()
        return self._result

    async def _chunks(self) -> AsyncIterator[Chunk]:
        waiting: list[Entry] = []
        async for octets in self._response.chunks():
            # Of gzip, one block more would be two hundred in memory.
            for at in range(0, len(octets), BLOCK):
                waiting += self._ours(self._reader.feed(octets[at : at + BLOCK]))
                while len(waiting) >= CHUNK:
                    self._say_progress()
                    yield Chunk(waiting[:CHUNK])
                    del waiting[:CHUNK]
            if self._reader.is_exhausted:
                break
        waiting += self._ours(self._reader.close())
        for at in range(0, len(waiting), CHUNK):
            yield Chunk(waiting[at : at + CHUNK])

    def _ours(self, entries: list[Entry]) -> list[Entry]:
        result, ours = self._result, []
        for entry in entries:
            result.entries += 1
            if entry.kind == "sitemap":
                if len(result.children) < self._most_children and entry.loc != self._row.url:
                    result.children.append(entry.loc)
            elif registrable(entry.loc.split("/", 3)[2].partition(":")[0]) in self._site:
                ours.append(entry)
            else:
                result.counts.foreign += 1
            result.has_lastmod |= entry.lastmod is not None
            result.has_priority |= entry.priority is not None
            result.has_changefreq |= entry.changefreq is not None
        return ours

    async def _store(self, chunk: Chunk) -> None:
        async with self._lease.transaction() as session:
            await self._pages.store(session, chunk)

    async def _mark_vanished(self) -> None:
        async with self._lease.transaction() as session:
            vanished = await find_vanished(session, self._row.id, self._pages.listed)
        for at in range(0, len(vanished), AT_ONCE):
            async with self._lease.transaction() as session:
                self._result.counts.vanished += await mark_vanished(session, vanished[at : at + AT_ONCE])

    def _say_progress(self) -> None:
        if monotonic() - self._spoke_at > PROGRESS_SECONDS:
            self._spoke_at = monotonic()
            log.info(
                "import-progress", url=self._row.url, entries=self._result.entries, bytes=self._reader.decoded_bytes
            )

    def _columns(self) -> dict[str, object]:
        response, reader, result = self._response, self._reader, self._result
        complete = not reader.repaired
        note = ("repaired: " if reader.repaired else "") + "; ".join(reader.warnings)
        return {
            "sitemap_type": {"urlset": "standard", None: "unknown"}.get(reader.kind, reader.kind),
            "url_count": result.entries,
            "page_count": result.counts.new + result.counts.changed + result.counts.unchanged,
            "size_bytes": min(reader.decoded_bytes, LARGEST_INT),
            "response_time_ms": round(response.seconds * 1000),
            "status_code": response.status,
            "is_gzipped": reader.is_gzipped,
            "has_lastmod": result.has_lastmod,
            "has_priority": result.has_priority,
            "has_changefreq": result.has_changefreq,
            "etag": response.validators.etag if complete else None,
            "http_last_modified": response.validators.last_modified if complete else None,
            "error_message": note[:LONGEST_NOTE] or None,
        }


PROCESSED = """
UPDATE sitemap_files SET last_processed_at = now(), status = 'Completed', updated_at = timezone('utc', now())
WHERE id = :id"""

LEARNT = """
UPDATE sitemap_files SET sitemap_type = :sitemap_type, url_count = :url_count, page_count = :page_count,
    size_bytes = :size_bytes, response_time_ms = :response_time_ms, status_code = :status_code,
    is_gzipped = :is_gzipped, has_lastmod = :has_lastmod, has_priority = :has_priority,
    has_changefreq = :has_changefreq, etag = :etag, http_last_modified = :http_last_modified,
    error_message = :error_message
WHERE id = :id"""
