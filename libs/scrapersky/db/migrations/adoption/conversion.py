"""What the old code notices: text statuses become enum types, in the transaction that also runs the revisions.

A changed type is a rewritten table, under a lock that even readers wait for. That of ``domains`` and ``jobs`` is short,
for they are small beside ``pages``; see docs/decisions/0007.
"""

from collections import defaultdict

from sqlalchemy import Connection, inspect

from scrapersky.db.enums import PG_NAMES
from scrapersky.db.migrations.adoption.readings import StatusColumn, status_columns
from scrapersky.db.migrations.differences import OTHER_NAMES
from scrapersky.db.models import Base


def convert(connection: Connection) -> None:
    """Give every status column its type and its labels, and make the two names of the curation type agree."""
    existing = set(inspect(connection).get_table_names()) & set(Base.metadata.tables)
    if existing:
        # All at once: whoever waited for a lock while holding another would stop everybody twice.
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(sorted(existing))} IN ACCESS EXCLUSIVE MODE")
    changes: dict[str, list[str]] = defaultdict(list)
    for column in status_columns(connection):
        if not column.is_converted:
            changes[column.table] += _changes(column)
    for table, alterations in changes.items():
        connection.exec_driver_sql(f"ALTER TABLE {table} {', '.join(alterations)}")
    for ours, theirs in OTHER_NAMES.items():
        _let_in(connection, ours, theirs)


def _changes(column: StatusColumn) -> list[str]:
    kind = f'"{PG_NAMES[column.labels]}"'
    change = f"ALTER COLUMN {column.name}"
    changes = [f"{change} DROP DEFAULT", f"{change} TYPE {kind} USING ({column.reading})::{kind}"]
    if column.default is not None:
        changes.append(f"{change} SET DEFAULT '{column.default}'")
    return changes


def _let_in(connection: Connection, ours: str, theirs: str) -> None:
    """Values of our type may be stored in a column of theirs."""
    found = connection.exec_driver_sql(
        "SELECT EXISTS (SELECT FROM pg_cast WHERE castsource = to_regtype(%(ours)s) AND casttarget ="
        " to_regtype(%(theirs)s)) OR to_regtype(%(theirs)s) IS NULL",
        {"ours": f'"{ours}"', "theirs": theirs},
    )
    if not found.scalar():
        connection.exec_driver_sql(f'CREATE CAST ("{ours}" AS {theirs}) WITH INOUT AS ASSIGNMENT')
