"""``scrapersky show``: one row, what it came from, and what came of it."""

from collections.abc import Iterator
from typing import NamedTuple

import click

from scrapersky.cli.database import Connection, connect, fetch, fetch_json
from scrapersky.cli.output import Json, examples, json_option, print_json, print_rows
from scrapersky.cli.selection import find_ids
from scrapersky.cli.tables import TABLES, TableView, table_argument
from scrapersky.queue.queues import QUEUES


class Link(NamedTuple):
    """A row of ``child`` came from that row of ``parent`` that ``condition`` names."""

    child: str
    parent: str
    condition: str


LINKS = (
    Link("jobs", "place_searches", "parent.id::text = child.job_metadata->>'search_id'"),
    Link("jobs", "domains", "parent.id = child.domain_id"),
    Link("places_staging", "jobs", "parent.job_id = child.search_job_id"),
    Link("local_businesses", "places_staging", "parent.place_id = child.place_id"),
    Link("domains", "local_businesses", "parent.id = child.local_business_id"),
    Link("sitemap_files", "domains", "parent.id = child.domain_id"),
    Link("pages", "sitemap_files", "parent.id = child.sitemap_file_id"),
    Link("pages", "domains", "parent.id = child.domain_id"),
)
"""The pipeline from its beginning; a row of two parents came from the first that there is."""


@click.command(epilog=examples("show domains joesplumbing.com", "show jobs 17 --json"))
@table_argument()
@click.argument("given", metavar="ID")
@json_option("table, row, queues, came_from, led_to")
def show(view: TableView, given: str, *, as_json: bool) -> None:
    """Show one row of TABLE with its history: its queues, what it came from, and what came of it.

    TABLE as for `scrapersky list`. ID may also be the domain of a domain, the place_id of a place or business, or the
    job_id of a job. --json has every column; else those that are empty are left out.
    """
    with connect() as connection:
        key = find_ids(connection, view, [given])[0]
        [row] = fetch_json(connection, f"SELECT * FROM {view.name} WHERE id = %(id)s", {"id": key})
        came_from = [*_ancestors(connection, view, key)][::-1]
        led_to = [*_children(connection, view, key)]
    document = {"table": view.name, "row": row, "queues": _queues(view, row), "came_from": came_from, "led_to": led_to}
    if as_json:
        print_json(document)
    else:
        _print(document)


def _queues(view: TableView, row: Json) -> list[Json]:
    """What the queues know of a row; a row of jobs is in one of two."""
    return [
        {
            "queue": queue.name,
            "status": row[queue.status],
            "attempts": row[queue.attempts],
            "due_at": row[queue.due_at],
            "error": row[queue.error],
        }
        for queue in QUEUES.values()
        if queue.table == view.name and (queue.where is None or f"'{row['job_type']}'" in queue.where)
    ]


def _ancestors(connection: Connection, view: TableView, key: object) -> Iterator[Json]:
    found: Json | None = {"table": view.name, "id": key}
    while found:
        links = [link for link in LINKS if link.child == found["table"]]
        found = next((row for link in links for row in _parent(connection, link, found["id"])), None)
        if found:
            yield found


def _parent(connection: Connection, link: Link, key: object) -> list[Json]:
    what = TABLES[link.parent].columns[1]
    at = "search_time" if link.parent == "places_staging" else "created_at"
    return fetch_json(
        connection,
        f"SELECT '{link.parent}' AS table, parent.id, parent.{what} AS what, parent.{at} AS at"
        f" FROM {link.child} AS child JOIN {link.parent} AS parent ON {link.condition} WHERE child.id = %(id)s",
        {"id": key},
    )


def _children(connection: Connection, view: TableView, key: object) -> Iterator[Json]:
    for link in LINKS:
        if link.parent == view.name:
            [row] = fetch(
                connection,
                f"SELECT count(*) FROM {link.child} AS child JOIN {link.parent} AS parent ON {link.condition}"
                " WHERE parent.id = %(id)s",
                {"id": key},
            )
            yield {"table": link.child, "rows": row["count"]}


def _print(document: Json) -> None:
    filled = [{"column": name, "value": value} for name, value in document["row"].items() if value is not None]
    print_rows(filled, ("column", "value"), as_json=False)
    for title, columns in (
        ("queues", ("queue", "status", "attempts", "due_at", "error")),
        ("came_from", ("table", "id", "what", "at")),
        ("led_to", ("table", "rows")),
    ):
        if document[title]:
            click.echo(f"\n{title.replace('_', ' ')}:")
            print_rows(document[title], columns, as_json=False)
