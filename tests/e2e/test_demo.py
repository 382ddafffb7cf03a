"""``scrapersky demo`` as a user runs it."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from scrapersky.demo import DemoReport, StageReport
from tests.internet.hostile import hostile_sites
from tests.internet.sites import friendly_sites
from tests.support.promises import check_totals

COMMAND = Path(sys.executable).with_name("scrapersky")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """As of a user who has set nothing; temporary files go where the test can see them."""
    (tmp_path / "tmp").mkdir(mode=0o755)
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}


@pytest.mark.timeout(240)
def test_the_demo_counts_what_its_sites_promise_and_keeps_its_database_when_asked(
    environment: dict[str, str], tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    command = [str(COMMAND), "demo", "--json", "--keep", "--report", str(page)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["seconds"] < 120
    stages = [StageReport(**stage) for stage in report["stages"]]
    check_totals(DemoReport(**{**report, "stages": stages}), friendly_sites() + hostile_sites())
    assert "<html" in page.read_text()
    url = re.search(r"DATABASE_URL='?(\S+?)'?\n", done.stderr)
    stop = re.search(r"Stop it and delete it:\n\s*(.+)", done.stderr)
    assert url is not None
    assert stop is not None
    with psycopg.connect(url[1]) as connection:
        [pages] = connection.execute("SELECT count(*) FROM pages").fetchone() or [0]
    assert pages == report["funnel"]["pages"]
    subprocess.run(stop[1], shell=True, check=True)  # noqa: S602


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_demo_leaves_no_process_behind(
    environment: dict[str, str], number: signal.Signals
) -> None:
    process = await asyncio.create_subprocess_exec(COMMAND, "demo", env=environment, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"staging" not in (line := await process.stderr.readline()):
            assert line, "the demo ended before it was interrupted"
        children = psutil.Process(process.pid).children(recursive=True)
        assert any("postgres" in child.name() for child in children)
        process.send_signal(number)
        await process.communicate()
    assert process.returncode not in {0, None}
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


async def test_watching_ends_when_nothing_is_queued_any_more(
    environment: dict[str, str], database_url: str, sql: Callable[..., list[dict[str, Any]]]
) -> None:
    sql("INSERT INTO jobs (job_type) VALUES ('places_search')")
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        *("demo", "--watch", "--json"),
        env=environment | {"DATABASE_URL": database_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"staging" not in (line := await process.stderr.readline()):
            assert line, "it ended while a row was queued"
        sql("UPDATE jobs SET status = 'Error', error = 'made-up: a cause'")
        output, _ = await process.communicate()
    assert process.returncode == 0
    stages = {stage["queue"]: stage for stage in json.loads(output)["stages"]}
    assert stages["place-searches"]["causes"] == {"made-up": 1}


def test_watching_needs_a_database_of_the_current_schema(environment: dict[str, str], empty_database_url: str) -> None:
    given = environment | {"DATABASE_URL": empty_database_url}
    done = subprocess.run([COMMAND, "demo", "--watch"], env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (75, 1), done.stderr


def test_watching_starts_nothing_that_could_be_kept(environment: dict[str, str]) -> None:
    command = [str(COMMAND), "demo", "--watch", "--keep"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--watch starts no database that --keep could leave running" in done.stderr
