"""A drain's memory does not grow with the queue."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

Sql = Callable[..., list[dict[str, Any]]]


def peak_of_draining(sql: Sql, url: str, rows: int) -> int:
    sql("TRUNCATE domains CASCADE")
    sql("INSERT INTO domains (domain) SELECT 'd' || n || '.example' FROM generate_series(1, %s::int) n", rows)
    command = [sys.executable, "-m", "tests.benchmarks.claim_workers.ours", url]
    said = subprocess.run(command, input="go\n", capture_output=True, text=True, check=True, timeout=150).stdout
    assert sql("SELECT DISTINCT status::text FROM domains") == [{"status": "Completed"}]
    return next(int(line.split()[1]) for line in said.splitlines() if line.startswith("peak"))


def test_draining_100_times_as_many_rows_takes_no_more_memory(database_url: str, sql: Sql) -> None:
    few, many = (peak_of_draining(sql, database_url, rows) for rows in (1_000, 100_000))
    assert many <= 1.1 * few, f"{few} and {many} KiB"
