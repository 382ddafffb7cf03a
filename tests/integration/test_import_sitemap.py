"""The import: from a website's file to rows of ``pages``, again and again, and through every kind of trouble."""

import gzip
from typing import Any

import pytest

from services.sitemap_import import process_sitemap_imports
from tests.internet import files
from tests.internet.server import Answer
from tests.internet.site import html, xml
from tests.support.one_site import HOST, MAP, OneSite, Sql, modified_unless, url


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


async def test_an_import_and_what_is_learnt_of_the_file(site: OneSite, sql: Sql) -> None:
    site.serve(sitemap_xml=xml(files.urlset([url(1), url(2), url(2)])))
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


async def test_an_unchanged_file_costs_one_304(site: OneSite, sql: Sql) -> None:
    body = files.urlset([url(1)])

    site.serve(sitemap_xml=modified_unless('"v1"', body))
    await run_import(sql)
    before = pages(sql, "url, xmin::text, updated_at")
    site.requests.clear()
    row = await run_import(sql)
    assert pages(sql, "url, xmin::text, updated_at") == before
    assert (row["sitemap_import_status"], row["etag"]) == ("Completed", '"v1"')
    assert [request.path for request in site.requests] == ["/robots.txt", "/sitemap.xml"]


async def test_what_did_not_change_is_not_touched_and_what_vanished_is_marked(site: OneSite, sql: Sql) -> None:
    site.serve(sitemap_xml=Answer(body=files.urlset([url(n) for n in range(5)])))
    await run_import(sql)
    untouched = pages(sql, "url, xmin::text")
    changed = files.urlset([url(1)], lastmod="2026-11-01").decode().replace("</urlset>\n", "")
    rest = files.urlset([url(2), url(9)]).decode().partition("<url>")[2]
    site.serve(sitemap_xml=Answer(body=f"{changed}<url>{rest}".encode()))
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
    site.serve(sitemap_xml=Answer(body=files.urlset([url(0)])))
    await run_import(sql)
    assert dict(pages(sql, "url, vanished_at IS NULL"))[url(0)] is True


async def test_a_file_that_is_broken_is_kept_as_far_as_it_goes_and_nothing_vanishes(site: OneSite, sql: Sql) -> None:
    site.serve(sitemap_xml=Answer(body=files.urlset([url(n) for n in range(9)])))
    await run_import(sql)
    site.serve(sitemap_xml=Answer(body=files.urlset([url("new"), url(1)])[:-30]))
    row = await run_import(sql)
    assert (row["sitemap_import_status"], row["etag"]) == ("Completed", None)
    assert row["error_message"].startswith("repaired: ")
    assert summed(sql, "count(*) AS n, count(vanished_at) AS gone") == (10, 0)


async def test_pages_of_other_sites_are_left_out(site: OneSite, sql: Sql) -> None:
    site.serve(
        sitemap_xml=Answer(body=files.urlset([url(1), "https://blog.site-two.example/x", "https://other.example/"])),
    )
    await run_import(sql)
    assert pages(sql) == [(url(1),)]


async def test_an_index_becomes_files(site: OneSite, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTO_SELECT", "true")
    site.serve(
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
async def test_what_cannot_be_imported_says_why(
    site: OneSite, sql: Sql, answer: Answer, status: str, cause: str
) -> None:
    site.serve(sitemap_xml=answer)
    row = await run_import(sql)
    assert (row["sitemap_import_status"], row["sitemap_import_error"].partition(":")[0]) == (status, cause)


async def test_urls_beyond_an_index_entry_and_characters_that_stop_a_copy(site: OneSite, sql: Sql) -> None:
    odd = [url("x" * 5000), url("tab\there"), url("back\\slash"), url("quote'"), url("%00"), url("naïve")]
    site.serve(sitemap_xml=Answer(body=("\n".join([url(1), *odd])).encode(), content_type="text/plain"))
    row = await run_import(sql)
    assert row["sitemap_type"] == "text"
    assert len(pages(sql)) == 1 + len(odd)


async def test_a_large_file_comes_in_chunks(site: OneSite, sql: Sql) -> None:
    count = 12_345
    site.serve(sitemap_xml=xml(files.urlset(url(n) for n in range(count))))
    await run_import(sql)
    assert summed(sql, "count(*) AS n, count(DISTINCT url) AS once") == (count, count)
    before = summed(sql, "md5(string_agg(xmin::text, ',' ORDER BY url))")
    sql("UPDATE sitemap_files SET etag = NULL")
    await run_import(sql)
    assert summed(sql, "md5(string_agg(xmin::text, ',' ORDER BY url))") == before


async def test_a_file_that_hardly_takes_any_bytes_comes_in_chunks_too(site: OneSite, sql: Sql) -> None:
    count = 40_000
    body = gzip.compress("\n".join(url(f"{n:05}") for n in range(count)).encode(), 9)
    assert count * 65_536 > 16_384 * len(body), "what the server sends at once would be more than one chunk may hold"
    site.serve(sitemap_xml=Answer(body=body, content_type="application/gzip"))
    row = await run_import(sql)
    assert (row["sitemap_import_status"], row["url_count"]) == ("Completed", count)
    assert summed(sql, "count(*) AS n, count(DISTINCT xmin::text) AS transactions") == (count, count // 5_000)
