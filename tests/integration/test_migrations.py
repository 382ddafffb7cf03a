"""Migrations on a real PostgreSQL: what they make, twice, at once, on what is there already, and when they fail."""

import asyncio
import os
import sys
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from scrapersky.db import migrations
from scrapersky.db.engine import database_url as sqlalchemy_url
from scrapersky.db.models import Base
from scrapersky.db.revision import HEAD
from scrapersky.errors import DatabaseUnavailableError
from scrapersky.queue.queues import QUEUES
from scrapersky.settings import Settings
from tests.support.postgres import make_settings

VERSIONS = Path(migrations.__file__).parent / "versions"
CATALOG = """
SELECT 'column', concat_ws(' ', relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
    pg_get_expr(adbin, adrelid))
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint', concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'type', concat_ws(' ', typname, string_agg(enumlabel, ',' ORDER BY enumsortorder))
FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid GROUP BY typname
UNION ALL
SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"""


def catalog(url: str) -> set[tuple[str, str]]:
    """Everything that makes up the schema, as the server describes it."""
    with psycopg.connect(url) as connection:
        return {(kind, text) for kind, text in connection.execute(CATALOG) if "scrapersky_schema" not in text}


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def original_tables(url: str) -> None:
    """The tables as databases out there have them, before they knew of us."""
    execute(url, (VERSIONS / "0001_tables.sql").read_text())


@pytest.fixture
def empty(empty_database_url: str) -> Settings:
    return make_settings(empty_database_url)


def test_the_migrated_schema_is_the_declared_one(database_url: str, empty: Settings) -> None:
    engine = create_engine(sqlalchemy_url(empty))
    Base.metadata.create_all(engine)
    engine.dispose()
    migrated = {entry for entry in catalog(database_url) if entry[0] != "trigger"}
    assert migrated == catalog(empty.database_url.get_secret_value())


def test_nothing_is_missing_after_an_upgrade(empty: Settings) -> None:
    assert migrations.missing(empty) == ["the schema: run `scrapersky db upgrade`"]
    assert migrations.current(empty) is None
    assert migrations.upgrade(empty) == (None, HEAD)
    assert migrations.missing(empty) == []
    assert migrations.current(empty) == HEAD


def test_a_second_upgrade_finds_nothing_to_do(settings: Settings, database_url: str) -> None:
    before = catalog(database_url)
    assert migrations.upgrade(settings) == (HEAD, HEAD)
    assert catalog(database_url) == before


@pytest.mark.parametrize("table", sorted({queue.table for queue in QUEUES.values()}))
def test_vacuum_follows_every_claimable_table_closely(database_url: str, table: str) -> None:
    with psycopg.connect(database_url) as connection:
        [(options,)] = connection.execute("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", [table])
    assert {"autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_threshold=20000"} <= set(options)
    assert {"fillfactor=70", "vacuum_index_cleanup=on"} <= set(options)


async def test_two_processes_may_upgrade_at_once(empty: Settings, empty_database_url: str) -> None:
    program = (
        "from scrapersky.db.migrations import upgrade; from scrapersky.settings import Settings;"
        "print(upgrade(Settings.load()))"
    )
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as gate:
        await gate.execute("SELECT pg_advisory_lock(%s)", [migrations.ADVISORY_LOCK])
        both = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                program,
                env=os.environ | {"DATABASE_URL": empty_database_url},
                stdout=asyncio.subprocess.PIPE,
            )
            for _ in range(2)
        ]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        async with asyncio.timeout(30):
            while (await (await gate.execute(waiting)).fetchone()) != (2,):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await gate.execute("SELECT pg_advisory_unlock(%s)", [migrations.ADVISORY_LOCK])
        said = sorted([(await process.communicate())[0].decode().strip() for process in both])
    assert said == [str((HEAD, HEAD)), str((None, HEAD))]
    assert migrations.missing(empty) == []


def test_the_code_needs_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_the_tenant_of_the_settings_exists(empty_database_url: str) -> None:
    tenant = "11111111-2222-3333-4444-555555555555"
    migrations.upgrade(make_settings(empty_database_url, default_tenant_id=tenant))
    execute(empty_database_url, f"INSERT INTO domains (domain, tenant_id) VALUES ('a.example', '{tenant}')")


def test_tables_that_are_there_keep_their_rows_and_gain_the_queues(empty: Settings, empty_database_url: str) -> None:
    original_tables(empty_database_url)
    tenant = "550e8400-e29b-41d4-a716-446655440000"
    execute(
        empty_database_url,
        f"INSERT INTO tenants (id, name) VALUES ('{tenant}', 'theirs')",
        "INSERT INTO domains (domain, status) VALUES ('queued.example', 'Queued'), ('stuck.example', 'Processing'),"
        " ('done.example', 'Completed')",
        "ALTER TABLE domains ADD COLUMN theirs text DEFAULT 'kept'",
        "CREATE TABLE profiles (id int)",
    )
    assert migrations.upgrade(empty) == (None, HEAD)
    assert migrations.missing(empty) == []
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("SELECT domain, theirs, scan_due_at <= now() FROM domains ORDER BY 1").fetchall()
        assert connection.execute("SELECT name FROM tenants").fetchall() == [("theirs",)]
    assert rows == [
        ("done.example", "kept", None),
        ("queued.example", "kept", True),
        ("stuck.example", "kept", True),
    ]


@pytest.mark.parametrize(
    ("obstacle", "explanation"),
    [
        ("CREATE TABLE domains (id uuid, domain varchar)", "no unique constraint matching given keys"),
        ("CREATE VIEW pages AS SELECT 1 AS id", "pages"),
        ("CREATE TYPE task_status AS ENUM ('queued', 'done')", "task_status"),
    ],
)
def test_what_cannot_be_upgraded_is_left_whole(
    empty: Settings, empty_database_url: str, obstacle: str, explanation: str
) -> None:
    execute(empty_database_url, obstacle)
    before = catalog(empty_database_url)
    with pytest.raises(DatabaseUnavailableError, match=f"nothing was changed: .*{explanation}") as error:
        migrations.upgrade(empty)
    assert "\n" not in str(error.value)
    assert catalog(empty_database_url) == before
    assert migrations.current(empty) is None


def test_an_original_table_of_another_form_is_named(empty: Settings, empty_database_url: str) -> None:
    original_tables(empty_database_url)
    execute(
        empty_database_url,
        "CREATE TYPE others AS ENUM ('Pending')",
        "ALTER TABLE sitemap_files ALTER COLUMN status DROP DEFAULT, ALTER COLUMN status TYPE others"
        " USING status::text::others",
        "CREATE VIEW reads AS SELECT status FROM sitemap_files",
    )
    with pytest.raises(DatabaseUnavailableError, match="nothing was changed: cannot alter type of a column"):
        migrations.upgrade(empty)


def test_an_upgrade_does_not_queue_up_behind_a_busy_table(
    empty: Settings, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "WAIT_FOR_A_TABLE", "20ms")
    original_tables(empty_database_url)
    with psycopg.connect(empty_database_url) as busy:
        busy.execute("LOCK TABLE domains IN ROW EXCLUSIVE MODE")
        with pytest.raises(DatabaseUnavailableError, match=r"nothing was changed: .* lock timeout"):
            migrations.upgrade(empty)
    assert migrations.upgrade(empty) == (None, HEAD)


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        ("DROP TABLE paused_queues", "table paused_queues"),
        ("ALTER TABLE domains DROP COLUMN scan_error", "column domains.scan_error"),
        ("ALTER TABLE pages ALTER COLUMN priority TYPE text", "type of pages.priority: it is TEXT, not REAL"),
        (
            "ALTER TABLE pages ALTER COLUMN tenant_id DROP NOT NULL",
            "nullable of pages.tenant_id: it is True, not False",
        ),
        ("DROP INDEX pages_domain_id_url_key", "index pages_domain_id_url_key of pages"),
        ("DROP INDEX domains_domains_due_idx", "index domains_domains_due_idx of domains"),
        ("ALTER TABLE domains DROP CONSTRAINT domains_domain_key", "constraint domains_domain_key of domains"),
        (
            "ALTER TABLE pages DROP CONSTRAINT pages_domain_id_fkey",
            "fk pages_domain_id_fkey of pages",
        ),
        ("DROP TRIGGER requeue_jobs_job_update ON jobs", "trigger requeue_jobs_job_update of jobs"),
        ("ALTER TABLE domains DISABLE TRIGGER curate_domains_sitemap_analysis_insert", None),
        ("ALTER TABLE domains ALTER COLUMN scan_attempts DROP DEFAULT", None),
    ],
)
def test_check_names_what_is_missing(settings: Settings, database_url: str, damage: str, line: str | None) -> None:
    execute(database_url, damage)
    found = migrations.missing(settings)
    assert len(found) == 1
    assert line is None or found == [line]


def test_check_minds_only_what_is_ours(settings: Settings, database_url: str) -> None:
    execute(
        database_url,
        "CREATE TABLE profiles (id int)",
        "ALTER TABLE domains ADD COLUMN theirs text",
        "CREATE INDEX theirs ON domains (theirs)",
        "ALTER TYPE sitemap_import_status_enum ADD VALUE 'Submitted'",
    )
    assert migrations.missing(settings) == []


def test_check_sees_another_revision(settings: Settings, database_url: str) -> None:
    execute(database_url, "UPDATE scrapersky_schema SET version_num = '0000'")
    assert migrations.missing(settings) == [f"revision {HEAD}: it is 0000; run `scrapersky db upgrade`"]


def test_a_newer_versions_schema_is_left_alone(settings: Settings, database_url: str) -> None:
    execute(database_url, "UPDATE scrapersky_schema SET version_num = '9999'")
    with pytest.raises(DatabaseUnavailableError, match=r"revision identified by '9999': it is a newer version's"):
        migrations.upgrade(settings)
    assert migrations.current(settings) == "9999"
