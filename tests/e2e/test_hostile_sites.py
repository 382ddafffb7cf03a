"""All hostile sites at once while good ones are due: these complete, memory stays bounded, each cause is its own."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.internet.crowd import crowd
from tests.internet.hostile import hostile_sites, worse_sites
from tests.internet.network import SmallInternet
from tests.support.promises import check_sites
from tests.support.services import MODULES

Sql = Callable[..., list[dict[str, Any]]]
GOOD = int(os.environ.get("GOOD_SITES") or 200)
MOST_MEBIBYTES = 256
"""The container's memory limit."""
STEPS = {
    "domain-scheduler": ("domains", "status"),
    "domain-sitemap-submission": ("domains", "sitemap_analysis_status"),
    "sitemap-import": ("sitemap_files", "sitemap_import_status"),
}


MEASURED = """
import atexit, runpy, sys
from pathlib import Path
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
atexit.register(peak)
runpy.run_module(sys.argv[1], run_name="__main__")
"""


async def peak_mebibytes(service: str, environment: Mapping[str, str]) -> float:
    """Run a service as its container does; the most memory that its process had (Linux)."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MEASURED, MODULES[service]),
        env={"PATH": os.environ["PATH"], "LOG_FORMAT": "json", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    peak, words = await process.communicate()
    assert process.returncode == 0, words.decode()
    return int(peak) / 1024


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_all_hostile_sites_at_once_spoil_nothing_for_the_good_ones(
    tmp_path: Path, database_url: str, sql: Sql
) -> None:
    bad = hostile_sites() + worse_sites()
    good = crowd(GOOD)
    async with SmallInternet(tmp_path, [*bad, *good]) as internet:
        environment = {**internet.environment, "DATABASE_URL": database_url, "AUTO_SELECT": "true", "MAX_ATTEMPTS": "2"}
        environment |= {"FETCH_READ_TIMEOUT": "8", "FETCH_TOTAL_TIMEOUT": "16"}
        for site in internet.sites:  # the bad ones first, so that each good one meets them at work
            sql("INSERT INTO domains (domain, status) VALUES (%s, 'Queued')", site.host)
        peaks: dict[str, float] = {}
        for service, (table, column) in STEPS.items():
            left = f"SELECT count(*) AS n FROM {table} WHERE {column} IN ('Queued', 'Processing')"
            while sql(left)[0]["n"]:
                peaks[service] = max(await peak_mebibytes(service, environment), peaks.get(service, 0))
    assert peaks.keys() == STEPS.keys()
    assert max(peaks.values()) < MOST_MEBIBYTES, peaks
    check_sites(sql, [*bad, *good])
    [counted] = sql(
        "SELECT count(*) FILTER (WHERE status = 'Completed') AS n FROM domains WHERE domain LIKE 'plumber%'"
    )
    assert counted["n"] == GOOD
