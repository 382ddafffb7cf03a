"""Data on stdout: a table in a terminal, aligned text when piped, JSON on request."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import click

Row = Mapping[str, object]


def print_rows(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows: one JSON document, or a table of these columns."""
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], default=str))
        return
    cells = [[_shown(row.get(column)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _print_table(columns, cells)
    else:
        _print_aligned([[column.upper() for column in columns], *cells])


def _print_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(column.replace("_", " ") for column in columns))
    for line in cells:
        table.add_row(*map(Text, line))
    Console().print(table)


def _print_aligned(lines: Iterable[Sequence[str]]) -> None:
    lines = [*lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:.1f}"
    text = json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
    return " ".join(text.split())


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is destroyed; ``--yes`` answers, and so must a script.

    Raises:
        click.UsageError: Nobody can answer, and ``--yes`` was not given.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: say --yes")
    click.confirm(question, abort=True, err=True)
