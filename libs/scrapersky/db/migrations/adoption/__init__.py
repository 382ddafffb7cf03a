"""Adoption: what an upgrade does about tables that the original backend left, while it still reads and writes them.

What takes long is done first, in steps of their own that the old code does not notice: `readings` refuses what nobody
understands, `additions` adds and back-fills, `duplicates` merges. Then one short transaction (`conversion`, and the
revisions) changes what the old code does notice. A failure anywhere undoes the steps before it.
"""

from collections.abc import Callable

from sqlalchemy import Connection, text

from scrapersky.db.migrations.adoption.additions import add_what_is_missing
from scrapersky.db.migrations.adoption.duplicates import index_urls
from scrapersky.db.migrations.adoption.readings import refuse_what_is_unread
from scrapersky.db.migrations.adoption.steps import Steps
from scrapersky.db.models import Base
from scrapersky.db.revision import VERSION_TABLE

Say = Callable[[str], None]


def is_legacy(connection: Connection) -> bool:
    """Whether there are tables by our names that no revision of ours made."""
    found = connection.execute(
        text(
            "SELECT to_regclass(:version) IS NULL AND EXISTS (SELECT FROM pg_class WHERE relname = ANY(:names)"
            " AND relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace)"
        ),
        {"version": VERSION_TABLE, "names": list(Base.metadata.tables)},
    )
    return bool(found.scalar())


def prepare(steps: Steps, say: Say) -> None:
    """Do all that takes long, one short lock after the other; ``say`` is told what was merged.

    Raises:
        UnreadError: A status has a value that no reading covers; nothing was changed.
    """
    with steps.transaction() as connection:
        refuse_what_is_unread(connection)
    add_what_is_missing(steps)
    for table in ("sitemap_files", "pages"):
        merged = index_urls(steps, table)
        if merged:
            say(f"Merged {merged} duplicate rows of {table}.")
