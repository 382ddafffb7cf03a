"""What the domain scheduler does, as a Scrapy spider: the same extraction from the same pages into the same table.

Run by `tests.benchmarks.domain_scans` with DATABASE_URL, PORT, CONCURRENCY, HOST_CONCURRENCY, HOST_DELAY and MAX_PAGES.
Scrapy does not verify certificates; all else is asked of it that the service does.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import psycopg
from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from twisted.internet import defer

from scrapersky.metadata import Page, PageFacts, SiteMetadata, combine, read_page

PORT = os.environ["PORT"]
BATCH = 50
KINDS = {
    "is_wordpress": "boolean",
    "has_elementor": "boolean",
    "tech_stack": "jsonb",
    "meta_json": "jsonb",
    "email_addresses": "text[]",
    "phone_numbers": "text[]",
}
NAMES = [each.name for each in fields(SiteMetadata)]
UPDATE = f"""
UPDATE domains SET status = 'Completed', {", ".join(f"{name} = found.{name}" for name in NAMES)}
FROM jsonb_to_recordset(%s::jsonb)
  AS found(domain text, {", ".join(f"{name} {KINDS.get(name, 'text')}" for name in NAMES)})
WHERE domains.domain = found.domain"""


class Loopback(CachingThreadedResolver):  # type: ignore[misc]
    """Finds every host here."""

    def getHostByName(self, name: str, timeout: Any = ()) -> Any:  # noqa: ARG002, N802
        return defer.succeed("127.0.0.1")


@dataclass
class Site:
    """What is known of one domain, and how many of its pages are still awaited."""

    domain: str
    facts: list[PageFacts] = field(default_factory=list)
    awaited: int = 0


class Scan(Spider):  # type: ignore[misc]
    """Reads each home page and what it links to."""

    name = "scan"

    async def start(self) -> Any:
        self.database = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        self.done: list[dict[str, object]] = []
        domains = self.database.execute("SELECT domain FROM domains WHERE status = 'Queued' ORDER BY scan_due_at, id")
        for (domain,) in domains.fetchall():
            yield Request(f"https://{domain}:{PORT}/", self.home, cb_kwargs={"site": Site(domain)})

    def home(self, response: Response, site: Site) -> Iterator[Request]:
        """The home page."""
        facts = _read(response)
        site.facts.append(facts)
        links = facts.contact_links[: int(os.environ["MAX_PAGES"]) - 1]
        site.awaited = len(links)
        for link in links:
            yield Request(link, self.further, cb_kwargs={"site": site})

    def further(self, response: Response, site: Site) -> None:
        """A contact or about page."""
        site.facts.append(_read(response))
        site.awaited -= 1
        if site.awaited == 0:
            self.done.append({"domain": site.domain, **asdict(combine(site.facts))})
        if len(self.done) >= BATCH:
            self.write()

    def write(self) -> None:
        """Write what is done."""
        self.database.execute(UPDATE, [json.dumps(self.done)])
        self.done = []

    def closed(self, reason: str) -> None:  # noqa: ARG002
        """Write the rest."""
        self.write()


def _read(response: Response) -> PageFacts:
    headers = {name.decode(): value.decode("latin-1") for name, [value, *_] in response.headers.items()}
    return read_page(Page(response.url, response.body, headers))


if __name__ == "__main__":
    process = CrawlerProcess(
        {
            "ROBOTSTXT_OBEY": True,
            "CONCURRENT_REQUESTS": int(os.environ["CONCURRENCY"]),
            "CONCURRENT_REQUESTS_PER_DOMAIN": int(os.environ["HOST_CONCURRENCY"]),
            "DOWNLOAD_DELAY": float(os.environ["HOST_DELAY"]),
            "RANDOMIZE_DOWNLOAD_DELAY": False,
            "DNS_RESOLVER": Loopback,
            "COOKIES_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "WARNING",
        }
    )
    process.crawl(Scan)
    process.start()
