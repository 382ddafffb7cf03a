"""The root command: what help costs, how errors end, and that every command teaches itself."""

import os
import subprocess
import sys
from types import SimpleNamespace

import click
import pytest

from scrapersky.cli import COMMANDS, cli
from scrapersky.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    InputError,
    LeaseLostError,
    PermanentError,
    RefusedError,
    TransientError,
)
from tests.support.command_line import CommandLine
from tests.support.generate_docs import commands

HEAVY = ("sqlalchemy", "psycopg", "pydantic", "rich", "lxml", "httpx", "alembic")


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("nonsense",)])
def test_the_root_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys; from scrapersky.cli import _exit_code; sys.argv[0] = 'scrapersky'; _exit_code();"
        f"sys.stderr.write('loaded: ' + ' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr.endswith("loaded: ")


def test_help_lists_every_command_and_says_where_settings_are(scrapersky: CommandLine) -> None:
    done = scrapersky("--help")
    assert (done.code, done.err) == (0, "")
    for name, (_, line) in COMMANDS.items():
        assert f"\n  {name.ljust(7)}  {line}\n" in done.out
    assert "Examples:" in done.out
    assert "scrapersky config" in done.out


def test_version(scrapersky: CommandLine) -> None:
    assert scrapersky("--version").out.startswith("scrapersky, version 0.")


every_command = pytest.mark.parametrize(
    ("context", "command"), [pytest.param(c, command, id=c.command_path) for c, command in commands()]
)


@every_command
def test_every_command_has_help_and_an_example(context: click.Context, command: click.Command) -> None:
    assert command.help, "no help"
    assert command.help.splitlines()[0].endswith(".")
    assert f"scrapersky {context.command_path.partition(' ')[2]}" in (command.epilog or "")
    assert "Example" in (command.epilog or "")


@every_command
def test_every_option_has_help(context: click.Context, command: click.Command) -> None:
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []


def test_names_in_the_table_are_those_of_the_commands() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
    assert cli.get_command(context, "nonsense") is None


def test_an_unknown_command_is_wrong_usage(scrapersky: CommandLine) -> None:
    done = scrapersky("nonsense")
    assert (done.code, done.out) == (2, "")
    assert "No such command 'nonsense'" in done.err


@pytest.mark.parametrize(
    ("arguments", "valid"),
    [
        (("run", "nonsense"), "domain-sitemap-submission"),
        (("pause", "nonsense"), "sitemap-imports"),
        (("errors", "nonsense"), "domain-extractions"),
        (("list", "nonsense"), "places_staging (places)"),
        (("curate", "pages", "--all", "--set", "New"), "sitemap_files (sitemaps)"),
        (("runs", "--service", "nonsense"), "local-business-enrichment"),
        (("curate", "domains", "--all", "--set", "nonsense"), "not a fit"),
    ],
)
def test_an_unknown_name_is_wrong_usage_and_names_the_valid_ones(
    scrapersky: CommandLine, arguments: tuple[str, ...], valid: str
) -> None:
    done = scrapersky(*arguments)
    assert (done.code, done.out) == (2, "")
    assert valid in done.err


def ending_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make ``scrapersky fail`` end so."""

    @click.command()
    def fail() -> None:
        click.echo("some data")
        raise error

    monkeypatch.setitem(sys.modules, "failing", SimpleNamespace(fail=fail))
    monkeypatch.setitem(COMMANDS, "fail", ("failing:fail", "Fail."))


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("x.csv: no CSV"), 65, "x.csv: no CSV\n"),
        (
            TransientError("http-503", "https://a.example/ answered 503"),
            69,
            "http-503: https://a.example/ answered 503\n",
        ),
        (PermanentError("http-404", "gone"), 69, "http-404: gone\n"),
        (LeaseLostError("lost"), 70, "lost\n"),
        (DatabaseUnavailableError("not there"), 75, "not there\n"),
        (RefusedError("address-refused", "10.0.0.1"), 77, "address-refused: 10.0.0.1\n"),
        (ConfigurationError("A: is not set\nB: is wrong"), 78, "A: is not set\nB: is wrong\n"),
        (click.UsageError("too much"), 2, "Error: too much\n"),
        (click.exceptions.Exit(1), 1, ""),
        (click.Abort(), 130, ""),
        (KeyboardInterrupt(), 130, "\n"),
    ],
)
def test_errors_end_with_their_exit_code_and_a_line(
    monkeypatch: pytest.MonkeyPatch, scrapersky: CommandLine, error: BaseException, code: int, line: str
) -> None:
    ending_with(monkeypatch, error)
    done = scrapersky("fail")
    assert (done.code, done.out) == (code, "some data\n")
    assert done.err.endswith(line)
    assert "Traceback" not in done.err


def test_a_bug_is_one_line(monkeypatch: pytest.MonkeyPatch, scrapersky: CommandLine) -> None:
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    ending_with(monkeypatch, KeyError("a\nb"))
    done = scrapersky("fail")
    assert done.code == 70
    assert done.err.startswith("bug: KeyError('a\\nb'); run again with LOG_LEVEL=DEBUG")
    assert done.err.count("\n") == 1


def test_a_bug_shows_its_traceback_on_request(monkeypatch: pytest.MonkeyPatch, scrapersky: CommandLine) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    ending_with(monkeypatch, KeyError("x"))
    done = scrapersky("fail")
    assert done.code == 70
    assert "Traceback" in done.err
    assert "bug: KeyError('x')" in done.err


def completed(line: str) -> list[str]:
    """What bash offers after ``line``; its last word is being typed."""
    environment = {
        **os.environ,
        "_SCRAPERSKY_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    command = [sys.executable, "-c", "from scrapersky.cli import main; main()"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [item.partition(",")[2] for item in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("scrapersky res", ["resume"]),
        ("scrapersky --v", ["--version"]),
        ("scrapersky pause sitemap-i", ["sitemap-imports"]),
        ("scrapersky list places", ["places_staging", "places"]),
        ("scrapersky curate pl", ["places_staging", "places"]),
        ("scrapersky run sitemap-s", ["sitemap-scheduler"]),
    ],
)
def test_completion(line: str, offered: list[str]) -> None:
    assert completed(line) == offered


def test_a_reader_that_leaves_is_no_error() -> None:
    command = [sys.executable, "-c", "from scrapersky.cli import main; main()", "--help"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
