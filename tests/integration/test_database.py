"""Sessions, models and indexes on a real PostgreSQL."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from scrapersky.db import models
from scrapersky.db.engine import create_engine, get_background_session
from scrapersky.db.enums import CurationStatus, DomainExtractionStatus, SitemapFileStatus, TaskStatus
from scrapersky.db.models.base import DEFAULT_TENANT, Base
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.queue import statements
from scrapersky.queue.queues import DOMAINS, QUEUES, Queue
from tests.support.postgres import make_settings

Sql = Callable[..., list[dict[str, Any]]]


async def test_a_session_commits_when_its_block_ends(engine: AsyncEngine, sql: Sql) -> None:
    async with get_background_session(engine) as session:
        session.add(models.Domain(domain="a.example"))
    assert sql("SELECT domain FROM domains") == [{"domain": "a.example"}]


async def test_a_session_rolls_back_when_its_block_raises(engine: AsyncEngine, sql: Sql) -> None:
    async def stumble() -> None:
        async with get_background_session(engine) as session:
            session.add(models.Domain(domain="a.example"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stumble()
    assert sql("SELECT domain FROM domains") == []


async def test_rows_need_no_more_than_what_only_their_maker_knows(engine: AsyncEngine) -> None:
    async with get_background_session(engine) as session:
        domain = models.Domain(domain="a.example")
        search = models.Job(job_type="places_search", job_metadata={"business_type": "plumbers"})
        place = models.PlaceStaging(place_id="p1", name="Ann's Plumbing")
        business = models.LocalBusiness(place_id="p1")
        rest = [models.BatchJob(processor_type="x", status="y"), models.ServiceRun(service="s", pod="p")]
        session.add_all([domain, search, place, business, models.PlaceSearch(location="x", business_type="y"), *rest])
        await session.flush()
        file = models.SitemapFile(domain_id=domain.id, url="https://a.example/sitemap.xml", sitemap_type="standard")
        session.add(file)
        await session.flush()
        page = models.Page(domain_id=domain.id, url="https://a.example/", sitemap_file_id=file.id)
        session.add_all([page, models.SitemapUrl(sitemap_id=file.id, url="https://a.example/")])
    async with get_background_session(engine) as session:
        domain = (await session.scalars(select(models.Domain))).one()
        assert (domain.tenant_id, domain.status) == (UUID(DEFAULT_TENANT), DomainExtractionStatus.QUEUED)
        assert (domain.sitemap_curation_status, domain.sitemap_analysis_status) == (CurationStatus.NEW, None)
        assert abs(datetime.now(UTC).replace(tzinfo=None) - domain.created_at) < timedelta(minutes=5)
        job = (await session.scalars(select(models.Job))).one()
        assert (job.status, job.job_attempts, job.tenant_id) == (TaskStatus.QUEUED, 0, DEFAULT_TENANT)
        assert isinstance(job.job_id, UUID)
        assert (await session.scalars(select(models.SitemapFile.status))).one() is SitemapFileStatus.PENDING
        assert (await session.scalars(select(models.PlaceStaging.status))).one() is CurationStatus.NEW


def test_every_enum_label_can_be_written_and_read(sql: Sql) -> None:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            for label in getattr(column.type, "enums", ()):
                [row] = sql(f"SELECT CAST(%s AS {column.type.compile()})::text AS label", label)
                assert row["label"] == label


@pytest.mark.parametrize("table", ["pages", "sitemap_files"])
def test_a_url_of_any_length_is_there_once(sql: Sql, table: str) -> None:
    columns, values = ("sitemap_type, ", "'standard', ") if table == "sitemap_files" else ("", "")
    domains = [row["id"] for row in sql("INSERT INTO domains (domain) VALUES ('a'), ('b') RETURNING id")]
    insert = f"INSERT INTO {table} ({columns}domain_id, url) VALUES ({values}%s, %s)"
    long = "https://a.example/" + "".join(chr(97 + n * 7919 % 26) for n in range(50_000))
    sql(insert, domains[0], long)
    sql(insert, domains[0], long + "b")
    sql(insert, domains[1], long)
    with pytest.raises(psycopg.errors.UniqueViolation):
        sql(insert, domains[0], long)


THREE_THOUSAND = {
    "domains": "INSERT INTO domains (domain, status) SELECT n || '.example', 'Completed' FROM numbers",
    "jobs": "INSERT INTO jobs (job_type, status) SELECT 'sitemap', 'Completed' FROM numbers",
    "places_staging": "INSERT INTO places_staging (place_id, name) SELECT n, n FROM numbers",
    "local_businesses": "INSERT INTO local_businesses (place_id) SELECT n FROM numbers",
    "sitemap_files": "INSERT INTO sitemap_files (domain_id, url, sitemap_type)"
    " SELECT id, n, 'standard' FROM numbers, domains",
}


@pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES.keys())
@pytest.mark.parametrize("onwards", [False, True])
def test_a_claim_reads_its_own_index_alone(sql: Sql, queue: Queue, onwards: bool) -> None:
    sql("INSERT INTO domains (domain, status) VALUES ('first.example', 'Completed')")
    sql(f"WITH numbers AS (SELECT n::text FROM generate_series(1, 3000) n) {THREE_THOUSAND[queue.table]}")
    sql(f"ANALYZE {queue.table}")
    last = sql(f"SELECT now() AS was_due, {queue.key} AS last FROM {queue.table} LIMIT 1")[0] if onwards else {}
    claim = statements.claim(queue, [queue.key], onwards=onwards)
    plan = sql("EXPLAIN " + claim, token=None, lease=60, limit=100, max_attempts=3, **last)
    steps = "\n".join(line["QUERY PLAN"] for line in plan)
    assert f"Index Scan using {queue.table}_{queue.name.replace('-', '_')}_due_idx" in steps
    assert f"Seq Scan on {queue.table}" not in steps


@pytest.mark.parametrize("fresh", [True, False])
def test_a_completion_that_writes_results_finds_its_rows_by_their_keys(sql: Sql, fresh: bool) -> None:
    sql("INSERT INTO domains (domain) SELECT n::text FROM generate_series(1, 50000) n")
    if fresh:
        sql("ANALYZE domains")
    one, token = uuid4(), uuid4()
    results = json.dumps([{"row_id": str(one), "title": "a title"}])
    complete = statements.complete(DOMAINS, "title text", "title = found.title")
    plan = sql("EXPLAIN " + complete, ids=[one] * 100, tokens=[token] * 100, results=results)
    steps = "\n".join(line["QUERY PLAN"] for line in plan)
    assert "domains_pkey" in steps
    assert "Seq Scan on domains" not in steps


@pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES.keys())
def test_asking_what_is_due_reads_an_index_even_when_statistics_are_stale(sql: Sql, queue: Queue) -> None:
    sql("INSERT INTO domains (domain) VALUES ('first.example')")
    sql(f"WITH numbers AS (SELECT n::text FROM generate_series(1, 3000) n) {THREE_THOUSAND[queue.table]}")
    job_type = (queue.where or "").replace("job_type =", ", job_type =")
    sql(f"UPDATE {queue.table} SET {queue.status} = 'Queued' {job_type}")
    sql(f"ANALYZE {queue.table}")
    assert sql(statements.any_due((queue,))) == [{"coalesce": True}]
    sql(f"UPDATE {queue.table} SET {queue.status} = 'Completed', {queue.due_at} = NULL")
    plan = sql("EXPLAIN " + statements.any_due((queue,)))
    assert "Seq Scan" not in "\n".join(line["QUERY PLAN"] for line in plan)
    assert sql(statements.any_due((queue,))) == [{"coalesce": False}]


async def test_the_database_refuses_what_breaks_its_rules(engine: AsyncEngine) -> None:
    with pytest.raises(IntegrityError):
        async with get_background_session(engine) as session:
            session.add_all([models.Domain(domain="a.example"), models.Domain(domain="a.example")])


async def test_no_statement_is_prepared(engine: AsyncEngine) -> None:
    async with get_background_session(engine) as session:
        for n in range(20):
            await session.execute(text("SELECT CAST(:n AS int)"), {"n": n})
        assert (await session.scalars(text("SELECT count(*) FROM pg_prepared_statements"))).one() == 0


async def test_a_pod_holds_two_connections_at_the_most(database_url: str, sql: Sql) -> None:
    engine = create_engine(make_settings(database_url, database_connect_timeout=0.05))
    async with get_background_session(engine) as first, get_background_session(engine) as second:
        await asyncio.gather(*(session.execute(text("SELECT 1")) for session in (first, second)))
        [row] = sql("SELECT count(*) AS open FROM pg_stat_activity WHERE application_name = 'scrapersky'")
        assert row["open"] == 2
        with pytest.raises(DatabaseUnavailableError, match="gave no connection in time"):
            async with get_background_session(engine) as third:
                await third.execute(text("SELECT 1"))
    await engine.dispose()
