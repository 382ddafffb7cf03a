"""The import: from a website's file to rows of ``pages``, again and again, and through every kind of trouble."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.domain_sitemap_submission import process_pending_domain_sitemap_submissions
from services.sitemap_import import process_sitemap_imports
from services.sitemap_scheduler import process_pending_jobs
from tests.internet import files
from tests.internet.html import Look, home_page
from tests.internet.network import SmallInternet
from tests.internet.server import Answer
from tests.internet.site import Promise, Site, failing_first, html, robots, xml

Sql = Callable[..., list[dict[str, Any]]]
HOST = "site.example"
MAP = f"https://{HOST}/sitemap.xml"


def url(name: object) -> str:
    return f"https://{HOST}/{name}/"


@pytest.fixture
async def site(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """One website whose routes the test may change, and an environment in which services read it."""
    site = Site(HOST, "one", "One", Promise(), {"/": html(home_page("One", Look()))})
    async with SmallInternet(tmp_path, [site]) as internet:
        for name, value in {**internet.environment, "DATABASE_URL": database_url}.items():
            monkeypatch.setenv(name, value)
        site.requests = internet.requests  # type: ignore[attr-defined]
        yield site


def serve(site: Site, **routes: Answer) -> None:
    site.routes = {**site.routes, **{f"/{name.replace('_', '.')}": answer for name, answer in routes.items()}}


def queue_import(sql: Sql) -> None:
    """Queue the file, for the first time or again."""
    sql("INSERT INTO domains (domain, scan_due_at) VALUES (%s, '2100-01-01') ON CONFLICT DO NOTHING", HOST)
    sql(
        "INSERT INTO sitemap_files (domain_id, tenant_id, url, sitemap_type)"
        " SELECT id, tenant_id, %s, 'standard' FROM domains ON CONFLICT DO NOTHING",
        MAP,
    )
    sql("UPDATE sitemap_files SET sitemap_import_status = 'Queued' WHERE url = %s", MAP)


async def run_import(sql: Sql) -> dict[str, Any]:
    queue_import(sql)
    await process_sitemap_imports()
    [row] = sql("SELECT * FROM sitemap_files WHERE url = %s", MAP)
    return row


def pages(sql: Sql, columns: str = "url") -> list[Any]:
    return [tuple(row.values()) for row in sql(f'SELECT {columns} FROM pages ORDER BY url COLLATE "C"')]


def summed(sql: Sql, columns: str) -> tuple[Any, ...]:
    [row] = sql(f"SELECT {columns} FROM pages")
    return tuple(row.values())


async def test_an_import_and_what_is_learnt_of_the_file(site: Site, sql: Sql) -> None:
    serve(site, sitemap_xml=xml(files.urlset([url(1), url(2), url(2)])))
    row = await run_import(sql)
    assert pages(sql, "url, last_modified::date::text, sitemap_file_id") == [
        (url(1), "2026-10-05", row["id"]),
        (url(2), "2026-10-05", row["id"]),
    ]
    assert (row["sitemap_import_status"], row["status"], row["sitemap_type"]) == ("Completed", "Completed", "standard")
    assert (row["url_count"], row["status_code"], row["has_lastmod"], row["has_priority"]) == (3, 200, True, False)
    assert row["etag"] is not None
    assert row["size_bytes"] > 100
    assert row["last_processed_at"] is not None


async def test_an_unchanged_file_costs_one_304(site: Site, sql: Sql) -> None:
    body = files.urlset([url(1)])

    def answer(request: Any) -> Answer:
        return (
            Answer(304)
            if request.headers.get("if-none-match") == '"v1"'
            else Answer(body=body, headers={"ETag": '"v1"'})
        )

    serve(site, sitemap_xml=answer)  # type: ignore[arg-type]
    await run_import(sql)
    before = pages(sql, "url, xmin::text, updated_at")
    site.requests.clear()  # type: ignore[attr-defined]
    row = await run_import(sql)
    assert pages(sql, "url, xmin::text, updated_at") == before
    assert (row["sitemap_import_status"], row["etag"]) == ("Completed", '"v1"')
    assert [request.path for request in site.requests] == ["/robots.txt", "/sitemap.xml"]  # type: ignore[attr-defined]


async def test_what_did_not_change_is_not_touched_and_what_vanished_is_marked(site: Site, sql: Sql) -> None:
    serve(site, sitemap_xml=Answer(body=files.urlset([url(n) for n in range(5)])))
    await run_import(sql)
    untouched = pages(sql, "url, xmin::text")
    changed = files.urlset([url(1)], lastmod="2026-11-01").decode().replace("</urlset>\n", "")
    rest = files.urlset([url(2), url(9)]).decode().partition("<url>")[2]
    serve(site, sitemap_xml=Answer(body=f"{changed}<url>{rest}".encode()))
    await run_import(sql)
    state = dict(pages(sql, "url, CASE WHEN vanished_at IS NULL THEN last_modified::date::text ELSE 'vanished' END"))
    assert state == {
        url(0): "vanished",
        url(1): "2026-11-01",
        url(2): "2026-10-05",
        url(3): "vanished",
        url(4): "vanished",
        url(9): "2026-10-05",
    }
    assert untouched[2] in pages(sql, "url, xmin::text")
    serve(site, sitemap_xml=Answer(body=files.urlset([url(0)])))
    await run_import(sql)
    assert dict(pages(sql, "url, vanished_at IS NULL"))[url(0)] is True


async def test_a_file_that_is_broken_is_kept_as_far_as_it_goes_and_nothing_vanishes(site: Site, sql: Sql) -> None:
    serve(site, sitemap_xml=Answer(body=files.urlset([url(n) for n in range(9)])))
    await run_import(sql)
    serve(site, sitemap_xml=Answer(body=files.urlset([url("new"), url(1)])[:-30]))
    row = await run_import(sql)
    assert (row["sitemap_import_status"], row["etag"]) == ("Completed", None)
    assert row["error_message"].startswith("repaired: ")
    assert summed(sql, "count(*) AS n, count(vanished_at) AS gone") == (10, 0)


async def test_pages_of_other_sites_are_left_out(site: Site, sql: Sql) -> None:
    serve(
        site,
        sitemap_xml=Answer(body=files.urlset([url(1), "https://blog.site-two.example/x", "https://other.example/"])),
    )
    await run_import(sql)
    assert pages(sql) == [(url(1),)]


async def test_an_index_becomes_files(site: Site, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTO_SELECT", "true")
    serve(
        site,
        sitemap_xml=xml(files.index([f"https://{HOST}/child.xml", MAP])),
        child_xml=xml(files.urlset([url(1)])),
    )
    row = await run_import(sql)
    assert (row["sitemap_type"], row["sitemap_import_status"]) == ("index", "Completed")
    await process_sitemap_imports()
    found = sql("SELECT url, discovery_method, sitemap_import_status::text AS s FROM sitemap_files ORDER BY url")
    assert [tuple(row.values()) for row in found] == [
        (f"https://{HOST}/child.xml", "sitemap_index", "Completed"),
        (MAP, None, "Completed"),
    ]
    assert pages(sql) == [(url(1),)]


@pytest.mark.parametrize(
    ("answer", "status", "cause"),
    [
        (Answer(404), "Error", "http-404"),
        (Answer(503), "Queued", "http-503"),
        (html("<!DOCTYPE html><title>Welcome</title>"), "Error", "not-a-sitemap"),
        (Answer(body=b""), "Error", "not-a-sitemap"),
        (
            Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + files.urlset([url(1)])),
            "Queued",
            "connection-lost",
        ),
        (Answer(301, headers={"Location": "http://10.0.0.1/"}), "Error", "address-refused"),
    ],
)
async def test_what_cannot_be_imported_says_why(site: Site, sql: Sql, answer: Answer, status: str, cause: str) -> None:
    serve(site, sitemap_xml=answer)
    row = await run_import(sql)
    assert (row["sitemap_import_status"], row["sitemap_import_error"].partition(":")[0]) == (status, cause)


async def test_urls_beyond_an_index_entry_and_characters_that_stop_a_copy(site: Site, sql: Sql) -> None:
    odd = [url("x" * 5000), url("tab\there"), url("back\\slash"), url("quote'"), url("%00"), url("naïve")]
    serve(site, sitemap_xml=Answer(body=("\n".join([url(1), *odd])).encode(), content_type="text/plain"))
    row = await run_import(sql)
    assert row["sitemap_type"] == "text"
    assert len(pages(sql)) == 1 + len(odd)


async def test_a_large_file_comes_in_chunks(site: Site, sql: Sql) -> None:
    count = 12_345
    serve(site, sitemap_xml=xml(files.urlset(url(n) for n in range(count))))
    await run_import(sql)
    assert summed(sql, "count(*) AS n, count(DISTINCT url) AS once") == (count, count)
    before = summed(sql, "md5(string_agg(xmin::text, ',' ORDER BY url))")
    sql("UPDATE sitemap_files SET etag = NULL")
    await run_import(sql)
    assert summed(sql, "md5(string_agg(xmin::text, ',' ORDER BY url))") == before


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


async def test_discovery_by_robots_txt_reads_indexes_and_their_children(site: Site, sql: Sql) -> None:
    index = f"https://{HOST}/index.xml"
    serve(
        site,
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
async def test_discovery_by_well_known_paths(site: Site, sql: Sql, path: str) -> None:
    body = url(1).encode() if path.endswith("txt") else files.urlset([url(1)])
    serve(site, **{path: Answer(body=body, content_type="text/plain")})
    await analyse(sql)
    [(found, method, _, count)] = found_files(sql)
    assert (found, method, count) == (f"https://{HOST}/{path.replace('_', '.')}", "common_path", 1)


async def test_discovery_by_links_of_the_home_page(site: Site, sql: Sql) -> None:
    site.routes = {
        "/": html('<html><head><link rel="sitemap" href="/map.xml"></head><body>x</body></html>'),
        "/map.xml": xml(files.urlset([url(1)])),
    }
    await analyse(sql)
    assert found_files(sql) == [(f"https://{HOST}/map.xml", "html_link", "standard", 1)]


async def test_a_site_without_sitemaps_is_done_with_none(site: Site, sql: Sql) -> None:
    row = await analyse(sql)
    assert (row["sitemap_analysis_status"], row["total_sitemaps"]) == ("Completed", 0)
    assert found_files(sql) == []


async def test_a_site_that_is_away_is_asked_again_later(site: Site, sql: Sql) -> None:
    away = failing_first(1, Answer(503), html(home_page("One", Look())))
    site.routes = {"/": away, "/sitemap.xml": xml(files.urlset([url(1)]))}
    row = await analyse(sql)
    assert (row["sitemap_analysis_status"], row["sitemap_analysis_attempts"]) == ("Queued", 1)
    sql("UPDATE domains SET sitemap_analysis_due_at = now()")
    await process_pending_domain_sitemap_submissions()
    assert len(found_files(sql)) == 1


async def test_working_a_domain_twice_leaves_what_once_leaves(site: Site, sql: Sql) -> None:
    serve(site, sitemap_xml=xml(files.urlset([url(1)])))
    await analyse(sql)
    sql("UPDATE sitemap_files SET deep_scrape_curation_status = 'Not a Fit'")
    before = found_files(sql)
    await analyse(sql)
    assert found_files(sql) == before
    assert sql("SELECT deep_scrape_curation_status::text AS s FROM sitemap_files") == [{"s": "Not a Fit"}]


@pytest.mark.parametrize("named_by", ["job_metadata", "result_data", "domain_id"])
async def test_a_legacy_job_finds_and_queues_a_domains_sitemaps(site: Site, sql: Sql, named_by: str) -> None:
    serve(site, sitemap_xml=xml(files.urlset([url(1)])))
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
async def test_a_legacy_job_without_a_domain_is_an_error(site: Site, sql: Sql, metadata: str, cause: str) -> None:
    sql("INSERT INTO jobs (job_type, job_metadata) VALUES ('sitemap', %s::jsonb)", metadata)
    await process_pending_jobs()
    [job] = sql("SELECT status::text, error FROM jobs")
    assert (job["status"], job["error"].partition(":")[0]) == ("Error", cause)
