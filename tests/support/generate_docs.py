"""The references in ``docs/`` that are made from the code: ``python -m tests.support.generate_docs`` writes them.

A test fails while one of them differs from what is made here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from scrapersky.cli import cli
from scrapersky.metrics import every_series
from scrapersky.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
WIDTH = 100

CLI_INTRODUCTION = """\
# The command line

`scrapersky` is one command for operators, scripts and tests. This page is made from the code by `make docs`.

Data go to stdout, words to stderr. In a terminal there are tables and progress, in a pipe plain text. `--json` prints
one JSON document. `-` is stdin. No command asks a question when stdin is not a terminal: what destroys takes `--yes`
there.

Settings come from the environment and `.env`: see [configuration.md](configuration.md).

| exit code | meaning |
|---|---|
| 0 | done; also when there was nothing to do, and when single rows failed (their rows say why) |
| 1 | a check found something wrong (`doctor`, `db check`) |
| 2 | wrong usage; stderr names what is valid |
| 65 | the input is not what it should be: not a sitemap, not a CSV, a bad URL, no such row |
| 69 | a remote service does not answer or refuses (a website, Places) |
| 70 | a bug of ours: one line on stderr, with `LOG_LEVEL=DEBUG` the traceback too |
| 74 | the output cannot be written (`export`) |
| 75 | the database cannot be reached, or is not migrated: try again later |
| 77 | refused on purpose: the address is not public, robots.txt disallows |
| 78 | the configuration is wrong: one line per setting |
| 130 | interrupted (Ctrl-C) |

Shell completion: `eval "$(_SCRAPERSKY_COMPLETE=bash_source scrapersky)"` in `.bashrc`; `zsh_source` in `.zshrc`; for
fish, `_SCRAPERSKY_COMPLETE=fish_source scrapersky | source`.
"""

METRICS_INTRODUCTION = """\
# Metrics

Pushed to the Pushgateway of `PUSHGATEWAY_URL` when a run ends, and every minute while it goes on. The grouping key is
`job="scrapersky"` and `service`, so every series bears these two, and a service has one group, however many pods there
are. Let Prometheus scrape the Pushgateway with `honor_labels: true`.

Counters and the histogram are sums over all runs of a service, kept in the table `service_totals`: they only grow, from
run to run and from pod to pod, so that `rate()` and `increase()` are right, for as long as the database is kept. What a
pod counted since its last push is lost when it is killed (SIGKILL, out of memory); its rows are not. Labels that are
known beforehand are pushed as 0 from a service's first run on: `increase()` does not see the value that a series begins
with.

Gauges say what the database said when they were pushed. A run that cannot use its database pushes the interval, the
build, and whether the schema is current, and leaves all else in place.

[operating.md](operating.md) has the alerts. The chart brings two Grafana dashboards
([pipeline](images/pipeline.svg), [one service](images/service.svg): drawn by `make dashboards` from what runs on the
loopback Internet pushed).

This page is made from `libs/scrapersky/metrics.py` by `make docs`.

| series | type | labels | what it says |
|---|---|---|---|
"""

CONFIGURATION_INTRODUCTION = """\
# Configuration

Every setting is an environment variable; a file `.env` in the working directory may hold them too, and the environment
outranks it. An empty variable counts as not set. Durations are in seconds unless the name says otherwise. A wrong
setting stops the process at once with exit code 78 and a line on stderr. `scrapersky config` shows what is in force.

This page is made from `libs/scrapersky/settings.py` by `make docs`.
"""

SECTIONS = {
    "database_url": "Database",
    "environment": "Logs and metrics",
    "auto_select": "Curation",
    "domain_scheduler_interval_minutes": "Services",
    "concurrency": "Queue",
    "fetch_contact_url": "Fetching",
    "sitemap_max_bytes": "Sitemaps",
    "google_maps_api_key": "Google Places",
}
"""The first setting of each section."""


def rendered() -> dict[Path, str]:
    """Path → what must stand there."""
    return {
        DOCS / "cli.md": cli_reference(),
        DOCS / "configuration.md": configuration_reference(),
        DOCS / "metrics.md": metrics_reference(),
    }


def commands() -> Iterator[tuple[click.Context, click.Command]]:
    """Every command and the group's own, each with a context that knows its full name."""
    root = click.Context(cli, info_name="scrapersky", terminal_width=WIDTH, **cli.context_settings)
    yield from _below(root)


def _below(context: click.Context) -> Iterator[tuple[click.Context, click.Command]]:
    command = context.command
    yield context, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _below(click.Context(child, info_name=name, parent=context))


def cli_reference() -> str:
    """``docs/cli.md``."""
    parts = [CLI_INTRODUCTION]
    for context, command in commands():
        heading = "##" if context.parent is None or context.parent.parent is None else "###"
        text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"{heading} {context.command_path}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def configuration_reference() -> str:
    """``docs/configuration.md``."""
    schema = Settings.model_json_schema()
    lines = [CONFIGURATION_INTRODUCTION]
    for name, setting in schema["properties"].items():
        if name in SECTIONS:
            lines.append(f"## {SECTIONS[name]}\n\n| variable | default | must be | what it does |\n|---|---|---|---|\n")
        default = "**required**" if name in schema["required"] else _default(setting["default"])
        described = " ".join(setting["description"].split())
        cells = (f"`{name.upper()}`", default, _constraint(name, setting), described)
        lines[-1] += "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
    return "\n".join(lines)


def metrics_reference() -> str:
    """``docs/metrics.md``."""
    rows = (
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} | {each.documentation} |\n"
        for each in every_series()
    )
    return METRICS_INTRODUCTION + "".join(rows)


def _default(value: Any) -> str:
    if value in (None, [], {}):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{','.join(map(str, value))}`" if isinstance(value, list) else f"`{value}`"


def _constraint(name: str, setting: dict[str, Any]) -> str:
    kind = next((each for each in setting.get("anyOf", ()) if each["type"] != "null"), setting)
    if "enum" in kind:
        return ", ".join(f"`{each}`" for each in kind["enum"])
    if "pattern" in kind:
        return f"matches `{kind['pattern']}`"
    words = {"uri": "URL", "path": "path of a file", "uuid": "UUID", "password": "secret"}
    if kind.get("format") in words:
        return words[kind["format"]]
    if kind["type"] in {"integer", "number"}:
        return f"{'whole ' * (kind['type'] == 'integer')}number, {_range(kind)}"
    return {"boolean": "`true` or `false`", "array": "list", "object": "pairs"}[kind["type"]]


def _range(kind: dict[str, Any]) -> str:
    limits = {
        "exclusiveMinimum": "more than {:,}",
        "minimum": "at least {:,}",
        "maximum": "at most {:,}",
    }
    return ", ".join(words.format(kind[limit]) for limit, words in limits.items() if limit in kind)


def main() -> None:
    """Write them all."""
    for path, text in rendered().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
