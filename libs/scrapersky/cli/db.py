"""``scrapersky db``: migrate the database, say what revision it is at, and what it lacks."""

import json
import sys

import click

from scrapersky.settings import Settings


@click.group(epilog="Example: scrapersky db upgrade")
def db() -> None:
    """Look after the database's schema."""


@db.command(epilog="Example: DATABASE_URL=postgresql://me:secret@db.example/scrapersky scrapersky db upgrade")
def upgrade() -> None:
    """Bring the schema to what this version needs.

    Safe to run twice and from two pods at once: the second waits and finds nothing to do. A failed upgrade changes
    nothing. Tables of the original backend are adopted with their rows, while it goes on; it says how many were merged.
    """
    from scrapersky.db import migrations

    before, after = migrations.upgrade(Settings.load(), lambda line: click.echo(line, err=True))
    if before == after:
        click.echo(f"The schema is at {after} already; nothing to do.", err=True)
    else:
        click.echo(f"The schema went from {before or 'nothing'} to {after}.", err=True)


@db.command(epilog="Example: scrapersky db current --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: revision, needed.")
def current(*, as_json: bool) -> None:
    """Print the schema's revision, or "none" where there is no schema."""
    from scrapersky.db import migrations
    from scrapersky.db.revision import HEAD

    revision = migrations.current(Settings.load())
    if as_json:
        click.echo(json.dumps({"revision": revision, "needed": HEAD}))
    else:
        click.echo(revision or "none")


@db.command(epilog="Example: scrapersky db check && echo ready")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: missing, a list of strings.")
def check(*, as_json: bool) -> None:
    """Print what the schema lacks, a line each, and end with exit code 1 if it lacks anything.

    Compares tables, columns, types, defaults, constraints, indexes and triggers with what this version declares. What
    others added to the database is of no concern.
    """
    from scrapersky.db import migrations

    missing = migrations.missing(Settings.load())
    if as_json:
        click.echo(json.dumps({"missing": missing}))
    else:
        for line in missing:
            click.echo(line)
        click.echo("Missing or different: run `scrapersky db upgrade`." if missing else "Nothing is missing.", err=True)
    sys.exit(1 if missing else 0)
