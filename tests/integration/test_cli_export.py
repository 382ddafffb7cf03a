"""``scrapersky export``: what it writes is what the table holds, whatever it holds, and whole or not at all."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrapersky.cli.tables import TABLES
from tests.support.command_line import CommandLine
from tests.support.rows import Sql, insert

AWKWARD = "a\\b \"quoted\", 'single'\n\r\n\ttab \\N \\. \x01\x02 ü 😀 \u2028"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_every_table(scrapersky: CommandLine, sql: Sql, table: str, form: str) -> None:
    done = scrapersky("export", table, "--format", form)
    rows = 1 if table == "tenants" else 0
    assert (done.code, done.err) == (0, f"{rows} rows\n")
    assert len(done.out.splitlines()) == rows + (form == "csv")


def test_jsonl_is_an_object_a_line_with_what_the_table_holds(scrapersky: CommandLine, sql: Sql) -> None:
    insert(sql, "domains", domain="a.example", title=AWKWARD, email_addresses=[AWKWARD, "x"], meta_json='{"a": [1.50]}')
    sql("INSERT INTO place_searches (business_type, location, params) VALUES ('x', 'y', E'{\"a\":\\r\\n 1}')")
    [line, rest] = scrapersky("export", "domains", "--format", "jsonl").out.split("\n")
    row = json.loads(line)
    assert rest == ""
    assert (row["title"], row["email_addresses"]) == (AWKWARD, [AWKWARD, "x"])
    assert (row["domain"], row["meta_json"], row["notes"]) == ("a.example", {"a": [1.5]}, None)
    [line] = scrapersky("export", "searches", "--format", "jsonl").out.splitlines()
    assert json.loads(line)["params"] == {"a": 1}


def test_csv_has_a_heading_and_what_the_table_holds(scrapersky: CommandLine, sql: Sql) -> None:
    insert(sql, "domains", domain="a.example", title=AWKWARD)
    out = scrapersky("export", "domains", "--format", "csv").out
    [row] = csv.DictReader(io.StringIO(out, newline=""))
    assert (row["domain"], row["title"], row["notes"]) == ("a.example", AWKWARD, "")


def test_filters(scrapersky: CommandLine, sql: Sql) -> None:
    insert(sql, "domains", domain="a.example", status="Error")
    insert(sql, "domains", domain="b.example", status="Error", notes="it's mine")
    insert(sql, "domains", domain="c.example", notes="it's mine")

    def exported(*arguments: str) -> list[str]:
        done = scrapersky("export", "domains", "--format", "jsonl", *arguments)
        return sorted(json.loads(line)["domain"] for line in done.out.splitlines())

    assert exported("--where-status", "Error") == ["a.example", "b.example"]
    assert exported("--where", "notes=it's mine") == ["b.example", "c.example"]
    assert exported("--where-status", "Error", "--where", "notes=it's mine") == ["b.example"]
    assert exported("--where-status", "New") == ["a.example", "b.example", "c.example"]


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        ((), 2, "--format"),
        (("--format", "xml"), 2, "'csv', 'jsonl'"),
        (("--format", "csv", "--where", "nonsense=1"), 2, "with a column of id, domain"),
        (("--format", "csv", "--where-status", "nonsense"), 2, "is no status of domains"),
        (("--format", "csv", "--where", "id=x"), 65, "invalid input syntax for type uuid"),
        (("--format", "csv", "-o", "nowhere/x.csv"), 74, "nowhere/x.csv: No such file or directory"),
        (("--format", "csv", "-o", "."), 2, "is a directory"),
    ],
)
def test_what_goes_wrong_leaves_no_file(
    scrapersky: CommandLine, sql: Sql, tmp_path: Path, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    where = () if "-o" in arguments else ("-o", "x.csv")
    done = scrapersky("export", "domains", *arguments, *where)
    assert (done.code, done.out) == (code, "")
    assert complaint in done.err
    assert [*tmp_path.iterdir()] == []


def test_a_file_is_replaced_at_once_and_keeps_its_mode(scrapersky: CommandLine, sql: Sql, tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("what was there")
    old.chmod(0o640)
    before = old.open()
    for path in (old, new):
        assert scrapersky("export", "tenants", "--format", "csv", "-o", path).out == ""
        assert path.read_text().startswith("id,name")
    assert before.read() == "what was there"
    before.close()
    mask = os.umask(0)
    os.umask(mask)
    assert (old.stat().st_mode & 0o777, new.stat().st_mode & 0o777) == (0o640, 0o666 & ~mask)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "old.csv"]


def test_a_failed_export_leaves_the_old_file(scrapersky: CommandLine, sql: Sql, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("what was there")
    assert scrapersky("export", "domains", "--format", "csv", "--where", "id=x", "-o", path).code == 65
    assert path.read_text() == "what was there"
    assert [*tmp_path.iterdir()] == [path]


def test_dash_is_stdout(scrapersky: CommandLine, sql: Sql) -> None:
    assert scrapersky("export", "tenants", "--format", "csv", "-o", "-").out.startswith("id,name")


def process(url: str, *arguments: str, **more: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "scrapersky.cli", "export", *arguments]
    return subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url}, stderr=subprocess.PIPE, **more)  # type: ignore[call-overload,no-any-return]


def test_a_full_disk_is_said_in_one_line(database_url: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = process(database_url, "tenants", "--format", "csv", stdout=full)
        _, err = done.communicate()
    assert (done.returncode, err) == (74, b"Error: -: No space left on device\n")
    device = process(database_url, "tenants", "--format", "csv", "-o", "/dev/full")
    _, err = device.communicate()
    assert (device.returncode, err) == (74, b"Error: /dev/full: No space left on device\n")
    assert Path("/dev/full").is_char_device()


def many_pages(sql: Sql, pages: int) -> None:
    domain = insert(sql, "domains")
    sql("INSERT INTO pages (domain_id, url) SELECT %s, '/' || n FROM generate_series(1, %s) AS n", domain, pages)


def test_a_reader_that_has_seen_enough_is_no_error(database_url: str, sql: Sql) -> None:
    many_pages(sql, 20_000)
    done = process(database_url, "pages", "--format", "csv", stdout=subprocess.PIPE)
    assert done.stdout is not None
    assert done.stdout.readline().startswith(b"id,tenant_id,")
    done.stdout.close()
    assert done.stderr is not None
    assert (done.stderr.read(), done.wait()) == (b"", 0)


def test_memory_does_not_grow_with_the_table(database_url: str, sql: Sql, tmp_path: Path) -> None:
    program = (
        "import sys; from scrapersky.cli import _exit_code; code = _exit_code();"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0]); sys.exit(code)"
    )

    def peak() -> int:
        arguments = ["export", "pages", "--format", "jsonl", "-o", str(tmp_path / "pages.jsonl")]
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, "DATABASE_URL": database_url},
            capture_output=True,
            check=True,
        )
        return int(done.stdout)

    many_pages(sql, 1)
    small = peak()
    many_pages(sql, 100_000)
    assert peak() < 1.1 * small
    assert sum(1 for _ in (tmp_path / "pages.jsonl").open("rb")) == 100_001


def test_through_a_pooler(scrapersky: CommandLine, sql: Sql, pooled_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", pooled_url)
    for number in range(50):
        assert scrapersky("add", f"{number}.example").code == 0
    assert scrapersky("curate", "domains", "--all", "--yes", "--set", "Selected").out.startswith("50 changed, 50 newly")
    assert len(scrapersky("export", "domains", "--format", "jsonl").out.splitlines()) == 50
    assert scrapersky("status", "--json").json["queues"][3]["queued"] == 50
    assert scrapersky("requeue", "domains", "--all", "--yes").code == 0
    assert scrapersky("show", "domains", "7.example").code == 0
