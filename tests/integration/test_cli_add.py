"""``scrapersky add`` and ``scrapersky search``."""

import gzip
import json
from pathlib import Path
from uuid import uuid4

import pytest

from scrapersky.cli import add as module
from tests.support.command_line import CommandLine
from tests.support.postgres import Rows
from tests.support.rows import Sql


def domains(sql: Sql) -> Rows:
    return sql("SELECT domain, status::text, scan_due_at <= now() AS due FROM domains ORDER BY domain")


def named(sql: Sql) -> list[str]:
    return [row["domain"] for row in domains(sql)]


def test_arguments_are_normalised_and_queued(scrapersky: CommandLine, sql: Sql) -> None:
    done = scrapersky("add", "https://WWW.Joes.example/contact?x=1", "joes.example", "bücher.example", "b.example.")
    assert (done.code, done.out, done.err) == (0, "3 new, 0 known, 1 repeated, 0 refused\n", "")
    assert domains(sql) == [
        {"domain": name, "status": "Queued", "due": True}
        for name in ("b.example", "joes.example", "xn--bcher-kva.example")
    ]


def test_twice_adds_nothing_and_touches_nothing(scrapersky: CommandLine, sql: Sql) -> None:
    scrapersky("add", "a.example")
    sql("UPDATE domains SET status = 'Completed'")
    assert scrapersky("add", "a.example", "b.example", "--json").json == {
        "new": 1,
        "known": 1,
        "repeated": 0,
        "refused": [],
    }
    assert [row["status"] for row in domains(sql)] == ["Completed", "Queued"]


def test_each_refused_input_is_named_with_its_reason(scrapersky: CommandLine, sql: Sql) -> None:
    done = scrapersky("add", "a.example", "localhost", "10.0.0.1", "ftp://b.example/", "mailto:x@c.example", "--json")
    refused = done.json["refused"]
    assert [each["input"] for each in refused] == ["localhost", "10.0.0.1", "ftp://b.example/", "mailto:x@c.example"]
    assert done.err.splitlines() == [f"refused: {each['reason']}" for each in refused]
    assert "an address" in refused[1]["reason"]
    assert named(sql) == ["a.example"]


def test_nothing_but_refusals_is_bad_input(scrapersky: CommandLine, sql: Sql) -> None:
    done = scrapersky("add", "localhost")
    assert (done.code, done.out) == (65, "0 new, 0 known, 1 refused\n")
    assert done.err.splitlines() == ["refused: 'localhost': not a domain", "every input was refused"]


def test_without_queue_domains_are_held_until_they_are_requeued(scrapersky: CommandLine, sql: Sql) -> None:
    scrapersky("add", "a.example", "b.example", "c.example", "--no-queue")
    assert {(row["status"], row["due"]) for row in domains(sql)} == {("Queued", False)}
    assert scrapersky("requeue", "domains", "b.example", "--json").json == {"queue": "domains", "requeued": 1}
    assert [row["domain"] for row in domains(sql) if row["due"]] == ["b.example"]
    assert scrapersky("requeue", "domains", "--held", "--yes", "--json").json["requeued"] == 2
    assert all(row["due"] for row in domains(sql))


@pytest.mark.parametrize(
    "text",
    [
        "a.example\nhttps://b.example/x\n\n  c.example  \n",
        "\ufeffa.example\r\nb.example\r\nc.example",
        "domain\na.example\nb.example\nc.example\n",
        'Name,URL\n"Ann, Bob & Co",https://www.a.example/\nB,b.example\nnone,\nC,c.example\nshort\n',
        'name;domain;note\n"A; B";a.example;x\nB;b.example;"two\nlines"\nC;c.example;\n',
        "url\tdomain\nhttps://zzz.example\ta.example\nb.example\t\nx\tc.example\n",
        "name,website_url\nA,a.example\nB,b.example\nC,c.example\n",
    ],
    ids=["text", "byte order mark", "one column", "quoted", "semicolons", "domain before url", "our own export"],
)
@pytest.mark.parametrize("how", ["file", "stdin", "dash"])
def test_files(scrapersky: CommandLine, sql: Sql, tmp_path: Path, text: str, how: str) -> None:
    path = tmp_path / "leads"
    path.write_text(text, newline="")
    done = {
        "file": lambda: scrapersky("add", "--file", path),
        "stdin": lambda: scrapersky("add", "--file", "-", stdin=text),
        "dash": lambda: scrapersky("add", "-", stdin=text),
    }[how]()
    assert (done.code, done.out) == (0, "3 new, 0 known, 0 refused\n"), done.err
    assert named(sql) == ["a.example", "b.example", "c.example"]


def test_arguments_and_a_file_together(scrapersky: CommandLine, sql: Sql) -> None:
    scrapersky("add", "a.example", "-", stdin="b.example\n")
    assert named(sql) == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"name,phone\nAnn,1\n", "its first line names no column domain or url: 'name,phone'"),
        (b"1,google.example\n", "names no column domain or url"),
        ("domain\na.example\n".encode("utf-16"), "not UTF-8 text"),
        (b"domain,note\na.example," + b"x" * 200_000, "not CSV: field larger than field limit"),
    ],
)
def test_what_is_no_list_of_domains_is_65(
    scrapersky: CommandLine, sql: Sql, tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    done = scrapersky("add", "--file", path)
    assert (done.code, done.out) == (65, "")
    assert f"{path}: " in done.err
    assert complaint in done.err
    assert named(sql) == []


def test_bytes_that_are_no_text_spoil_only_their_line(scrapersky: CommandLine, sql: Sql, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(b"name,domain\nJos\xe9,a.example\nB,\xff\xfe.example\nC,c.example\n" + gzip.compress(b"x"))
    done = scrapersky("add", "--file", path)
    assert done.code == 0
    assert named(sql) == ["a.example", "c.example"]


@pytest.mark.parametrize("arguments", [(), ("--file", "missing.csv")])
def test_no_input_is_wrong_usage(scrapersky: CommandLine, sql: Sql, arguments: tuple[str, ...]) -> None:
    assert scrapersky("add", *arguments).code == 2


def test_many_go_in_batches(scrapersky: CommandLine, sql: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 100)
    path = tmp_path / "many.txt"
    path.write_text("".join(f"site{number % 950}.example\n" for number in range(1000)))
    assert scrapersky("add", "--file", path, "--json").json == {"new": 950, "known": 0, "repeated": 50, "refused": []}
    [inserts] = sql("SELECT count(DISTINCT xmin::text) AS count FROM domains")
    assert inserts["count"] == 10


def test_domains_take_the_default_tenant(scrapersky: CommandLine, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = uuid4()
    monkeypatch.setenv("DEFAULT_TENANT_ID", str(tenant))
    assert scrapersky("add", "a.example").code == 0
    assert scrapersky("search", "plumbers", "--location", "Austin, TX").code == 0
    assert (
        sql("SELECT tenant_id FROM domains") == sql("SELECT tenant_id FROM place_searches") == [{"tenant_id": tenant}]
    )
    assert sql("SELECT name FROM tenants WHERE id = %s", tenant) == [{"name": "default"}]


def test_a_search_is_kept_and_queued(scrapersky: CommandLine, sql: Sql) -> None:
    done = scrapersky("search", " plumbers ", "--location", "Austin, TX", "--radius-km", "20", "--json")
    [search] = sql("SELECT id::text, business_type, location, params, status FROM place_searches")
    [job] = sql("SELECT id, job_id::text, job_type, status::text, job_metadata, job_due_at <= now() AS due FROM jobs")
    asked = {"business_type": "plumbers", "location": "Austin, TX", "radius_km": 20.0}
    assert done.json == {"search_id": search["id"], "job_id": job["job_id"], "id": job["id"]}
    assert search == {**search, "business_type": "plumbers", "location": "Austin, TX", "status": "Queued"}
    assert search["params"] == asked
    assert job == {**job, "job_type": "places_search", "status": "Queued", "due": True}
    assert job["job_metadata"] == {**asked, "search_id": search["id"]}


def test_a_search_without_a_radius_says_nothing_of_one(scrapersky: CommandLine, sql: Sql) -> None:
    done = scrapersky("search", "dentist", "--location", "78701")
    [job] = sql("SELECT id, job_metadata FROM jobs")
    assert done.out == f"queued as job {job['id']}, search {job['job_metadata']['search_id']}\n"
    assert set(job["job_metadata"]) == {"business_type", "location", "search_id"}
    assert "scrapersky run local-business-enrichment" in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("plumbers",), 2),
        (("plumbers", "--location", "Austin", "--radius-km", "51"), 2),
        (("plumbers", "--location", "Austin", "--radius-km", "0"), 2),
        ((" ", "--location", "Austin"), 65),
        (("plumbers", "--location", "x" * 256), 65),
        (("x" * 101, "--location", "Austin"), 65),
    ],
)
def test_what_is_no_search(scrapersky: CommandLine, sql: Sql, arguments: tuple[str, ...], code: int) -> None:
    assert scrapersky("search", *arguments).code == code
    assert sql("SELECT count(*) FROM jobs") == [{"count": 0}]


def test_json_is_one_document(scrapersky: CommandLine, sql: Sql) -> None:
    assert (
        scrapersky("add", "a.example", "--json").out
        == json.dumps({"new": 1, "known": 0, "repeated": 0, "refused": []}) + "\n"
    )
