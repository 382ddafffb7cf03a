"""``scrapersky list`` and ``scrapersky show``."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from scrapersky.cli.tables import ALIASES, TABLES
from tests.support.command_line import CommandLine
from tests.support.rows import Sql, insert


@pytest.mark.parametrize("name", [*TABLES, *ALIASES])
def test_every_table_is_listed_by_its_names(scrapersky: CommandLine, sql: Sql, name: str) -> None:
    done = scrapersky("list", name)
    assert done.code == 0
    columns = [column.upper() for column in TABLES[ALIASES.get(name, name)].columns]
    assert done.out.splitlines()[0].split() == columns


def test_rows_by_id_and_no_more_than_the_limit(scrapersky: CommandLine, sql: Sql) -> None:
    keys = sorted(insert(sql, "domains") for _ in range(25))
    assert [row["id"] for row in scrapersky("list", "domains", "--json").json] == [*map(str, keys[:20])]
    assert [row["id"] for row in scrapersky("list", "domains", "--limit", "3", "--json").json] == [*map(str, keys[:3])]
    assert len(scrapersky("list", "domains", "--limit", "100").out.splitlines()) == 26


def test_json_has_every_column_and_values_of_every_type(scrapersky: CommandLine, sql: Sql) -> None:
    insert(sql, "domains", email_addresses=["a@b.example"], meta_json='{"a": 1}', is_wordpress=True)
    scrapersky("add", "held.example", "--no-queue")
    rows = scrapersky("list", "domains", "--json").json
    assert {len(row) for row in rows} == {
        sql(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'domains'::regclass AND attnum > 0 AND NOT attisdropped"
        )[0]["count"]
    }
    held, other = sorted(rows, key=lambda row: row["domain"] != "held.example")
    assert held["scan_due_at"] == "infinity"
    assert (other["email_addresses"], other["meta_json"], other["is_wordpress"]) == (["a@b.example"], {"a": 1}, True)
    assert "T" in other["scan_due_at"]


def test_hostile_text_stays_on_its_line(scrapersky: CommandLine, sql: Sql) -> None:
    insert(sql, "domains", title="Joe\x1b[2J\n'; DROP TABLE domains; --", domain="joes.example")
    lines = scrapersky("list", "domains").out.splitlines()
    assert len(lines) == 2
    assert "Joe [2J '; DROP TABLE domains; --" in lines[1]


@pytest.mark.parametrize(
    ("table", "status", "expected"),
    [
        ("domains", "Error", ["failed"]),
        ("domains", "Maybe", ["maybe"]),
        ("domains", "Queued", ["maybe"]),
        ("places", "Selected", ["selected"]),
        ("places", "Queued", ["selected"]),
        ("places", "New", ["new"]),
    ],
)
def test_status_is_the_queues_or_the_curations(
    scrapersky: CommandLine, sql: Sql, table: str, status: str, expected: list[str]
) -> None:
    insert(sql, "domains", domain="failed", status="Error")
    insert(sql, "domains", domain="maybe", sitemap_curation_status="Maybe")
    insert(sql, "places_staging", name="selected", status="Selected")
    insert(sql, "places_staging", name="new")
    rows = scrapersky("list", table, "--status", status, "--json").json
    assert [row.get("domain") or row.get("name") for row in rows] == expected


def test_where(scrapersky: CommandLine, sql: Sql) -> None:
    mine = insert(sql, "domains", domain="it's.example", is_wordpress=True)
    insert(sql, "domains", is_wordpress=True)

    def found(*wheres: str) -> list[str]:
        arguments = [argument for where in wheres for argument in ("--where", where)]
        return [row["id"] for row in scrapersky("list", "domains", *arguments, "--json").json]

    assert found("domain=it's.example") == found(f"id={mine}") == [str(mine)]
    assert found("is_wordpress=true", "domain=it's.example") == [str(mine)]
    assert len(found("is_wordpress=true")) == 2
    assert found("domain=x' OR true --") == []


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("domains", "--status", "Nonsense"), 2, "'Nonsense' is no status of domains; those are: Queued, Processing"),
        (("pages", "--status", "Queued"), 2, "the table has no status"),
        (("domains", "--where", "nonsense=1"), 2, "with a column of id, domain"),
        (("domains", "--where", "domain"), 2, "must be COLUMN=VALUE"),
        (("domains", "--where", "id=1"), 65, "invalid input syntax for type uuid"),
        (("place_searches", "--where", "params=1"), 65, "operator does not exist: json"),
        (("domains", "--limit", "0"), 2, "--limit"),
    ],
)
def test_what_cannot_be_filtered_by(
    scrapersky: CommandLine, sql: Sql, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    done = scrapersky("list", *arguments)
    assert (done.code, done.out) == (code, "")
    assert complaint in done.err


@pytest.fixture
def pipeline(sql: Sql) -> dict[str, Any]:
    """A row of each table, each made of the one before."""
    [search] = sql("INSERT INTO place_searches (business_type, location) VALUES ('plumbers', 'Austin') RETURNING id")
    job_id, place_id = uuid4(), "ChIJ1"
    metadata = f'{{"search_id": "{search["id"]}"}}'
    job = insert(sql, "jobs", job_type="places_search", job_id=job_id, job_metadata=metadata)
    place = insert(sql, "places_staging", place_id=place_id, search_job_id=job_id, search_time="2026-01-01")
    business = insert(sql, "local_businesses", place_id=place_id)
    domain = insert(sql, "domains", domain="ann.example", local_business_id=business, status="Error", scan_attempts=3)
    sitemap = insert(sql, "sitemap_files", domain_id=domain)
    for number in range(3):
        sql("INSERT INTO pages (domain_id, sitemap_file_id, url) VALUES (%s, %s, %s)", domain, sitemap, f"/{number}")
    [page] = sql("SELECT id FROM pages LIMIT 1")
    keys = {"place_searches": search["id"], "jobs": job, "places_staging": place, "local_businesses": business}
    return keys | {"domains": domain, "sitemap_files": sitemap, "pages": page["id"]}


@pytest.mark.parametrize("place", range(7))
def test_a_row_knows_all_that_it_came_from(
    scrapersky: CommandLine, sql: Sql, pipeline: dict[str, Any], place: int
) -> None:
    table, key = [*pipeline.items()][place]
    shown = scrapersky("show", table, key, "--json").json
    assert (shown["table"], shown["row"]["id"]) == (table, key if isinstance(key, int) else str(key))
    before = [(name, each if isinstance(each, int) else str(each)) for name, each in [*pipeline.items()][:place]]
    assert [(each["table"], each["id"]) for each in shown["came_from"]] == before
    if before:
        assert shown["came_from"][0]["what"] == "plumbers"


def test_a_row_knows_what_came_of_it_and_its_queues(
    scrapersky: CommandLine, sql: Sql, pipeline: dict[str, Any]
) -> None:
    shown = scrapersky("show", "domains", "ann.example", "--json").json
    assert shown["led_to"] == [
        {"table": "jobs", "rows": 0},
        {"table": "sitemap_files", "rows": 1},
        {"table": "pages", "rows": 3},
    ]
    queue = {"queue": "domains", "status": "Error", "attempts": 3, "due_at": None, "error": None}
    assert shown["queues"][0] == queue
    assert [each["queue"] for each in shown["queues"]] == ["domains", "sitemap-analysis"]
    job = scrapersky("show", "jobs", pipeline["jobs"], "--json").json
    assert [each["queue"] for each in job["queues"]] == ["place-searches"]


def test_a_page_without_its_sitemap_came_from_its_domain(
    scrapersky: CommandLine, sql: Sql, pipeline: dict[str, Any]
) -> None:
    sql("UPDATE pages SET sitemap_file_id = NULL")
    shown = scrapersky("show", "pages", pipeline["pages"], "--json").json
    assert shown["came_from"][-1]["what"] == "ann.example"


def test_for_people(scrapersky: CommandLine, sql: Sql, pipeline: dict[str, Any]) -> None:
    out = scrapersky("show", "domains", "ann.example").out
    columns, *others = out.split("\n\n")
    sections = dict(section.partition("\n")[::2] for section in others)
    assert columns.splitlines()[0].split() == ["COLUMN", "VALUE"]
    assert list(sections) == ["queues:", "came from:", "led to:"]
    assert "ann.example" in out
    assert "favicon_url" not in out
    assert "places_staging" in sections["came from:"]
    assert sections["led to:"].splitlines()[-1].split() == ["pages", "3"]


@pytest.mark.parametrize(
    ("table", "given"),
    [
        ("domains", "nobody.example"),
        ("jobs", "x"),
        ("jobs", "2147483648"),
        ("pages", str(UUID(int=7))),
        ("pages", "x"),
    ],
)
def test_no_such_row_is_bad_input(scrapersky: CommandLine, sql: Sql, table: str, given: str) -> None:
    done = scrapersky("show", table, given)
    assert (done.code, done.out, done.err) == (65, "", f"{table} has no row {given}\n")


def test_a_natural_key_is_an_id(scrapersky: CommandLine, sql: Sql, pipeline: dict[str, Any]) -> None:
    assert scrapersky("show", "businesses", "ChIJ1", "--json").json["row"]["id"] == str(pipeline["local_businesses"])
    job_id = sql("SELECT job_id FROM jobs")[0]["job_id"]
    assert scrapersky("show", "jobs", job_id, "--json").json["row"]["id"] == pipeline["jobs"]
