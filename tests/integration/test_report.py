"""``scrapersky report``: one page that loads nothing and escapes everything."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import lxml.html
import psycopg
from psycopg.rows import dict_row

from scrapersky.report import render

Sql = Callable[..., list[dict[str, Any]]]


def page(url: str) -> Any:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return lxml.html.fromstring(render(connection, datetime.now(UTC) - timedelta(days=1), "Test"))


def test_an_empty_database(database_url: str) -> None:
    words = page(database_url).text_content()
    assert "None that had something to do." in words
    assert "pages" in words


def test_counts_runs_and_causes(database_url: str, sql: Sql) -> None:
    evil = "<script>alert(1)</script>"
    sql("INSERT INTO domains (domain) SELECT n || '.example' FROM generate_series(1, 12) AS n")
    sql("UPDATE domains SET status = 'Error', scan_error = %s WHERE domain < '3'", f"http-500: {evil}")
    for failed in (0, 3):
        sql(
            "INSERT INTO service_runs (service, pod, finished_at, claimed, completed, failed)"
            " VALUES ('domain-scheduler', 'x', now() + interval '1 s', 9, 6, %s)",
            failed,
        )
    document = page(database_url)
    words = document.text_content()
    assert "http-500" in words
    assert evil in words
    assert not document.xpath("//script|//link|//img")
    assert len(document.xpath("//circle")) == 2
    assert [b.text for b in document.xpath("//div[@class='bar']/b")][2] == "12"
