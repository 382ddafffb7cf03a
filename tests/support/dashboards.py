"""The Grafana dashboards of the chart: their queries, as Grafana would ask them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DASHBOARDS = Path(__file__).parents[2] / "charts" / "scrapersky" / "files" / "dashboards"


@dataclass(frozen=True)
class Target:
    """One query of a panel."""

    panel: dict[str, Any]
    expression: str
    legend: str


def load(name: str) -> dict[str, Any]:
    """A dashboard by the name of its file: ``pipeline`` or ``service``."""
    return dict(json.loads((DASHBOARDS / f"{name}.json").read_text()))


def targets(dashboard: dict[str, Any], service: str, window: str) -> Iterator[Target]:
    """Every query with Grafana's variables filled in.

    Args:
        dashboard: As `load` returned it.
        service: Value of ``$service``.
        window: Value of ``$__rate_interval`` and ``$__range``, e.g. ``5m``.
    """
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for variable, value in {"service": service, "__rate_interval": window, "__range": window}.items():
                expression = expression.replace(f"${variable}", value)
            yield Target(panel, expression, target["legendFormat"])
