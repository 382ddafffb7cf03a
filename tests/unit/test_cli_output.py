"""What people see: one line a value, tables that fit, and no question where nobody can answer."""

import io
import sys
from collections.abc import Sequence
from typing import Any

import click
import pytest
from rich.console import Console

from scrapersky.cli.output import confirm, counting, duration, print_rows, shown
from scrapersky.cli.prune import age
from scrapersky.cli.tables import TABLES
from scrapersky.cli.terminal import table
from scrapersky.db.models import Base
from tests.support.command_line import Terminal

ROWS: list[dict[str, Any]] = [{"id": "a" * 36, "n": 3, "title": "x" * 200}, {"id": "b" * 36, "n": None, "title": "y"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (7, "7"),
        (10.0, "10"),
        (30.26715, "30.26715"),
        ("two\nlines\tand  space ", "two lines and space"),
        ("\x1b[31mred\x07\x9b1m\u202e", "[31mred 1m"),
        ({"a": "ü"}, '{"a": "ü"}'),
        ([1, "x"], '[1, "x"]'),
        ("2026-11-24T12:00:36.652363+00:00", "2026-11-24T12:00:36+00:00"),
        ("infinity", "infinity"),
    ],
)
def test_a_value_is_one_line_without_control_characters(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "0.0s"),
        (4.24, "4.2s"),
        (60, "1m 0s"),
        (200, "3m 20s"),
        (3_599.6, "1h 0m"),
        (7_320, "2h 2m"),
        (86_400 * 2 + 3_600 * 5, "2d 5h"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("given", "hours"), [("30", 720), ("30d", 720), ("12h", 12), ("4w", 672)])
def test_ages(given: str, hours: int) -> None:
    assert age(given) == hours


@pytest.mark.parametrize("given", ["", "0", "-1", "1.5", "d", "3 days", "1000000"])
def test_what_is_no_age(given: str) -> None:
    with pytest.raises(click.BadParameter, match="is no age"):
        age(given)


def test_a_pipe_gets_aligned_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"id": 1, "two_words": "a"}, {"id": 10, "two_words": None}], ("id", "two_words"), as_json=False)
    assert capsys.readouterr().out == "ID  TWO_WORDS\n1   a\n10\n"


def test_no_rows_are_a_heading_or_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], ("id",), as_json=False)
    print_rows([], ("id",), as_json=True)
    assert capsys.readouterr().out == "ID\n[]\n"


def drawn(rows: Sequence[dict[str, Any]], columns: Sequence[str], width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=200)
    console.print(table(rows, columns, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_fits_and_keeps_its_first_column_whole(width: int) -> None:
    lines = drawn(ROWS, ("id", "n", "title", "title"), width)
    assert max(len(line.rstrip()) for line in lines) <= max(width, 36 + 1 + 12 + 12 + 4 * 2)
    assert sum("a" * 36 in line for line in lines) == 1
    assert "…" in "".join(lines)


def test_with_few_columns_nothing_is_cut() -> None:
    lines = drawn(ROWS, ("id", "title"), 60)
    assert "".join(lines).count("x") == 200
    assert "…" not in "".join(lines)


def test_figures_stand_on_the_right() -> None:
    lines = drawn([{"rows_per_minute": 5}, {"rows_per_minute": 5000}], ("rows_per_minute",), 80)
    assert [line.rstrip() for line in lines] == ["  rows", "   per", "minute", "───────", "     5", "  5000"]


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    print_rows(ROWS, ("id", "n"), as_json=False)
    assert "─────" in capsys.readouterr().out


def test_nobody_to_ask_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(click.UsageError, match="--yes"):
        confirm("Really?", yes=False)
    confirm("Really?", yes=True)


def test_no_changes_nothing_and_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\ny\n"))
    with pytest.raises(click.exceptions.Exit) as end:
        confirm("Really?", yes=False)
    assert end.value.exit_code == 0
    confirm("Really?", yes=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert "nothing was changed" in err


def test_counts_move_in_a_terminal_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with counting("rows") as count:
        count(5)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with counting("rows") as count:
        count(1500)
    out, err = capsys.readouterr()
    assert out == ""
    assert "1,500 rows" in err


@pytest.mark.parametrize("view", TABLES.values(), ids=TABLES.keys())
def test_tables_are_described_as_they_are(view: Any) -> None:
    columns = Base.metadata.tables[view.name].columns
    named = {*view.columns, *view.statuses, "id"} | {name for name in (view.natural, view.curation) if name}
    assert named <= set(columns.keys())
    assert columns["id"].type.python_type.__name__.lower() == view.key_type
    for column, labels in view.statuses.items():
        assert getattr(columns[column].type, "enum_class", None) is labels
    assert view.natural is None or columns[view.natural].unique
