"""The tables: names and columns of the databases that exist already, and what the queue adds to them."""

from scrapersky.db.models.base import Base
from scrapersky.db.models.jobs import BatchJob, Job, Tenant
from scrapersky.db.models.operation import PausedQueue, PushTurn, ServiceRun, ServiceTotal
from scrapersky.db.models.places import LocalBusiness, PlaceSearch, PlaceStaging
from scrapersky.db.models.sites import Domain, Page, SitemapFile, SitemapUrl

__all__ = [
    "Base",
    "BatchJob",
    "Domain",
    "Job",
    "LocalBusiness",
    "Page",
    "PausedQueue",
    "PlaceSearch",
    "PlaceStaging",
    "PushTurn",
    "ServiceRun",
    "ServiceTotal",
    "SitemapFile",
    "SitemapUrl",
    "Tenant",
]
