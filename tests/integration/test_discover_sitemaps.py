"""Discovery: from a domain to its rows of ``sitemap_files``, and the legacy jobs that ask for it."""

from typing import Any

import pytest

from scrapersky.settings import Settings
from scrapersky.sitemaps.discover import MOST_READ, discover
from scrapersky.sitemaps.files import FoundSitemap
from scrapersky.sitemaps.paths import FEEDS, WELL_KNOWN
from scrapersky.web.fetcher import Fetcher
from services.domain_sitemap_submission import process_pending_domain_sitemap_submissions
from services.sitemap_import import process_sitemap_imports
from services.sitemap_scheduler import process_pending_jobs
from tests.internet import files
from tests.internet.html import Look, home_page
from tests.internet.server import Answer, Request
from tests.internet.site import failing_first, html, robots, xml
from tests.support.one_site import HOST, OneSite, Sql, modified_unless, url


def found_files(sql: Sql) -> list[Any]:
    rows = sql("SELECT url, discovery_method, sitemap_type, url_count FROM sitemap_files ORDER BY url")
    return [tuple(row.values()) for row in rows]


async def analyse(sql: Sql) -> dict[str, Any]:
    sql(
        "INSERT INTO domains (domain, scan_due_at, sitemap_curation_status) VALUES (%s, '2100-01-01', 'Selected')"
        " ON CONFLICT (domain) DO UPDATE SET sitemap_analysis_status = 'Queued'",
        HOST,
    )
    await process_pending_domain_sitemap_submissions()
    [row] = sql("SELECT * FROM domains")
    return row


async def test_discovery_by_robots_txt_reads_indexes_and_their_children(site: OneSite, sql: Sql) -> None:
    index = f"https://{HOST}/index.xml"
    site.serve(
        robots_txt=robots(f"Sitemap: {index}", "Sitemap: /relative.xml"),
        index_xml=xml(files.index([f"https://{HOST}/a.xml", f"https://{HOST}/gone.xml", index])),
        a_xml=xml(files.urlset([url(1), url(2)])),
        relative_xml=xml(files.urlset([url(3)])),
    )
    row = await analyse(sql)
    assert (row["sitemap_analysis_status"], row["total_sitemaps"], row["sitemap_urls"]) == ("Completed", 4, 3)
    assert found_files(sql) == [
        (f"https://{HOST}/a.xml", "sitemap_index", "standard", 2),
        (f"https://{HOST}/gone.xml", "sitemap_index", "unknown", None),
        (index, "robots_txt", "index", 3),
        (f"https://{HOST}/relative.xml", "robots_txt", "standard", 1),
    ]


@pytest.mark.parametrize("path", ["sitemap_xml", "sitemap_txt", "wp-sitemap_xml"])
async def test_discovery_by_well_known_paths(site: OneSite, sql: Sql, path: str) -> None:
    body = url(1).encode() if path.endswith("txt") else files.urlset([url(1)])
    site.serve(**{path: Answer(body=body, content_type="text/plain")})
    await analyse(sql)
    [(found, method, _, count)] = found_files(sql)
    assert (found, method, count) == (f"https://{HOST}/{path.replace('_', '.')}", "common_path", 1)


async def test_discovery_by_links_of_the_home_page(site: OneSite, sql: Sql) -> None:
    site.site.routes = {
        "/": html('<html><head><link rel="sitemap" href="/map.xml"></head><body>x</body></html>'),
        "/map.xml": xml(files.urlset([url(1)])),
    }
    await analyse(sql)
    assert found_files(sql) == [(f"https://{HOST}/map.xml", "html_link", "standard", 1)]


@pytest.mark.parametrize("path", WELL_KNOWN)
async def test_every_well_known_path(site: OneSite, path: str) -> None:
    site.site.routes = {**site.site.routes, path.partition("?")[0]: xml(files.urlset([url(1)]))}
    [found] = await discovered(site)
    assert (found.url, found.discovery_method) == (f"https://{HOST}{path}", "common_path")
    assert (found.sitemap_type, found.status_code, found.url_count) == ("standard", 200, 1)


async def discovered(site: OneSite) -> list[FoundSitemap]:
    settings = Settings.load()
    async with Fetcher(settings) as fetcher:
        return (await discover(fetcher, HOST, settings)).sitemaps


async def test_what_is_named_in_several_ways_is_one(site: OneSite) -> None:
    """robots.txt, a link, an anchor and the usual path; over http, by a redirect, and in an index that names itself."""
    moved = Answer(301, headers={"Location": "/index.xml"})
    site.serve(
        robots_txt=robots("Sitemap: /index.xml", f"Sitemap: http://{HOST}/index.xml", "Sitemap: /index.xml#again"),
        index_xml=xml(files.index([f"https://{HOST}/index.xml", f"https://{HOST}/a.xml", f"https://{HOST}/old.xml"])),
        a_xml=xml(files.urlset([url(1)])),
        old_xml=moved,
        sitemap_xml=moved,
    )
    home = '<link rel="sitemap" href="/index.xml"><a href="/sitemap.xml">Sitemap</a><a href="/sitemap">Sitemap</a>'
    site.site.routes = {**site.site.routes, "/": html(f"<html><head><title>x</title></head><body>{home}</body></html>")}
    found = [(each.url, each.discovery_method) for each in await discovered(site)]
    assert found == [(f"https://{HOST}/index.xml", "robots_txt"), (f"https://{HOST}/a.xml", "sitemap_index")]


async def test_the_usual_path_is_looked_at_even_if_others_are_named(site: OneSite) -> None:
    site.serve(
        robots_txt=robots("Sitemap: /news.xml"),
        news_xml=xml(files.urlset([url(1)])),
        sitemap_xml=xml(files.urlset([url(1), url(2)])),
    )
    assert [(each.discovery_method, each.url_count) for each in await discovered(site)] == [
        ("robots_txt", 1),
        ("common_path", 2),
    ]


@pytest.mark.parametrize(
    "fallback",
    [html("<!DOCTYPE html><title>Home</title>"), Answer(body=b""), Answer(content_type="text/xml", body=b"<a/>")],
)
async def test_a_page_for_every_path_is_no_sitemap(site: OneSite, fallback: Answer) -> None:
    site.site.fallback = fallback
    site.serve(robots_txt=Answer(404))
    assert await discovered(site) == []
    assert len(site.requests) <= 7 + len(WELL_KNOWN) + len(FEEDS)


async def test_the_twin_of_the_host(site: OneSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_www(request: Request) -> Answer:
        is_there = request.host.startswith("www.") and request.path == "/sitemap.xml"
        return xml(files.urlset([url(1)])) if is_there else Answer(404)

    monkeypatch.setattr(site.site, "answer", only_www)
    [found] = await discovered(site)
    assert (found.url, found.discovery_method) == (f"https://www.{HOST}/sitemap.xml", "common_path")


@pytest.mark.parametrize(("link", "method"), [("/blog.xml", "html_link"), (None, "common_path")])
async def test_feeds_where_there_is_nothing_else(site: OneSite, link: str | None, method: str) -> None:
    head = f'<link rel="alternate" type="application/rss+xml" href="{link}">' if link else ""
    feed = Answer(content_type="application/rss+xml", body=files.rss([url(1)]))
    site.site.routes = {"/": html(f"<html><head>{head}</head><body>x</body></html>"), link or "/feed/": feed}
    [found] = await discovered(site)
    assert (found.url, found.discovery_method, found.sitemap_type) == (
        f"https://{HOST}{link or '/feed/'}",
        method,
        "rss",
    )


async def test_a_guess_that_fails_for_the_moment_spoils_nothing_that_is_found(site: OneSite) -> None:
    site.serve(sitemap_xml=Answer(503))
    site.site.routes = {**site.site.routes, "/sitemap_index.xml": xml(files.urlset([url(1)]))}
    [found] = await discovered(site)
    assert found.url == f"https://{HOST}/sitemap_index.xml"


async def test_a_site_that_answers_no_guess_is_asked_again_later(site: OneSite, sql: Sql) -> None:
    site.site.fallback = Answer(503)
    site.serve(robots_txt=Answer(404))
    row = await analyse(sql)
    assert (row["sitemap_analysis_status"], row["sitemap_analysis_attempts"]) == ("Queued", 1)


async def test_an_index_thousands_wide_is_kept_and_not_read_whole(site: OneSite) -> None:
    children = [f"https://{HOST}/part-{n}.xml" for n in range(3_000)]
    site.site.fallback = xml(files.urlset([url(1)]))
    site.serve(robots_txt=robots("Sitemap: /index.xml"), index_xml=xml(files.index(children)))
    found = await discovered(site)
    assert [each.url for each in found if each.discovery_method == "sitemap_index"] == children
    assert len(site.requests) < MOST_READ + 10
    assert {each.sitemap_type for each in found[-1000:]} >= {"unknown"}


async def test_validators_are_kept_and_used_by_none_but_the_import_that_got_them(site: OneSite, sql: Sql) -> None:
    site.serve(sitemap_xml=modified_unless('"v1"', files.urlset([url(1)])))
    await analyse(sql)
    [file] = sql("SELECT etag, size_bytes, response_time_ms FROM sitemap_files")
    assert file["etag"] == '"v1"'
    assert file["size_bytes"] > 100
    assert file["response_time_ms"] >= 0
    sql("UPDATE sitemap_files SET sitemap_import_status = 'Queued'")
    await process_sitemap_imports()
    assert sql("SELECT url FROM pages") == [{"url": url(1)}]
    site.serve(sitemap_xml=modified_unless('"v2"', files.urlset([url(2)])))
    await analyse(sql)
    assert sql("SELECT etag FROM sitemap_files") == [{"etag": '"v1"'}]


async def test_a_site_without_sitemaps_is_done_with_none(site: OneSite, sql: Sql) -> None:
    row = await analyse(sql)
    assert (row["sitemap_analysis_status"], row["total_sitemaps"]) == ("Completed", 0)
    assert found_files(sql) == []


async def test_a_site_that_is_away_is_asked_again_later(site: OneSite, sql: Sql) -> None:
    away = failing_first(1, Answer(503), html(home_page("One", Look())))
    site.site.routes = {"/": away, "/sitemap.xml": xml(files.urlset([url(1)]))}
    row = await analyse(sql)
    assert (row["sitemap_analysis_status"], row["sitemap_analysis_attempts"]) == ("Queued", 1)
    sql("UPDATE domains SET sitemap_analysis_due_at = now()")
    await process_pending_domain_sitemap_submissions()
    assert len(found_files(sql)) == 1


async def test_working_a_domain_twice_leaves_what_once_leaves(site: OneSite, sql: Sql) -> None:
    site.serve(sitemap_xml=xml(files.urlset([url(1)])))
    await analyse(sql)
    sql("UPDATE sitemap_files SET deep_scrape_curation_status = 'Not a Fit'")
    before = found_files(sql)
    await analyse(sql)
    assert found_files(sql) == before
    assert sql("SELECT deep_scrape_curation_status::text AS s FROM sitemap_files") == [{"s": "Not a Fit"}]


@pytest.mark.parametrize("named_by", ["job_metadata", "result_data", "domain_id"])
async def test_a_legacy_job_finds_and_queues_a_domains_sitemaps(site: OneSite, sql: Sql, named_by: str) -> None:
    site.serve(sitemap_xml=xml(files.urlset([url(1)])))
    if named_by == "domain_id":
        sql("INSERT INTO domains (domain, scan_due_at) VALUES (%s, '2100-01-01')", HOST)
        sql("INSERT INTO jobs (job_type, domain_id) SELECT 'sitemap', id FROM domains")
    else:
        sql(f"INSERT INTO jobs (job_type, {named_by}) VALUES ('sitemap', jsonb_build_object('domain', %s::text))", HOST)
    await process_pending_jobs()
    [job] = sql("SELECT status::text, result_data, domain_id FROM jobs")
    assert job["status"] == "Completed"
    assert job["result_data"] == {"domain": HOST, "sitemaps": 1, "new": 1}
    [file] = sql("SELECT domain_id, sitemap_import_status::text AS s FROM sitemap_files")
    assert (file["domain_id"], file["s"]) == (job["domain_id"], "Queued")


@pytest.mark.parametrize(("metadata", "cause"), [("{}", "no-domain"), ('{"domain": "10.0.0.1"}', "bad-domain")])
async def test_a_legacy_job_without_a_domain_is_an_error(site: OneSite, sql: Sql, metadata: str, cause: str) -> None:
    sql("INSERT INTO jobs (job_type, job_metadata) VALUES ('sitemap', %s::jsonb)", metadata)
    await process_pending_jobs()
    [job] = sql("SELECT status::text, error FROM jobs")
    assert (job["status"], job["error"].partition(":")[0]) == ("Error", cause)
