"""What the small Internet's sites promise, held against what the pipeline left behind."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from scrapersky.demo import DemoReport
from tests.internet.businesses import businesses
from tests.internet.site import Site

Sql = Callable[..., list[dict[str, Any]]]


def check_totals(report: DemoReport, sites: list[Site]) -> None:
    """Rows per table, outcomes and causes per queue: all of them, exactly."""
    known = businesses(sites)
    assert report.funnel == {
        "places_staging": len(known),
        "local_businesses": len(known),
        "domains": len(sites),
        "sitemap_files": sum(site.promise.sitemaps for site in sites),
        "pages": sum(site.promise.pages for site in sites),
    }
    stages = {stage.queue: stage for stage in report.stages}
    doomed = Counter(site.promise.scan for site in sites if site.promise.scan)
    failed = Counter(cause for site in sites for cause in site.promise.failed_imports)
    scanned = len(sites) - doomed.total()
    expected = {
        "place-searches": (1, {}),
        "deep-scans": (len(known), {}),
        "domain-extractions": (len(known) - 2, {"not-own-website": 1, "bad-website-url": 1}),
        "domains": (scanned, dict(doomed)),
        "sitemap-analysis": (scanned, {}),
        "sitemap-imports": (report.funnel["sitemap_files"] - failed.total(), dict(failed)),
        "sitemap-jobs": (0, {}),
    }
    assert {name: (stage.completed, stage.causes) for name, stage in stages.items()} == expected


def check_sites(sql: Sql, sites: list[Site]) -> None:
    """Each site's facts, cause, sitemaps and pages."""
    domains = {row["domain"]: row for row in sql("SELECT * FROM domains")}
    assert domains.keys() == {site.host for site in sites}
    for site in sites:
        row = domains[site.host]
        assert (row["scan_error"] or "").partition(":")[0] == (site.promise.scan or ""), site.kind
        assert {name: row[name] for name in site.promise.facts} == dict(site.promise.facts), site.kind
        [files] = sql("SELECT count(*) AS n FROM sitemap_files WHERE domain_id = %s", row["id"])
        [pages] = sql("SELECT count(*) AS n, count(DISTINCT url) AS urls FROM pages WHERE domain_id = %s", row["id"])
        assert (files["n"], pages["n"], pages["urls"]) == (
            site.promise.sitemaps,
            site.promise.pages,
            site.promise.pages,
        ), site.kind
