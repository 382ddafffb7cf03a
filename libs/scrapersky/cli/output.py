"""Data on stdout: tables in a terminal, aligned text when piped, JSON on request. Words go to stderr."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

Json = dict[str, Any]
Row = Mapping[str, object]
Command = TypeVar("Command", bound=Callable[..., Any])
MINUTE, HOUR, DAY = 60, 3600, 86400
_FRACTION = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+")


def examples(*lines: str) -> str:
    """The epilog of a command: its examples, a line each, without ``scrapersky`` in front."""
    return "\b\n" + "\n".join(["Example:" if len(lines) == 1 else "Examples:", *(f"  scrapersky {it}" for it in lines)])


def json_option(shape: str) -> Callable[[Command], Command]:
    """The option ``--json``, whose help says what the document holds; a command gets it as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help=f"Print one JSON document: {shape}.")


def print_json(document: object) -> None:
    """Print one JSON document on one line."""
    click.echo(json.dumps(document, default=str))


def print_counts(counts: Row, sentence: str, *, as_json: bool) -> None:
    """Print what a command did: the counts as JSON, or a sentence that holds them."""
    if as_json:
        print_json(counts)
    else:
        click.echo(sentence)


def print_rows(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows: one JSON document with everything that they hold, or these columns for people."""
    if as_json:
        print_json(rows)
    elif sys.stdout.isatty():
        from scrapersky.cli.terminal import print_table

        print_table(rows, columns)
    else:
        heading = [column.upper() for column in columns]
        _print_aligned([heading, *([shown(row.get(column)) for column in columns] for row in rows)])


def _print_aligned(lines: Iterable[Sequence[str]]) -> None:
    lines = [*lines]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def shown(value: object) -> str:
    """A value on one line. What websites sent may hold anything: no control character reaches a terminal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    text = _FRACTION.sub(r"\1", text)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())


def duration(seconds: float | None) -> str:
    """A duration for people, two units of it: ``4.2s``, ``3m 20s``, ``2d 5h``; empty for None."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    for unit, name, below, smaller in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "m")):
        if whole >= unit:
            return f"{whole // unit}{name} {whole % unit // below}{smaller}"
    return f"{whole // MINUTE}m {whole % MINUTE}s"


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is destroyed; ``--yes`` is the answer of scripts. "No" ends the command with exit code 0.

    Raises:
        click.UsageError: Nobody can answer here, and ``--yes`` was not given.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: add --yes")
    if not click.confirm(question, err=True):
        click.echo("nothing was changed", err=True)
        raise click.exceptions.Exit(0)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A live count on stderr while something large goes on; nothing where stderr is no terminal.

    Yields:
        A function to call with how many more are done.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from scrapersky.cli import terminal

    with terminal.counting(what) as count:
        yield count
