"""An existing ScraperSky database, with awkward rows in every table, becomes ours; nothing of it is lost."""

import time
from collections import Counter

import psycopg
import pytest
from psycopg.rows import dict_row

from scrapersky.cli.db import db
from scrapersky.db import migrations
from scrapersky.db.revision import HEAD
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.settings import Settings
from tests.integration.test_migrations import catalog, execute
from tests.support import legacy
from tests.support.postgres import make_settings

WORKING = ["running", "Processing", "InProgress"]


@pytest.fixture
def old(empty_database_url: str) -> str:
    """URL of an existing database."""
    legacy.build(empty_database_url)
    return empty_database_url


@pytest.fixture
def settings(old: str) -> Settings:
    return make_settings(old)


def query(url: str, sql: str) -> list[dict[str, object]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(sql.encode()).fetchall()


def counts(url: str) -> dict[str, object]:
    """How many rows each of the original tables has."""
    columns = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in legacy.TABLES)
    return query(url, f"SELECT {columns}")[0]


def test_the_schema_becomes_ours_and_no_row_is_lost(old: str, settings: Settings) -> None:
    before, said = counts(old), list[str]()
    assert migrations.upgrade(settings, said.append) == (None, HEAD)
    assert migrations.missing(settings) == []
    assert said == ["Merged 1 duplicate rows of sitemap_files.", "Merged 100 duplicate rows of pages."]
    lost = {table: before[table] - count for table, count in counts(old).items() if before[table] != count}  # type: ignore[operator]
    assert lost == {"sitemap_files": 1, "pages": legacy.DOUBLED_PAGES, "tenants": -1}


def test_a_second_upgrade_changes_nothing(old: str, settings: Settings) -> None:
    migrations.upgrade(settings)
    before = catalog(old)
    assert migrations.upgrade(settings) == (HEAD, HEAD)
    assert catalog(old) == before


def test_every_spelling_of_a_status_is_read(old: str, settings: Settings) -> None:
    migrations.upgrade(settings)
    domains = {row["domain"]: row["status"] for row in query(old, "SELECT domain, status::text FROM domains")}
    read = ["Queued"] * 6 + ["Completed"] * 2 + ["Error"] * 2
    assert domains == {f"{word.lower()}.example": label for word, label in zip(legacy.WORDS, read, strict=True)}
    jobs = [row["status"] for row in query(old, "SELECT status::text FROM jobs ORDER BY id")]
    assert jobs == [*read, "ManualReview", "Cancelled", "Paused"]


@pytest.mark.parametrize(
    ("table", "status", "due", "rows"),
    [
        ("domains", "status", "scan_due_at", {"Queued": 6}),
        ("domains", "sitemap_analysis_status", "sitemap_analysis_due_at", {"Processing": 10}),
        ("jobs", "status", "job_due_at", {"Queued": 6}),
        ("places_staging", "deep_scan_status", "deep_scan_due_at", {"Processing": 1}),
        ("local_businesses", "domain_extraction_status", "domain_extraction_due_at", {"Processing": 1}),
        ("sitemap_files", "sitemap_import_status", "sitemap_import_due_at", {"Queued": 1, "Processing": 1}),
    ],
)
def test_what_waits_or_lost_its_worker_is_due_at_once(
    old: str, settings: Settings, table: str, status: str, due: str, rows: dict[str, int]
) -> None:
    migrations.upgrade(settings)
    found = query(old, f"SELECT {status}::text AS status FROM {table} WHERE {due} <= now()")
    assert Counter(row["status"] for row in found) == rows


def test_duplicates_keep_the_oldest_id_and_the_newest_values(old: str, settings: Settings) -> None:
    migrations.upgrade(settings)
    pages = query(
        old, "SELECT h1, title, schema_types FROM pages WHERE id = md5('page 0')::uuid AND created_at = '2024-01-01'"
    )
    assert pages == [{"h1": "h1 1", "title": "title", "schema_types": ["a", "b"]}]
    [file] = query(old, "SELECT notes, size_bytes, updated_at::text FROM sitemap_files WHERE id = md5('old')::uuid")
    assert file == {"notes": "kept", "size_bytes": 2, "updated_at": "2024-02-02 00:00:00"}


def test_what_referred_to_a_duplicate_refers_to_the_row_that_stays(old: str, settings: Settings) -> None:
    migrations.upgrade(settings)
    assert query(old, "SELECT * FROM profiles WHERE page_id = md5('page 0')::uuid")
    assert query(old, "SELECT * FROM sitemap_urls WHERE sitemap_id = md5('old')::uuid")
    assert not query(old, "SELECT * FROM pages WHERE sitemap_file_id IS DISTINCT FROM md5('old')::uuid")


def test_what_is_not_ours_stays(old: str, settings: Settings) -> None:
    migrations.upgrade(settings)
    assert {row["Their Column"] for row in query(old, "SELECT * FROM domains")} == {"kept"}
    assert query(old, "SELECT FROM pg_indexes WHERE indexname = 'their_index'")
    labels = query(old, "SELECT enum_range(NULL::sitemap_import_status_enum)::text[] AS labels")
    assert labels == [{"labels": ["Queued", "Submitted", "Processing", "Completed", "Error"]}]


def test_the_other_name_of_the_curation_type_takes_ours(old: str, settings: Settings) -> None:
    migrations.upgrade(settings)
    execute(
        old,
        "INSERT INTO places_staging (place_id, name, status)"
        " SELECT 'c', 'C', 'Selected'::\"SitemapCurationStatusEnum\"",
        "UPDATE local_businesses SET status = 'Selected'",
    )
    places = query(old, "SELECT id, pg_typeof(status)::text AS type, deep_scan_status FROM places_staging")
    assert {"id": 3, "type": "place_status_enum", "deep_scan_status": "Queued"} in places
    queued = query(old, "SELECT domain_extraction_status AS status FROM local_businesses")
    assert Counter(row["status"] for row in queued) == {"Queued": 1, "Processing": 1}


@pytest.mark.parametrize(
    ("table", "column", "value"), [("domains", "status", "Odd"), ("jobs", "status", ""), ("jobs", "status", "in work")]
)
def test_a_value_that_no_reading_covers_stops_it_at_once(
    old: str, settings: Settings, table: str, column: str, value: str
) -> None:
    execute(old, f"UPDATE {table} SET {column} = '{value}' WHERE {column} IN ('pending', 'Queued')")
    before, rows = catalog(old), counts(old)
    with pytest.raises(DatabaseUnavailableError, match="nothing was changed") as error:
        migrations.upgrade(settings)
    assert f"{table}.{column} has the value '{value}' in 2 rows" in str(error.value)
    assert (catalog(old), counts(old)) == (before, rows)


def test_a_late_failure_leaves_the_old_schema_whole(old: str, settings: Settings) -> None:
    execute(old, "CREATE VIEW reads AS SELECT status FROM jobs")
    before = catalog(old)
    with pytest.raises(DatabaseUnavailableError, match="cannot alter type of a column used by a view"):
        migrations.upgrade(settings)
    assert catalog(old) == before
    execute(old, "DROP VIEW reads")
    assert migrations.upgrade(settings) == (None, HEAD)


def test_nulls_give_way_to_defaults(old: str, settings: Settings) -> None:
    execute(
        old,
        "ALTER TABLE pages ALTER tenant_id DROP NOT NULL, ALTER created_at DROP NOT NULL",
        "ALTER TABLE jobs ALTER status DROP NOT NULL",
        "UPDATE pages SET tenant_id = NULL, created_at = NULL WHERE id = md5('page 5')::uuid",
        "UPDATE jobs SET status = NULL WHERE id = 41",
    )
    migrations.upgrade(settings)
    assert migrations.missing(settings) == []
    [page] = query(old, "SELECT tenant_id::text, created_at FROM pages WHERE id = md5('page 5')::uuid")
    assert page["tenant_id"] == "550e8400-e29b-41d4-a716-446655440000"
    assert query(old, "SELECT status::text FROM jobs WHERE id = 41") == [{"status": "Queued"}]


def test_a_busy_table_is_waited_for(old: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "WAIT_FOR_A_TABLE", "20ms")
    with psycopg.connect(old) as busy:
        busy.execute("UPDATE domains SET notes = 'busy'")
        monkeypatch.setattr(time, "sleep", lambda _pause: busy.commit())
        assert migrations.upgrade(settings) == (None, HEAD)
    assert {row["notes"] for row in query(old, "SELECT notes FROM domains")} == {"busy"}


def test_the_command_says_what_was_merged(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    monkeypatch.setenv("DATABASE_URL", old)
    done = CliRunner().invoke(db, ["upgrade"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "Merged 100 duplicate rows of pages.\n" in done.stderr
