"""``scrapersky curate``: what it sets, and what that queues."""

import pytest

from scrapersky.cli import selection
from scrapersky.cli.tables import ALIASES
from scrapersky.db.curation import COUPLINGS, Coupling, trigger_names, trigger_statements
from scrapersky.queue.queues import DEEP_SCANS
from tests.support.command_line import CommandLine
from tests.support.rows import Sql, in_work, insert, state

every_coupling = pytest.mark.parametrize("coupling", COUPLINGS, ids=[each.queue.table for each in COUPLINGS])
SHORT = {name: short for short, name in ALIASES.items()}


@every_coupling
def test_selected_queues_the_next_step(scrapersky: CommandLine, sql: Sql, coupling: Coupling) -> None:
    table = coupling.queue.table
    chosen, other = insert(sql, table), insert(sql, table)
    done = scrapersky("curate", SHORT.get(table, table), chosen, "--set", "selected", "--json")
    queue = coupling.queue.name
    assert done.json == {"table": table, "set": "Selected", "changed": 1, "queue": queue, "queued": 1}
    assert state(sql, coupling.queue, chosen) == {
        "status": "Queued",
        "attempts": 0,
        "error": None,
        "claim": None,
        "due": True,
    }
    assert state(sql, coupling.queue, other)["status"] is None


@every_coupling
def test_the_other_decisions_queue_nothing(scrapersky: CommandLine, sql: Sql, coupling: Coupling) -> None:
    key = insert(sql, coupling.queue.table)
    for status in ("Maybe", "Not a Fit", "Archived", "New"):
        done = scrapersky("curate", coupling.queue.table, key, "--set", status)
        assert done.out == f"1 changed, 0 newly queued in {coupling.queue.name}\n"
        assert sql(f"SELECT {coupling.status}::text AS now FROM {coupling.queue.table} WHERE id = %s", key) == [
            {"now": status}
        ]
    assert state(sql, coupling.queue, key)["status"] is None


def test_where_status_means_only_those(scrapersky: CommandLine, sql: Sql) -> None:
    for status in ("New", "New", "Maybe"):
        insert(sql, "places_staging", status=status)
    done = scrapersky("curate", "places", "--where-status", "new", "--set", "Selected")
    assert done.out == "2 changed, 2 newly queued in deep-scans\n"
    counts = sql("SELECT status::text, count(*) FROM places_staging GROUP BY 1 ORDER BY 1 DESC")
    assert counts == [{"status": "Selected", "count": 2}, {"status": "Maybe", "count": 1}]


def test_what_is_so_already_is_not_changed_nor_queued_again(scrapersky: CommandLine, sql: Sql) -> None:
    key = insert(sql, "places_staging", status="Selected")
    sql("UPDATE places_staging SET deep_scan_status = 'Completed'")
    assert scrapersky("curate", "places", key, "--set", "Selected").out.startswith("0 changed, 0 newly queued")
    assert sql("SELECT deep_scan_status::text AS now FROM places_staging") == [{"now": "Completed"}]


def test_a_row_in_work_is_left_to_its_worker(scrapersky: CommandLine, sql: Sql) -> None:
    key = in_work(sql, DEEP_SCANS)
    done = scrapersky("curate", "places", key, "--set", "Selected")
    assert done.out == "1 changed, 0 newly queued in deep-scans\n"
    assert sql("SELECT deep_scan_status::text, deep_scan_attempts FROM places_staging") == [
        {"deep_scan_status": "Processing", "deep_scan_attempts": 1}
    ]


def test_all_in_batches_of_short_transactions(
    scrapersky: CommandLine, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "BATCH", 10)
    sql("INSERT INTO domains (domain) SELECT n || '.example' FROM generate_series(1, 95) AS n")
    done = scrapersky("curate", "domains", "--all", "--yes", "--set", "Selected", "--json")
    assert (done.json["changed"], done.json["queued"]) == (95, 95)
    assert sql("SELECT count(*), count(DISTINCT xmin::text) AS batches FROM domains") == [{"count": 95, "batches": 10}]
    in_order = "SELECT count(*) FROM (SELECT xmin::text::bigint >= max(xmin::text::bigint) OVER (ORDER BY id) AS ok"
    assert sql(f"{in_order} FROM domains) AS checked WHERE NOT ok") == [{"count": 0}]


def test_all_is_asked_or_said(scrapersky: CommandLine, sql: Sql) -> None:
    insert(sql, "domains")
    refused = scrapersky("curate", "domains", "--all", "--set", "Maybe")
    assert (refused.code, refused.out) == (2, "")
    assert "--yes" in refused.err
    declined = scrapersky("curate", "domains", "--all", "--set", "Maybe", typed="n\n")
    assert (declined.code, declined.out) == (0, "")
    agreed = scrapersky("curate", "domains", "--all", "--set", "Maybe", typed="y\n")
    assert agreed.out == "1 changed, 0 newly queued in sitemap-analysis\n"
    assert "Set every row of domains to Maybe?" in agreed.err


def test_rows_are_named_by_id_or_natural_key_also_on_stdin(scrapersky: CommandLine, sql: Sql) -> None:
    ann, bob = insert(sql, "domains", domain="ann.example"), insert(sql, "domains", domain="bob.example")
    insert(sql, "domains", domain="other.example")
    done = scrapersky(
        "curate", "domains", ann, "-", "--set", "Maybe", stdin=f"bob.example  Bob's\n\n{bob}\nnobody.example\n"
    )
    assert (done.code, done.out) == (0, "2 changed, 0 newly queued in sitemap-analysis\n")
    assert done.err == "domains has no row nobody.example\n"
    assert sql("SELECT id FROM domains WHERE sitemap_curation_status = 'Maybe' ORDER BY domain") == [
        {"id": ann},
        {"id": bob},
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("domains", "nobody.example"), "domains has no row nobody.example"),
        (("places", "99999999999999", "x"), "places_staging has no row 99999999999999, x"),
        (("sitemaps", "not-a-uuid"), "sitemap_files has no row not-a-uuid"),
        (("domains", "-"), "domains has no row"),
    ],
)
def test_no_such_row_is_bad_input(
    scrapersky: CommandLine, sql: Sql, arguments: tuple[str, ...], complaint: str
) -> None:
    done = scrapersky("curate", *arguments, "--set", "Maybe")
    assert (done.code, done.out) == (65, "")
    assert complaint in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("domains", "--set", "Maybe"),
        ("domains", "a.example", "--all", "--set", "Maybe"),
        ("domains", "--all", "--where-status", "New", "--set", "Maybe"),
        ("domains", "a.example"),
        ("pages", "--all", "--yes", "--set", "Maybe"),
    ],
)
def test_wrong_usage(scrapersky: CommandLine, sql: Sql, arguments: tuple[str, ...]) -> None:
    assert scrapersky("curate", *arguments).code == 2


def test_a_database_that_has_the_statuses_under_their_other_name(scrapersky: CommandLine, sql: Sql) -> None:
    for table, name in trigger_names():
        if table == "places_staging":
            sql(f"DROP TRIGGER {name} ON {table}")
    sql("CREATE TYPE place_status_enum AS ENUM ('New', 'Selected', 'Maybe', 'Not a Fit', 'Archived')")
    sql(
        "ALTER TABLE places_staging ALTER status DROP DEFAULT,"
        " ALTER status TYPE place_status_enum USING status::text::place_status_enum"
    )
    for statement in trigger_statements():
        sql(statement)
    insert(sql, "places_staging", status="New")
    done = scrapersky("curate", "places", "--where-status", "New", "--set", "Selected")
    assert done.out == "1 changed, 1 newly queued in deep-scans\n"
    assert len(scrapersky("list", "places", "--status", "Selected", "--json").json) == 1
