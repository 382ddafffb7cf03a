"""Domain scan: what a website says of its business.

Claims ``domains.status`` Queued. Reads the home page (https or http, with or without ``www.``) and the contact and
about pages that it links to, DOMAIN_SCHEDULER_MAX_PAGES in all. Writes the metadata columns of ``domains``: the pages
are the truth, so a fact that is gone from them becomes NULL. With AUTO_SELECT a domain that nobody has decided on is
selected, which queues the analysis of its sitemaps.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from uuid import UUID

import structlog

from scrapersky.errors import InputError, PermanentError, WorkError
from scrapersky.metadata import Page, PageFacts, SiteMetadata, combine, read_page
from scrapersky.metadata.icons import from_manifest
from scrapersky.queue.queues import DOMAINS
from scrapersky.queue.stage import Lease, OwnColumns
from scrapersky.settings import Settings
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.response import Response
from scrapersky.web.site import ACCEPT_HTML, open_home
from scrapersky.web.urls import normalise, same_site

log = structlog.get_logger()

ICON_TYPES = frozenset({"application/octet-stream", "application/ico"})
WORDPRESS_ICON = "/wp-includes/images/w-logo"
"""Where WordPress redirects /favicon.ico of sites that have none."""

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain"})


@dataclass(frozen=True)
class DomainToScan:
    """A row of ``domains``."""

    id: UUID
    domain: str


class ScanDomain:
    """The stage of ``domains``."""

    queue = DOMAINS
    row = DomainToScan

    def __init__(self, settings: Settings, fetcher: Fetcher) -> None:
        self._settings = settings
        self._fetcher = fetcher
        # One thread: more would take turns all the same, and hold a parsed page each.
        self._reader = ThreadPoolExecutor(1, "read-page")
        self.settle = OwnColumns(asdict, TYPED, ASSIGNED + SELECTED * settings.auto_select)

    async def work(self, row: DomainToScan, lease: Lease) -> SiteMetadata:  # noqa: ARG002
        """Read the site's pages, one at a time, and gather their facts."""
        response, body = await open_home(self._fetcher, row.domain)
        if response.media_type is not None and response.media_type not in HTML_TYPES:
            raise PermanentError("not-html", f"{response.final_url} is {response.media_type}, no page")
        home = await self._read(_page(response, body))
        facts = [home]
        for link in home.contact_links[: self._settings.domain_scheduler_max_pages - 1]:
            page = await self._further_page(link)
            if page is not None and same_site(page.url, home.url):
                facts.append(await self._read(page))
        metadata = combine(facts)
        if metadata.favicon_url is None:
            icon = await self._manifest_icon(home.head.get("manifest")) or await self._default_icon(home.url)
            metadata = replace(metadata, favicon_url=icon)
        return metadata

    async def _read(self, page: Page) -> PageFacts:
        return await asyncio.get_running_loop().run_in_executor(self._reader, read_page, page)

    async def _further_page(self, url: str) -> Page | None:
        try:
            response, body = await self._fetcher.get(url, accept=ACCEPT_HTML)
            response.raise_for_status()
        except (WorkError, InputError) as error:
            log.info("page-skipped", url=url, error=str(error))
            return None
        return _page(response, body) if response.media_type in HTML_TYPES else None

    async def _manifest_icon(self, url: object) -> str | None:
        if not isinstance(url, str):
            return None
        try:
            response, body = await self._fetcher.get(url, accept="application/manifest+json")
            response.raise_for_status()
        except WorkError:
            return None
        return from_manifest(body, response.final_url)

    async def _default_icon(self, base: str) -> str | None:
        url = normalise("/favicon.ico", base)
        try:
            async with self._fetcher.stream(url, accept="image/*") as response:
                response.raise_for_status()
                is_icon = response.media_type in ICON_TYPES or (response.media_type or "").startswith("image/")
                return url if is_icon and WORDPRESS_ICON not in response.final_url else None
        except WorkError:
            return None


def _page(response: Response, body: bytes) -> Page:
    return Page(response.final_url, body, dict(response.headers))


KINDS = {
    "is_wordpress": "boolean",
    "has_elementor": "boolean",
    "tech_stack": "jsonb",
    "meta_json": "jsonb",
    "email_addresses": "text[]",
    "phone_numbers": "text[]",
}
_NAMES = [field.name for field in fields(SiteMetadata)]
_ASSIGNED = ", ".join(f"{name} = found.{name}" for name in _NAMES)
TYPED = ", ".join(f"{name} {KINDS.get(name, 'text')}" for name in _NAMES)

ASSIGNED = f"{_ASSIGNED}, last_scan = timezone('utc', now()), updated_at = timezone('utc', now())"
SELECTED = """, sitemap_curation_status =
    CASE coalesce(domains.sitemap_curation_status, 'New') WHEN 'New' THEN 'Selected'
        ELSE domains.sitemap_curation_status END"""
"""Selects what nobody has decided on."""
