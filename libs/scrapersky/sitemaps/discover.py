"""Which sitemaps a domain has.

Asked in this order, each sitemap once: robots.txt; ``<link>`` elements of the home page; where neither names any,
well-known paths of the usual platforms, on the host that answers and on its ``www.`` or bare twin; where there is none,
the feeds that the home page declares. Sitemap indexes are opened, nested as deep as SITEMAP_MAX_DEPTH; so many of their
children are read that their nature is known, and the rest is named unread: the import reads them.

A sitemap that robots.txt or an index names is kept although it cannot be read now: its import will say why.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from scrapersky.errors import InputError, PermanentError, RefusedError, TransientError, WorkError
from scrapersky.settings import Settings
from scrapersky.sitemaps.files import FoundSitemap, SitemapType
from scrapersky.sitemaps.links import declared_feeds, declared_sitemaps
from scrapersky.sitemaps.read import Entry, SitemapReader
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.response import Response
from scrapersky.web.site import open_home
from scrapersky.web.urls import normalise, parse

WELL_KNOWN = (
    "/sitemap.xml",
    "/sitemap_index.xml",
    "/wp-sitemap.xml",
    "/sitemap-index.xml",
    "/sitemap.xml.gz",
    "/sitemaps.xml",
    "/sitemap/sitemap.xml",
    "/sitemap/index.xml",
    "/sitemap1.xml",
    "/sitemap.txt",
)
SAMPLE_BYTES = 2 * 1024 * 1024
MOST_READ = 60
AT_ONCE = 4


@dataclass(frozen=True)
class Discovery:
    """The sitemaps of a domain, indexes included, in the order they were found."""

    sitemaps: list[FoundSitemap]


@dataclass
class _Candidate:
    url: str
    method: str
    depth: int = 0


@dataclass
class _Opened:
    found: FoundSitemap
    children: list[str] = field(default_factory=list)


async def discover(fetcher: Fetcher, domain: str, settings: Settings) -> Discovery:
    """Find the sitemaps of a domain.

    Args:
        fetcher: Fetches them; robots.txt is obeyed.
        domain: Without ``www.``.
        settings: SITEMAP_MAX_DEPTH and SITEMAP_MAX_FILES.

    Raises:
        TransientError: The site does not answer at the moment.
        PermanentError, RefusedError: There is no such site, or we may not go there.
    """
    return await _Search(fetcher, settings).run(domain)


class _Search:
    def __init__(self, fetcher: Fetcher, settings: Settings) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._found: dict[str, FoundSitemap] = {}
        self._read = 0

    async def run(self, domain: str) -> Discovery:
        base, body = await self._home(domain)
        robots = await self._fetcher.robots(base)
        named = _candidates(robots.sitemaps, base, "robots_txt")
        named += _candidates(declared_sitemaps(body, base), base, "html_link")
        await self._open_all(named)
        if not self._found:
            await self._probe(base, domain)
        if not self._found:
            await self._open_all(_candidates(declared_feeds(body, base), base, "html_link"))
        return Discovery(list(self._found.values()))

    async def _home(self, domain: str) -> tuple[str, bytes]:
        try:
            response, body = await open_home(self._fetcher, domain)
        except RefusedError:
            raise
        except PermanentError as error:
            if not error.cause.startswith("http-"):
                raise
            return f"https://{domain}/", b""
        return response.final_url, body

    async def _probe(self, base: str, domain: str) -> None:
        for path in WELL_KNOWN:
            await self._open_all([_Candidate(normalise(path, base), "common_path")], keep_unreadable=False)
            if self._found:
                return
        host = parse(base).host
        twin = domain if host.startswith("www.") else f"www.{domain}"
        await self._open_all([_Candidate(f"https://{twin}/sitemap.xml", "common_path")], keep_unreadable=False)

    async def _open_all(self, candidates: list[_Candidate], *, keep_unreadable: bool = True) -> None:
        waiting = deque(candidates)
        while waiting:
            wave = [each for each in _popped(waiting, AT_ONCE) if each.url not in self._found]
            for candidate in wave:
                self._found[candidate.url] = FoundSitemap(candidate.url, candidate.method)
            readable = [c for c in wave if self._may_read(c)]
            opening = (self._open(c, keep_unreadable=keep_unreadable) for c in readable)
            opened = await asyncio.gather(*opening, return_exceptions=True)
            for candidate, result in zip(readable, opened, strict=True):
                if isinstance(result, BaseException):
                    raise result
                if result is None:
                    del self._found[candidate.url]
                    continue
                self._found[candidate.url] = result.found
                room = self._settings.sitemap_max_files - len(self._found) - len(waiting)
                children = [_Candidate(url, "sitemap_index", candidate.depth + 1) for url in result.children]
                waiting.extend(children[: max(0, room)])

    def _may_read(self, candidate: _Candidate) -> bool:
        self._read += 1
        return self._read <= MOST_READ and candidate.depth <= self._settings.sitemap_max_depth

    async def _open(self, candidate: _Candidate, *, keep_unreadable: bool) -> _Opened | None:
        url, method = candidate.url, candidate.method
        try:
            async with self._fetcher.stream(url) as response:
                response.raise_for_status()
                return await self._sample(response, url, method)
        except WorkError as error:
            if isinstance(error, TransientError) and not keep_unreadable:
                raise
            return _Opened(FoundSitemap(url, method, error_message=str(error)[:1000])) if keep_unreadable else None

    async def _sample(self, response: Response, url: str, method: str) -> _Opened:
        reader = SitemapReader(response.final_url, max_ratio=self._settings.fetch_max_compression_ratio)
        entries: list[Entry] = []
        complete = True
        async for octets in response.chunks():
            entries += reader.feed(octets)
            if reader.kind != "index" and response.decoded_bytes > SAMPLE_BYTES:
                complete = False
                break
        else:
            entries += reader.close()
        kind: SitemapType = _type_of(reader)
        return _Opened(
            FoundSitemap(
                url,
                method,
                kind,
                status_code=response.status,
                response_time_ms=round(response.seconds * 1000),
                size_bytes=reader.decoded_bytes if complete else None,
                url_count=len(entries) if complete else None,
                is_gzipped=reader.is_gzipped,
                has_lastmod=any(entry.lastmod for entry in entries),
                has_priority=any(entry.priority is not None for entry in entries),
                has_changefreq=any(entry.changefreq for entry in entries),
                last_modified=max((entry.lastmod for entry in entries if entry.lastmod), default=None),
                error_message="; ".join(reader.warnings)[:1000] or None,
            ),
            [entry.loc for entry in entries if entry.kind == "sitemap"],
        )


def _type_of(reader: SitemapReader) -> SitemapType:
    kinds: dict[str | None, SitemapType] = {
        "urlset": "standard",
        "index": "index",
        "text": "text",
        "rss": "rss",
        "atom": "atom",
    }
    return kinds.get(reader.kind, "unknown")


def _candidates(urls: Iterable[str], base: str, method: str) -> list[_Candidate]:
    found: dict[str, _Candidate] = {}
    for url in urls:
        try:
            normal = normalise(url, base)
        except InputError:
            continue
        found.setdefault(normal, _Candidate(normal, method))
    return list(found.values())


def _popped(waiting: deque[_Candidate], most: int) -> list[_Candidate]:
    return [waiting.popleft() for _ in range(min(most, len(waiting)))]
