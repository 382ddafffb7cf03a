"""Commands and the database: away, not migrated, lost on the way, and interrupted."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest

from tests.support.command_line import CommandLine
from tests.support.rows import Sql, insert

NEEDING = [
    ("add", "a.example"),
    ("search", "plumbers", "--location", "Austin"),
    ("curate", "domains", "--all", "--yes", "--set", "New"),
    ("status",),
    ("runs",),
    ("errors",),
    ("requeue", "domains", "--all", "--yes"),
    ("cancel", "domains", "--all", "--yes"),
    ("pause", "domains"),
    ("resume", "domains"),
    ("list", "domains"),
    ("show", "domains", "a.example"),
    ("export", "domains", "--format", "csv"),
    ("prune", "--yes"),
]
every_command = pytest.mark.parametrize("arguments", NEEDING, ids=[arguments[0] for arguments in NEEDING])


@every_command
def test_an_unreachable_database_is_75_in_one_line(
    scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:1/sky")
    done = scrapersky(*arguments)
    assert (done.code, done.out) == (75, "")
    assert done.err.startswith("the database at 127.0.0.1:1/sky cannot be used: Connection refused; ")
    assert done.err.count("\n") == 1


@every_command
def test_a_database_without_a_schema_is_75_and_says_what_to_do(
    scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch, empty_database_url: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    done = scrapersky(*arguments)
    assert (done.code, done.out) == (75, "")
    assert "is not migrated" in done.err
    assert "scrapersky db upgrade" in done.err
    assert done.err.count("\n") == 1


@every_command
def test_a_missing_setting_is_78(
    scrapersky: CommandLine, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    done = scrapersky(*arguments)
    assert (done.code, done.out, done.err) == (78, "", "DATABASE_URL: is not set; see docs/configuration.md\n")


@every_command
def test_an_older_schema_is_75(scrapersky: CommandLine, sql: Sql, arguments: tuple[str, ...]) -> None:
    sql("UPDATE scrapersky_schema SET version_num = '0000'")
    done = scrapersky(*arguments)
    assert (done.code, done.out) == (75, "")
    assert "revision 0000" in done.err


def waiting_for_a_lock(url: str) -> "subprocess.Popen[str]":
    """A `curate` that waits for a row which somebody else has locked."""
    command = [sys.executable, "-m", "scrapersky.cli", "curate", "domains", "--all", "--yes", "--set", "Maybe"]
    done = subprocess.Popen(
        command, env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with psycopg.connect(url, autocommit=True) as watching:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while watching.execute(waits).fetchone() == (0,):
            assert done.poll() is None
    return done


def test_a_connection_lost_on_the_way_is_75_and_what_was_done_stays_whole(database_url: str, sql: Sql) -> None:
    insert(sql, "domains")
    with psycopg.connect(database_url) as other:
        other.execute("SELECT * FROM domains FOR UPDATE")
        curating = waiting_for_a_lock(database_url)
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        out, err = curating.communicate()
    assert (curating.returncode, out) == (75, "")
    assert "terminating connection" in err
    assert err.count("\n") == 1
    assert sql("SELECT count(*) FROM domains WHERE sitemap_curation_status = 'Maybe'") == [{"count": 0}]


def test_ctrl_c_is_130_and_changes_nothing_more(database_url: str, sql: Sql) -> None:
    insert(sql, "domains")
    with psycopg.connect(database_url) as other:
        other.execute("SELECT * FROM domains FOR UPDATE")
        curating = waiting_for_a_lock(database_url)
        curating.send_signal(signal.SIGINT)
        out, err = curating.communicate()
    assert (curating.returncode, out, err.strip()) == (130, "", "")
    assert sql("SELECT count(*) FROM domains WHERE sitemap_curation_status = 'Maybe'") == [{"count": 0}]
