"""Discovery: from a domain to its rows of ``sitemap_files``, and the legacy jobs that ask for it."""

from typing import Any

import pytest

from services.domain_sitemap_submission import process_pending_domain_sitemap_submissions
from services.sitemap_scheduler import process_pending_jobs
from tests.internet import files
from tests.internet.html import Look, home_page
from tests.internet.server import Answer
from tests.internet.site import failing_first, html, robots, xml
from tests.support.one_site import HOST, OneSite, Sql, url


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
