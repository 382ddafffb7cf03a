"""One self-contained page about the pipeline: funnel, runs over time, errors by cause, slowest sites.

No script, no font and no picture from elsewhere; whatever the database holds is escaped.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from scrapersky.queue.queues import QUEUES, Queue

Rows = Sequence[Mapping[str, Any]]

FUNNEL = {
    "places_staging": "places found",
    "local_businesses": "businesses",
    "domains": "domains",
    "sitemap_files": "sitemaps",
    "pages": "pages",
}
CHART_WIDTH, CHART_HEIGHT = 720, 120

RUNS_SQL = """
SELECT service, started_at, completed, failed, extract(epoch FROM finished_at - started_at)::float8 AS seconds
FROM service_runs WHERE finished_at IS NOT NULL AND started_at >= %s AND claimed > 0
ORDER BY started_at DESC LIMIT 500"""
SERVICES_SQL = """
SELECT service, count(*) AS runs, sum(claimed) AS claimed, sum(completed) AS completed, sum(retried) AS retried,
    sum(failed) AS failed, round(sum(extract(epoch FROM finished_at - started_at)), 1) AS seconds
FROM service_runs WHERE started_at >= %s GROUP BY service ORDER BY service"""
SLOWEST_SQL = """
SELECT domain, max(response_time_ms) AS milliseconds, count(*) AS sitemaps
FROM sitemap_files JOIN domains ON domains.id = domain_id
WHERE response_time_ms IS NOT NULL GROUP BY domain ORDER BY 2 DESC LIMIT 10"""


def render(connection: Connection[DictRow], since: datetime, title: str) -> str:
    """The page, as HTML.

    Args:
        connection: Only read from.
        since: Runs before that are left out.
        title: Heading of the page.
    """

    def rows(sql: str, *values: object) -> Rows:
        return connection.execute(sql.encode(), values).fetchall()

    counts = {
        label: rows(f"SELECT count(*) AS n FROM {table}")[0]["n"]  # noqa: S608
        for table, label in FUNNEL.items()
    }
    causes = [row for queue in QUEUES.values() for row in rows(_errors_sql(queue))]
    sections = [
        f"<h1>{escape(title)}</h1><p>Runs since {since:%Y-%m-%d %H:%M} UTC.</p>",
        f"<h2>Funnel</h2>{_bars(counts)}",
        f"<h2>Services</h2>{_table(rows(SERVICES_SQL, since))}",
        f"<h2>Runs over time</h2>{_timeline(rows(RUNS_SQL, since))}",
        f"<h2>Errors by cause</h2>{_table(causes)}",
        f"<h2>Slowest sites</h2>{_table(rows(SLOWEST_SQL))}",
    ]
    return PAGE.format(title=escape(title), body="\n".join(sections))


def _errors_sql(queue: Queue) -> str:
    narrowed = f"AND {queue.where}" if queue.where else ""
    return (
        f"SELECT '{queue.name}' AS queue, split_part({queue.error}, ':', 1) AS cause, count(*) AS rows,"  # noqa: S608
        f" left(min({queue.error}), 200) AS example FROM {queue.table} WHERE {queue.status} = 'Error' {narrowed}"
        " GROUP BY 2 ORDER BY 3 DESC, 2"
    )


def _bars(counts: Mapping[str, int]) -> str:
    most = max([*counts.values(), 1])
    return "".join(
        f'<div class="bar"><span>{escape(label)}</span><i style="width:{100 * count**0.5 / most**0.5:.1f}%"></i>'
        f"<b>{count:,}</b></div>"
        for label, count in counts.items()
    )


def _timeline(runs: Rows) -> str:
    if not runs:
        return "<p>None that had something to do.</p>"
    first = min(run["started_at"] for run in runs)
    span = max((max(run["started_at"] for run in runs) - first).total_seconds(), 1)
    most = max(run["completed"] + run["failed"] for run in runs) or 1
    dots = "".join(_dot(run, (run["started_at"] - first).total_seconds() / span, most) for run in runs)
    size = f'viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT}" width="{CHART_WIDTH}"'
    return f'<svg {size} role="img" aria-label="rows settled by run">{dots}</svg>'


def _dot(run: Mapping[str, Any], at: float, most: int) -> str:
    settled = run["completed"] + run["failed"]
    x, y = 8 + at * (CHART_WIDTH - 16), CHART_HEIGHT - 8 - settled / most * (CHART_HEIGHT - 16)
    words = f"{run['service']}, {run['started_at']:%H:%M:%S}: {settled} rows in {run['seconds']:.1f} s"
    colour = "#b3261e" if run["failed"] else "#1b6e3c"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{escape(words)}</title></circle>'


def _table(rows: Rows) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{escape('' if value is None else str(value))}</td>" for value in row.values()) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .2rem .6rem; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }}
.bar {{ display: flex; align-items: center; gap: .6rem; }}
.bar span {{ width: 8rem; }} .bar i {{ background: #3a6ea5; height: 1rem; min-width: 2px; }}
</style></head><body>
{body}
</body></html>
"""
