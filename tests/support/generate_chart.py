"""The parts of the chart that are made: its README from values.yaml, settings in values.schema.json, the demo's hosts.

``make docs`` writes them; a test fails while one of them differs from what is made here.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapersky.settings import SETTINGS_PREFIX, Settings
from tests.internet.network import all_sites, hosts

CHART = Path(__file__).parents[2] / "charts" / "scrapersky"
OF_EVERY_SERVICE = ("interval_minutes", "batch_size", "max_instances")
HAS_ITS_OWN_VALUE = {
    "database_url",
    "fetch_ca_file",
    "google_maps_api_key",
    "pushgateway_url",
    "start_delay_seconds",
    "time_budget_seconds",
} | {f"{prefix}_{name}" for prefix in SETTINGS_PREFIX.values() for name in OF_EVERY_SERVICE}
"""Settings that stand elsewhere in the values than in ``config``."""

URL = r"^https?://([A-Za-z0-9._-]+|[[][0-9a-fA-F:.]+[]])(:[0-9]{1,5})?(/[^ %]*)?$"
SHAPES = {
    "fetch_allow_networks": r"^$|^[0-9a-fA-F:.]+/[0-9]+( *, *[0-9a-fA-F:.]+/[0-9]+)*$",
    "fetch_allow_ports": r"^[0-9]+( *, *[0-9]+)*$",
    "fetch_port_map": r"^$|^[0-9]+=[0-9]+( *, *[0-9]+=[0-9]+)*$",
    "default_tenant_id": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}
"""Patterns of strings that a setting splits or parses."""

KEPT = ("type", "enum", "minimum", "maximum", "exclusiveMinimum", "pattern", "description")

INTRODUCTION = """\
# The ScraperSky chart

Five CronJobs that find local businesses, their websites, and what those websites hold, over one PostgreSQL queue.
Helm 3 and 4, Kubernetes 1.29 and newer; pods fit the restricted Pod Security Standard and need no rights.

```
helm install scrapersky charts/scrapersky --namespace scrapersky --create-namespace \\
  --set image.repository=registry.example/scrapersky --set database.existingSecret=scrapersky
```

[docs/install.md](../../docs/install.md) walks through each way of installing; `ci/` has the values for each:

| values | for |
|---|---|
"""

VALUES = """
## Values

Unknown keys and wrong types are refused. This page is made from `values.yaml` by `make docs`.

| key | default | what it does |
|---|---|---|
"""


@dataclass(frozen=True)
class Value:
    """A key of values.yaml: its path, its default as it stands there, and the comment above it."""

    path: str
    default: str
    comment: str


def rendered() -> dict[Path, str]:
    """Path → what must stand there."""
    return {
        CHART / "README.md": readme(),
        CHART / "values.schema.json": schema(),
        CHART / "files" / "demo-hosts": hosts(all_sites()),
    }


def readme() -> str:
    """README.md of the chart."""
    installs = [f"| `ci/{path.name}` | {_first_comment(path)} |" for path in sorted((CHART / "ci").glob("*.yaml"))]
    rows = [f"| `{each.path}` | {_code(each.default)} | {each.comment} |" for each in values() if each.comment]
    return INTRODUCTION + "\n".join(installs) + "\n" + VALUES + "\n".join(rows) + "\n"


def values() -> Iterator[Value]:
    """Every key of values.yaml that has a line of its own, in its order."""
    lines = (CHART / "values.yaml").read_text().splitlines()
    above: list[str] = []
    path: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        text = line.strip()
        if text.startswith("#"):
            above.append(text.removeprefix("#").strip())
            continue
        found = re.match(r"^( *)([A-Za-z0-9_-]+):(?: (.*))?$", line)
        if found:
            indent, key, default = len(found[1]), found[2], found[3] or ""
            path = [each for each in path if each[0] < indent] + [(indent, key)]
            dotted = ".".join(name for _, name in path)
            yield Value(dotted, default or _below(lines[number + 1 :], indent), " ".join(above))
        above = []


def schema() -> str:
    """values.schema.json as it stands there, with the settings that there are today."""
    document = json.loads((CHART / "values.schema.json").read_text())
    document["definitions"]["config"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name.upper(): _property(name) for name in Settings.model_fields if name not in HAS_ITS_OWN_VALUE
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _property(name: str) -> dict[str, Any]:
    declared = Settings.model_json_schema()["properties"][name]
    variants = declared.pop("anyOf", [{}])
    merged = {**variants[0], **declared}
    made = {key: merged[key] for key in KEPT if key in merged}
    made["description"] = " ".join(merged["description"].split())
    if name in SHAPES:
        made |= {"type": "string", "pattern": SHAPES[name]}
    elif merged.get("format") == "uri":
        made["pattern"] = URL
    return made


def _below(lines: list[str], indent: int) -> str:
    """What stands below a key as one line, unless its own keys have comments."""
    block: list[str] = []
    for line in lines:
        if not line.startswith(" " * (indent + 2)):
            break
        block.append(line.strip())
    if not block or any(line.startswith("#") for line in block):
        return ""
    items = ", ".join(line.removeprefix("- ") for line in block)
    return f"[{items}]" if block[0].startswith("- ") else f"{{{items}}}"


def _code(default: str) -> str:
    return f"`{default}`" if default else ""


def _first_comment(path: Path) -> str:
    return path.read_text().splitlines()[0].removeprefix("#").strip()


if __name__ == "__main__":
    for where, text in rendered().items():
        where.write_text(text)
