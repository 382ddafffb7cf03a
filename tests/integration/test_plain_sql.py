"""Every statement of docs/operating.md does to rows in every state what the command above it does."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from scrapersky.queue import statements
from scrapersky.queue.queues import DOMAINS, QUEUES, Queue
from tests.support.command_line import CommandLine
from tests.support.rows import Sql, failed, in_work, queue_row, retrying, state

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
[BLOCK] = re.findall(r"```sql\n(.*?)```", PAGE.partition("## The same in SQL")[2], re.DOTALL)
DOCUMENTED = dict(re.findall(r"-- scrapersky ([^\n]+)\n(.*?;)", BLOCK, re.DOTALL))
STATES: dict[str, Callable[[Sql], Any]] = {
    "completed": lambda sql: queue_row(sql, DOMAINS, status="Completed"),
    "failed": lambda sql: failed(sql, DOMAINS, "http-503: too slow"),
    "failed otherwise": lambda sql: failed(sql, DOMAINS),
    "waiting": lambda sql: queue_row(sql, DOMAINS),
    "held": lambda sql: queue_row(sql, DOMAINS, scan_due_at="infinity"),
    "retrying": lambda sql: retrying(sql, DOMAINS, "http-503: too slow"),
    "in work": lambda sql: in_work(sql, DOMAINS),
}
OF_ROWS = [command for command in DOCUMENTED if not command.startswith(("pause", "resume"))]


def make_row(sql: Sql, kind: str, name: str) -> Any:
    key = STATES[kind](sql)
    sql("UPDATE domains SET domain = %s WHERE id = %s", name, key)
    return key


def seen(sql: Sql, key: Any) -> dict[str, Any]:
    row = state(sql, DOMAINS, key)
    [more] = sql(
        "SELECT sitemap_curation_status::text AS curation, sitemap_analysis_status::text AS analysis,"
        " sitemap_analysis_due_at IS NULL AS never FROM domains WHERE id = %s",
        key,
    )
    return {**row, "claim": row["claim"] is not None, **more}


@pytest.mark.parametrize("kind", STATES)
@pytest.mark.parametrize("command", OF_ROWS)
def test_a_statement_does_what_the_command_does(scrapersky: CommandLine, sql: Sql, command: str, kind: str) -> None:
    by_sql = make_row(sql, kind, "a.example")
    sql(DOCUMENTED[command])
    expected = seen(sql, by_sql)
    sql("DELETE FROM domains")
    by_command = make_row(sql, kind, "a.example")
    assert scrapersky(*shlex.split(command)).code == 0
    assert seen(sql, by_command) == expected


def test_a_queue_is_paused_and_resumed_by_statements(scrapersky: CommandLine, sql: Sql) -> None:
    queue_row(sql, DOMAINS)
    claim = statements.claim(DOMAINS, ("id",))
    values = {"token": uuid4(), "lease": 60, "limit": 10, "max_attempts": 5}
    [pause] = [command for command in DOCUMENTED if command.startswith("pause")]
    sql(DOCUMENTED[pause])
    assert sql(claim, **values) == []
    domains = next(each for each in scrapersky("status", "--json").json["queues"] if each["queue"] == "domains")
    assert "moving" in domains.values()
    sql(DOCUMENTED["resume domains"])
    assert len(sql(claim, **values)) == 1
    for command in (pause, "resume domains"):
        assert scrapersky(*shlex.split(command)).code == 0


@pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES.keys())
def test_the_page_names_every_queues_columns(queue: Queue) -> None:
    table = f"`{queue.table}`" + (f" where `{queue.where}`" if queue.where else "")
    cells = (f"`{queue.name}`", table, f"`{queue.status}`", f"`{queue.prefix}_…`", f"`{queue.error}`", queue.processing)
    assert f"| {' | '.join(cells)} |" in PAGE
