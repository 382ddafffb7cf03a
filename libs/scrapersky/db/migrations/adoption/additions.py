"""What tables lack beside the models, added under short locks: types, columns, defaults, indexes, constraints.

The same comparison that ends an upgrade says what is missing. What only a converted status column can have is left to
the revisions.
"""

import re
from typing import Any

from sqlalchemy import Column, Connection, Index, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import (
    AddConstraint,
    CreateColumn,
    CreateIndex,
    CreateTable,
    ForeignKeyConstraint,
    UniqueConstraint,
)

from scrapersky.db.enums import PG_NAMES
from scrapersky.db.migrations.adoption.duplicates import URL_INDEXES
from scrapersky.db.migrations.adoption.readings import StatusColumn, status_columns
from scrapersky.db.migrations.adoption.steps import Steps
from scrapersky.db.migrations.differences import changes
from scrapersky.db.models import Base
from scrapersky.queue.queues import QUEUES

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def add_what_is_missing(steps: Steps) -> None:
    """Bring existing tables as near to the models as can be while the old code goes on."""
    _add_types(steps)
    _drop_invalid_indexes(steps)
    _add_tables(steps)
    found = steps.retried(changes)
    columns = steps.retried(status_columns)
    for change in found:
        match change:
            case ("add_column", _, table, column):
                _add_column(steps, table, column)
            case ("modify_default", _, table, name, _, before, _):
                _set_default(steps, columns, Base.metadata.tables[table].columns[name], before)
    for column in columns:
        _read(steps, column)
    for table, name in [(change[2], change[3]) for change in found if change[0] == "modify_nullable"]:
        _require(steps, Base.metadata.tables[table].columns[name])
    _make_due(steps, columns)
    for change in found:
        if change[0] in {"add_index", "add_constraint", "add_fk"}:
            _add(steps, columns, change[1])


def _add_types(steps: Steps) -> None:
    existing = steps.retried(lambda connection: {found["name"] for found in _enums(connection)})
    for labels, name in PG_NAMES.items():
        if name not in existing:
            values = ", ".join(f"'{label.value}'" for label in labels)
            steps.change(f'CREATE TYPE "{name}" AS ENUM ({values})', f'DROP TYPE "{name}"')


def _add_tables(steps: Steps) -> None:
    existing = steps.retried(lambda connection: inspect(connection).get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name not in existing:
            steps.change(str(CreateTable(table).compile(dialect=DIALECT)), f"DROP TABLE {table.name}")


def _enums(connection: Connection) -> list[Any]:
    return inspect(connection).get_enums()  # type: ignore[no-any-return, attr-defined]


def _drop_invalid_indexes(steps: Steps) -> None:
    """Drop those that a killed upgrade was building; only of our names."""
    ours = [str(index.name) for table in Base.metadata.tables.values() for index in table.indexes]
    ours += [
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    query = (
        "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE NOT indisvalid"
        " AND relnamespace = current_schema()::regnamespace AND relname = ANY(%(ours)s)"
    )
    for name in steps.retried(lambda connection: connection.exec_driver_sql(query, {"ours": ours}).scalars().all()):
        steps.concurrently(f"DROP INDEX CONCURRENTLY {name}")


def _add_column(steps: Steps, table: str, column: Column[Any]) -> None:
    specification = CreateColumn(column).compile(dialect=DIALECT)
    steps.change(
        f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {specification}",
        f"ALTER TABLE {table} DROP COLUMN {column.name}",
    )


def _default(column: Column[Any]) -> str | None:
    compiler = DIALECT.ddl_compiler(DIALECT, CreateTable(column.table))
    default: str | None = compiler.get_column_default_string(column)
    return default


def _set_default(steps: Steps, columns: list[StatusColumn], column: Column[Any], before: Any) -> None:  # noqa: ANN401
    if any(
        found.name == column.name and found.table == column.table.name for found in columns if not found.is_converted
    ):
        return
    change = f"ALTER TABLE {column.table.name} ALTER COLUMN {column.name}"
    if column.identity is not None:
        if before is None:
            _number(steps, change, column)
        return
    undo = "DROP DEFAULT" if before is None else f"SET DEFAULT {before.arg}"
    steps.change(f"{change} SET DEFAULT {_default(column)}", f"{change} {undo}")


def _number(steps: Steps, change: str, column: Column[Any]) -> None:
    table, name = column.table.name, column.name

    def go_on(connection: Connection) -> None:
        connection.exec_driver_sql(f"{change} ADD GENERATED BY DEFAULT AS IDENTITY")
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{name}'), (SELECT max({name}) FROM {table}))"  # noqa: S608
        )

    steps.retried(go_on)
    steps.undo(f"{change} DROP IDENTITY")


def _read(steps: Steps, column: StatusColumn) -> None:
    if not column.is_converted:
        return
    labels = ", ".join(f"'{label.value}'" for label in column.labels)
    kind = f'"{column.found}"'
    steps.fill(column.table, f"{column.name} = ({column.reading})::{kind}", f"{column.name}::text NOT IN ({labels})")


def _require(steps: Steps, column: Column[Any]) -> None:
    """Make a column NOT NULL; the scan that proves it happens under a lock that nobody notices."""
    table, name = column.table.name, column.name
    default = _default(column)
    if not column.nullable and default is not None:
        steps.fill(table, f"{name} = {default}", f"{name} IS NULL")
    alter, proof = f"ALTER TABLE {table}", f"{table}_{name}_is_there"
    if column.nullable:
        return
    steps.change(f"{alter} DROP CONSTRAINT IF EXISTS {proof}")
    steps.change(f"{alter} ADD CONSTRAINT {proof} CHECK ({name} IS NOT NULL) NOT VALID")
    steps.undo(f"{alter} DROP CONSTRAINT IF EXISTS {proof}")
    steps.change(f"{alter} VALIDATE CONSTRAINT {proof}")
    steps.change(f"{alter} ALTER COLUMN {name} SET NOT NULL", f"{alter} ALTER COLUMN {name} DROP NOT NULL")
    steps.change(f"{alter} DROP CONSTRAINT {proof}")


def _make_due(steps: Steps, columns: list[StatusColumn]) -> None:
    by_name = {(column.table, column.name): column for column in columns}
    for queue in QUEUES.values():
        column = by_name.get((queue.table, queue.status))
        if column:
            words = column.words_for("Queued", queue.processing)
            steps.fill(
                queue.table,
                f"{queue.due_at} = now()",
                f"{queue.due_at} IS NULL AND lower({queue.status}::text) IN ({words})",
            )


def _add(steps: Steps, columns: list[StatusColumn], item: Index | UniqueConstraint | ForeignKeyConstraint) -> None:
    table, name = str(item.table), item.name
    drop = f"ALTER TABLE {table} DROP CONSTRAINT {name}"
    if isinstance(item, ForeignKeyConstraint):
        steps.change(f"{AddConstraint(item).compile(dialect=DIALECT)} NOT VALID", drop)
        steps.change(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
    elif isinstance(item, UniqueConstraint):
        names = ", ".join(column.name for column in item.columns)
        index = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
        steps.concurrently(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({names})", index)
        steps.change(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}", drop)
    elif name not in URL_INDEXES.values() and not _awaits_conversion(columns, item):
        statement = str(CreateIndex(item).compile(dialect=DIALECT)).replace("INDEX", "INDEX CONCURRENTLY", 1)
        steps.concurrently(statement, f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def _awaits_conversion(columns: list[StatusColumn], index: Index) -> bool:
    where = str(index.dialect_options["postgresql"]["where"])
    waiting = [column for column in columns if column.table == str(index.table) and not column.is_converted]
    return any(re.search(rf"\b{column.name}\b", where) for column in waiting)
