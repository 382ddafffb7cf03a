"""``scrapersky db`` as a process: data on stdout, words on stderr, exit codes of the contract."""

import json
import os
import subprocess
import sys

import pytest

from scrapersky.db.revision import HEAD


def scrapersky(*arguments: str, database_url: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if database_url is not None:
        environment["DATABASE_URL"] = database_url
    command = [sys.executable, "-m", "scrapersky.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_from_nothing_to_a_checked_schema(empty_database_url: str) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        done = scrapersky("db", *arguments, database_url=empty_database_url)
        return done.returncode, done.stdout, done.stderr

    assert run("current") == (0, "none\n", "")
    code, out, err = run("check")
    assert (code, out) == (1, "the schema: run `scrapersky db upgrade`\n")
    assert "run `scrapersky db upgrade`" in err
    assert run("upgrade") == (0, "", f"The schema went from nothing to {HEAD}.\n")
    assert run("upgrade") == (0, "", f"The schema is at {HEAD} already; nothing to do.\n")
    assert run("check") == (0, "", "Nothing is missing.\n")
    assert run("current") == (0, f"{HEAD}\n", "")


def test_json(database_url: str) -> None:
    current = scrapersky("db", "current", "--json", database_url=database_url)
    assert json.loads(current.stdout) == {"revision": HEAD, "needed": HEAD}
    check = scrapersky("db", "check", "--json", database_url=database_url)
    assert (check.returncode, json.loads(check.stdout)) == (0, {"missing": []})


@pytest.mark.parametrize("command", ["upgrade", "current", "check"])
def test_an_unreachable_database_is_75_in_one_line(command: str) -> None:
    done = scrapersky("db", command, database_url="postgresql://me:s3cret@127.0.0.1:1/sky")
    assert (done.returncode, done.stdout) == (75, "")
    assert done.stderr.startswith("the database at 127.0.0.1:1/sky cannot be used: Connection refused; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("url", [None, "mysql://me:s3cret@db.example/sky"])
def test_a_wrong_or_missing_url_is_78_in_one_line(url: str | None) -> None:
    done = scrapersky("db", "current", database_url=url)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("DATABASE_URL: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [(), ("upgrade",), ("current",), ("check",)])
def test_help_has_an_example(command: tuple[str, ...]) -> None:
    done = scrapersky("db", *command, "--help", database_url=None)
    assert done.returncode == 0
    assert "Example" in done.stdout
