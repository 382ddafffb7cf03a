"""Pictures of the dashboards, drawn from a Prometheus in the dashboards' own layout: ``make dashboards`` renews them.

Not Grafana's pixels, but its panels, queries, legends and units.
"""

import math
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from scrapersky.db.migrations import upgrade
from scrapersky.embedded import EmbeddedPostgres
from tests.support import dashboards
from tests.support.dashboards import Target
from tests.support.monitored import Monitored, monitored
from tests.support.postgres import make_settings

IMAGES = Path(__file__).parents[2] / "docs" / "images"
COLUMN, ROW, GAP, TITLE, POINTS, ROUNDS = 46, 26, 6, 18, 90, 6
COLORS = ("#3274d9", "#e0752d", "#37872d", "#c4162a", "#8f3bb8", "#b8860b", "#0a8f8f", "#6d6d6d")
WINDOW = "30s"
"""Of rates: the runs of the pictures follow each other within seconds, not minutes."""


def panels(board: dict[str, Any], service: str) -> Iterator[tuple[dict[str, Any], list[Target]]]:
    """Panels with their queries filled in."""
    found = list(dashboards.targets(board, service, WINDOW))
    for panel in board["panels"]:
        yield panel, [target for target in found if target.panel is panel]


def draw(board: dict[str, Any], whole: Monitored, end: float, service: str) -> str:
    """The dashboard as SVG."""
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]) * ROW + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {24 * COLUMN} {height}" font-family="sans-serif">',
        f'<rect width="100%" height="100%" fill="#f4f5f5"/><text x="8" y="26" font-size="18">{escape(board["title"])}',
        f"{escape(f' ({service})') if board['uid'].endswith('service') else ''}</text>",
    ]
    for panel, asked in panels(board, service):
        place = panel["gridPos"]
        width, tall = place["w"] * COLUMN - GAP, place["h"] * ROW - GAP
        parts += [
            f'<g transform="translate({place["x"] * COLUMN + GAP / 2} {place["y"] * ROW + 40})">',
            f'<rect width="{width}" height="{tall}" rx="3" fill="#fff" stroke="#d8d9da"/>',
            f'<text x="8" y="{TITLE - 3}" font-size="12" font-weight="bold">{escape(panel["title"])}</text>',
            *(_stat if panel["type"] == "stat" else _graph)(panel, asked, whole, end, (width, tall)),
            "</g>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def _stat(
    panel: dict[str, Any], asked: list[Target], whole: Monitored, end: float, size: tuple[int, int]
) -> Iterator[str]:
    whole_range = f"[{int(end - whole.began) + 1}s]"
    answer = whole.prometheus.get("query", query=asked[0].expression.replace(f"[{WINDOW}]", whole_range), time=end)
    [sample] = answer["result"]
    text = _legend(asked[0].legend, sample["metric"]) or _value(float(sample["value"][1]), _unit(panel))
    yield (
        f'<text x="{size[0] / 2}" y="{size[1] / 2 + 18}" font-size="{26 if len(text) < 9 else 15}"'
        f' text-anchor="middle" fill="#37872d">{escape(text)}</text>'
    )


def _graph(
    panel: dict[str, Any], asked: list[Target], whole: Monitored, end: float, size: tuple[int, int]
) -> Iterator[str]:
    step = max((end - whole.began) / POINTS, 1)
    lines = [
        (_legend(target.legend, each["metric"]), [(float(t), float(v)) for t, v in each["values"]])
        for target in asked
        for each in whole.prometheus.range(target.expression, whole.began, end, step)
    ]
    top = max((v for _, values in lines for _, v in values if math.isfinite(v)), default=0) or 1
    left, right, upper, lower = 52, size[0] - 10, TITLE + 8, size[1] - 34
    for part in (0, 0.5, 1):
        y = lower - part * (lower - upper)
        yield f'<path d="M{left} {y:.0f}H{right}" stroke="#e4e5e6"/>'
        mark = _value(part * top, _unit(panel))
        yield f'<text x="{left - 4}" y="{y + 3:.0f}" font-size="9" text-anchor="end">{mark}</text>'
    across, up = (right - left) / (end - whole.began), (lower - upper) / top
    for number, (_, values) in enumerate(lines):
        points = " ".join(
            f"{left + (t - whole.began) * across:.0f},{lower - v * up:.1f}" for t, v in values if math.isfinite(v)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{COLORS[number % len(COLORS)]}" stroke-width="1.3"/>'
    yield f'<text x="{left}" y="{lower + 11}" font-size="9">0 s</text>'
    yield f'<text x="{right}" y="{lower + 11}" font-size="9" text-anchor="end">{end - whole.began:.0f} s</text>'
    yield f'<text x="8" y="{size[1] - 8}" font-size="9.5">'
    for number, (name, _) in enumerate(lines[:9]):
        yield f'<tspan fill="{COLORS[number % len(COLORS)]}">\N{BLACK SQUARE} {escape(name)} \N{NO-BREAK SPACE}</tspan>'
    yield "</text>"


def _unit(panel: dict[str, Any]) -> str:
    return str(panel["fieldConfig"]["defaults"]["unit"])


def _legend(template: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        template = template.replace("{{" + name + "}}", value)
    return template


def _value(value: float, unit: str) -> str:
    suffix = {"s": " s", "ops": "/s", "reqps": "/s", "bytes": "B", "Bps": "B/s", "percentunit": "%"}.get(unit, "")
    if unit == "percentunit":
        value *= 100
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f} {letter}{suffix.strip()}"
    return f"{value:.3g}{suffix}"


def main() -> None:
    """Run the pipeline and draw both."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, EmbeddedPostgres() as postgres:
        upgrade(make_settings(postgres.url))
        with monitored(postgres.url, Path(directory), ROUNDS) as whole:
            end = float(whole.prometheus.get("query", query="time()")["result"][0])
            for name in ("pipeline", "service"):
                text = draw(dashboards.load(name), whole, end, "domain-scheduler")
                (IMAGES / f"{name}.svg").write_text(text)


if __name__ == "__main__":
    main()
