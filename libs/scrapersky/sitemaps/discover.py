"""Which sitemaps a domain has.

Asked in this order, each sitemap once, by whatever addresses it is named: robots.txt; links of the home page;
``/sitemap.xml``; where none of them gives any, the well-known paths of the usual platforms, and ``/sitemap.xml`` of the
``www.`` or bare twin of the host; where there is still none, feeds. Sitemap indexes are opened, nested as deep as
SITEMAP_MAX_DEPTH; so many of their children are read that their nature is known (`MOST_READ` in all), and the rest is
named unread: the import reads them.

A sitemap that robots.txt or an index names is kept although it cannot be read now: its import will say why. What merely
might be there is kept if it is a sitemap: a page that says "not found" with status 200 is none.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from scrapersky.errors import InputError, PermanentError, RefusedError, TransientError, WorkError
from scrapersky.settings import Settings
from scrapersky.sitemaps.files import FoundSitemap, SitemapType
from scrapersky.sitemaps.links import declared_feeds, declared_sitemaps
from scrapersky.sitemaps.paths import FEEDS, USUAL, WELL_KNOWN
from scrapersky.sitemaps.read import Entry, SitemapReader
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.response import Response
from scrapersky.web.site import open_home
from scrapersky.web.urls import normalise, parse

SAMPLE_BYTES = 2 * 1024 * 1024
MOST_READ = 60
AT_ONCE = 4
MOST_REFUSALS = 2
"""Guesses that a site may fail to answer at the moment, before we come back later."""


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
    final_url: str
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
        self._addresses: set[str] = set()
        self._failed_guesses: list[TransientError] = []
        self._read = 0

    async def run(self, domain: str) -> Discovery:
        base, body = await self._home(domain)
        robots = await self._fetcher.robots(base)
        named = _candidates(robots.sitemaps, base, "robots_txt")
        named += _candidates(declared_sitemaps(body, base), base, "html_link")
        await self._open_all(named)
        await self._guess([normalise(USUAL, base)])
        if not self._found:
            host = parse(base).host
            twin = domain if host.startswith("www.") else f"www.{domain}"
            await self._guess([*(normalise(path, base) for path in WELL_KNOWN), f"https://{twin}{USUAL}"])
        if not self._found:
            await self._open_all(_candidates(declared_feeds(body, base), base, "html_link"))
        if not self._found:
            await self._guess([normalise(path, base) for path in FEEDS])
        if not self._found and self._failed_guesses:
            raise self._failed_guesses[0]
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

    async def _guess(self, urls: list[str]) -> None:
        """Try what may be there, until something is."""
        before = len(self._found)
        for url in urls:
            await self._open_all([_Candidate(url, "common_path")], keep_unreadable=False)
            if len(self._found) > before or len(self._failed_guesses) >= MOST_REFUSALS:
                return

    async def _open_all(self, candidates: list[_Candidate], *, keep_unreadable: bool = True) -> None:
        waiting = deque(candidates)
        while waiting:
            wave = []
            for candidate in _popped(waiting, AT_ONCE):
                if self._is_new(candidate.url):
                    self._found[candidate.url] = FoundSitemap(candidate.url, candidate.method)
                    wave.append(candidate)
            readable = [c for c in wave if self._may_read(c)]
            opening = (self._open(c, keep_unreadable=keep_unreadable) for c in readable)
            for candidate, opened in zip(readable, await asyncio.gather(*opening), strict=True):
                if opened is None or (opened.final_url != candidate.url and not self._is_new(opened.final_url)):
                    del self._found[candidate.url]
                    continue
                self._addresses.add(opened.final_url)
                self._found[candidate.url] = opened.found
                room = self._settings.sitemap_max_files - len(self._found) - len(waiting)
                children = [_Candidate(url, "sitemap_index", candidate.depth + 1) for url in opened.children]
                waiting.extend(children[: max(0, room)])

    def _is_new(self, url: str) -> bool:
        return url not in self._found and url not in self._addresses

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
            if keep_unreadable:
                return _Opened(FoundSitemap(url, method, error_message=str(error)[:1000]), url)
            if isinstance(error, TransientError):
                self._failed_guesses.append(error)
            return None

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
                etag=response.validators.etag,
                http_last_modified=response.validators.last_modified,
            ),
            response.final_url,
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
