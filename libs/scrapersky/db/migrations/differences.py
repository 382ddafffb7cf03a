"""What a database's schema lacks, or has otherwise than the models say, in words.

Tables, columns and indexes that are not ours are of no concern.
"""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Enum, text
from sqlalchemy.types import TypeEngine

from scrapersky.db.curation import trigger_names
from scrapersky.db.enums import PG_NAMES, CurationStatus
from scrapersky.db.models import Base
from scrapersky.db.revision import VERSION_TABLE

OTHER_NAMES = {PG_NAMES[CurationStatus]: "place_status_enum"}
"""The same labels, by another type name: such columns keep their type."""


def differences(connection: Connection) -> list[str]:
    """One line for each difference: tables, columns, types, defaults, constraints, indexes and triggers."""
    found: list[str] = []
    for change in changes(connection):
        in_words = _in_words(change)
        found += [in_words] if in_words else []
    return found + _missing_triggers(connection)


def changes(connection: Connection) -> list[tuple[Any, ...]]:
    """What would bring the schema to the form of the models, as Alembic's tuples."""
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": _types_differ,
            "compare_server_default": True,
            "include_object": _is_ours,
            "version_table": VERSION_TABLE,
        },
    )
    found: list[tuple[Any, ...]] = []
    for difference in compare_metadata(context, Base.metadata):
        found += difference if isinstance(difference, list) else [difference]
    return found


def _is_ours(_item: object, _name: str | None, _kind: str, reflected: bool, counterpart: object) -> bool:  # noqa: FBT001
    return not (reflected and counterpart is None)


def _types_differ(
    _context: MigrationContext,
    _found_column: Column[Any],
    _column: Column[Any],
    found: TypeEngine[Any],
    ours: TypeEngine[Any],
) -> bool | None:
    if not isinstance(ours, Enum):
        return None
    names = {ours.name, OTHER_NAMES.get(str(ours.name))}
    return not (isinstance(found, Enum) and found.name in names and set(found.enums) >= set(ours.enums))


def _in_words(change: tuple[Any, ...]) -> str | None:
    match change:
        case ("add_table", table):
            return f"table {table.name}"
        case ("add_column", _, table, column):
            return f"column {table}.{column.name}"
        case ("modify_type" | "modify_nullable" | "modify_default" as kind, _, table, column, _, found, ours):
            return f"{kind.removeprefix('modify_')} of {table}.{column}: it is {found}, not {ours}"
        case ("add_index" | "add_constraint" | "add_fk" as kind, item):
            return f"{kind.removeprefix('add_')} {item.name} of {item.table.name}"
    # What is there in another form is also removed: once is enough.
    return None


def _missing_triggers(connection: Connection) -> list[str]:
    enabled = connection.execute(
        text(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND relnamespace = current_schema()::regnamespace"
        )
    )
    lacking = trigger_names() - {(row.relname, row.tgname) for row in enabled}
    return [f"trigger {name} of {table}" for table, name in sorted(lacking)]
