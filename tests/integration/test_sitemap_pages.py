"""Pages of sitemap files in the table: new by COPY, known by merge, each URL one row, whatever was there before."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from scrapersky.db.engine import get_background_session
from scrapersky.sitemaps.entries import Entry
from scrapersky.sitemaps.pages import MOST_AT_ONCE, Chunk, Owner, PageCounts, PageStore
from scrapersky.sitemaps.vanished import find_vanished, mark_vanished
from services.sitemap_import import process_sitemap_imports
from services.sitemap_import.import_sitemap import CHUNK
from tests.internet import files
from tests.support.one_site import HOST, OneSite, Sql, modified_unless, url

DAY = datetime(2026, 10, 5, tzinfo=UTC)


class Files:
    """Sitemap files of one domain."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        [domain] = sql("INSERT INTO domains (domain) VALUES (%s) RETURNING id, tenant_id", HOST)
        self.domain: UUID = domain["id"]
        self.tenant: UUID = domain["tenant_id"]

    def add(self, name: str) -> Owner:
        """A file, not queued."""
        [row] = self._sql(
            "INSERT INTO sitemap_files (domain_id, tenant_id, url, sitemap_type) VALUES (%s, %s, %s, 'standard')"
            " RETURNING id",
            self.domain,
            self.tenant,
            f"https://{HOST}/{name}",
        )
        return Owner(row["id"], self.domain, self.tenant)


@pytest.fixture
def listed_by(sql: Sql) -> Files:
    return Files(sql)


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    async with get_background_session(engine) as session:
        yield session


def entries(*names: object, lastmod: datetime | None = DAY) -> list[Entry]:
    return [Entry("url", url(name), lastmod, "daily", 0.5) for name in names]


async def store(engine: AsyncEngine, owner: Owner, *chunks: list[Entry]) -> tuple[int, int, int, int]:
    """An import: its chunks, each in its transaction, then what vanished."""
    counts = PageCounts()
    pages = PageStore(owner, counts)
    for chunk in chunks:
        async with get_background_session(engine) as session:
            await pages.store(session, Chunk(chunk))
    if pages.may_have_lost_pages:
        async with get_background_session(engine) as session:
            gone = await find_vanished(session, owner.sitemap_file_id, pages.listed)
            counts.vanished += await mark_vanished(session, gone)
    return counts.new, counts.changed, counts.unchanged, counts.vanished


def urls(sql: Sql) -> list[str]:
    return [row["url"] for row in sql("SELECT url FROM pages WHERE vanished_at IS NULL ORDER BY id")]


async def test_every_kind_of_page_is_counted(engine: AsyncEngine, sql: Sql, listed_by: Files) -> None:
    owner = listed_by.add("a.xml")
    assert await store(engine, owner, entries(*range(10)), entries(*range(10, 15))) == (15, 0, 0, 0)
    assert await store(engine, owner, entries(*range(15))) == (0, 0, 15, 0)
    again = [*entries(0, 1, lastmod=None), *entries(2, 3, "new")]
    assert await store(engine, owner, again) == (1, 2, 2, 11)
    assert await store(engine, owner, entries(*range(15))) == (0, 13, 2, 1)


async def test_a_url_that_a_file_lists_twice_is_one_row(engine: AsyncEngine, sql: Sql, listed_by: Files) -> None:
    owner = listed_by.add("a.xml")
    chunks = (entries(1, 2, 2, 3), entries(4, 2, 5), entries(6))
    assert await store(engine, owner, *chunks) == (6, 0, 1, 0)
    assert sorted(urls(sql)) == [url(n) for n in range(1, 7)]


async def test_a_page_of_another_file_is_known(engine: AsyncEngine, sql: Sql, listed_by: Files) -> None:
    first, second = listed_by.add("a.xml"), listed_by.add("b.xml")
    await store(engine, first, entries(1, 2))
    before = sql("SELECT url, xmin::text, sitemap_file_id FROM pages ORDER BY url")
    assert await store(engine, second, entries(2, 3), entries(1)) == (1, 0, 2, 0)
    assert sql("SELECT url, xmin::text, sitemap_file_id FROM pages WHERE url <> %s ORDER BY url", url(3)) == before


async def test_a_known_page_in_the_last_place_undoes_nothing(engine: AsyncEngine, sql: Sql, listed_by: Files) -> None:
    first, second = listed_by.add("a.xml"), listed_by.add("b.xml")
    last = max(entries(*range(500)), key=lambda entry: sql("SELECT md5(%s) AS hash", entry.loc)[0]["hash"])
    await store(engine, first, [last])
    assert await store(engine, second, entries(*range(500))) == (499, 0, 1, 0)
    assert len(urls(sql)) == 500


async def test_ids_are_in_order_so_that_the_index_grows_at_its_end(
    engine: AsyncEngine, sql: Sql, listed_by: Files
) -> None:
    assert CHUNK <= MOST_AT_ONCE
    await store(engine, listed_by.add("a.xml"), entries(*range(MOST_AT_ONCE)))
    rows = sql("SELECT id, uuid_extract_version(id) AS version FROM pages ORDER BY md5(url)")
    assert {row["version"] for row in rows} == {7}
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


@pytest.mark.parametrize("name", ["a?q=back\\slash", "a?q=\\N", "a?q=\\.", "tab%09", "'\"$1%s:name"])
async def test_what_means_something_to_copy_is_kept(engine: AsyncEngine, sql: Sql, listed_by: Files, name: str) -> None:
    for file in ("new.xml", "merged.xml"):
        await store(engine, listed_by.add(file), entries(name))
    assert urls(sql) == [url(name)]


async def test_a_chunk_is_not_waited_for_at_the_disk(session: AsyncSession, listed_by: Files) -> None:
    await PageStore(listed_by.add("a.xml"), PageCounts()).store(session, Chunk(entries(1)))
    connection = await session.connection()
    assert (await connection.exec_driver_sql("SHOW synchronous_commit")).scalar_one() == "off"


@pytest.mark.parametrize("order", [("a.xml", "b.xml"), ("b.xml", "a.xml")])
async def test_a_page_that_moves_to_another_file_is_not_lost(
    site: OneSite, sql: Sql, listed_by: Files, order: tuple[str, str]
) -> None:
    """Whichever is read first, and although the new file answers 304 from then on."""
    sql("UPDATE domains SET scan_due_at = 'infinity'")
    listed_by.add("a.xml")
    listed_by.add("b.xml")

    async def read(*names: str) -> None:
        for name in names:
            sql("UPDATE sitemap_files SET sitemap_import_status = 'Queued' WHERE url LIKE %s", f"%/{name}")
            await process_sitemap_imports()

    site.serve(
        a_xml=modified_unless('"1"', files.urlset([url(1), url(2)])), b_xml=modified_unless('"1"', files.urlset([]))
    )
    await read("a.xml", "b.xml")
    site.serve(
        a_xml=modified_unless('"2"', files.urlset([url(1)])), b_xml=modified_unless('"2"', files.urlset([url(2)]))
    )
    await read(*order)
    await read("a.xml", "b.xml")
    assert sorted(urls(sql)) == [url(1), url(2)]
    site.requests.clear()
    await read("a.xml")
    [request] = [each for each in site.requests if each.path == "/a.xml"]
    assert request.headers.get("if-none-match") == '"2"'
