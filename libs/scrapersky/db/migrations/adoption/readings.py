"""How the words of old status columns are read, and the refusal of those that nobody can read.

The readings are case-insensitive. A label of the column's own type stands for itself; in the text columns of ``jobs``
and ``domains``, what was in work is Queued: its worker is gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Enum, text

from scrapersky.db.enums import PG_NAMES, CurationStatus, TaskStatus
from scrapersky.db.migrations.differences import OTHER_NAMES
from scrapersky.db.models import Base

WAITING = ("pending", "queued", "submitted")
WORKING = ("running", "processing", "inprogress")
DONE = ("complete", "completed")
FAILED = ("failed", "error")


class UnreadError(Exception):
    """Values that no reading covers: one line each."""


@dataclass(frozen=True)
class StatusColumn:
    """A status column as it stands in the database.

    Attributes:
        table: Its table.
        name: Its name.
        labels: The enum class that it is to have.
        found: Its type now, as the server spells it unquoted.
        nullable: Whether the models allow NULL.
        default: Its default by the models, a label, or None.
    """

    table: str
    name: str
    labels: type[StrEnum]
    found: str
    nullable: bool
    default: str | None

    @property
    def is_converted(self) -> bool:
        """Whether it has its enum type, or the other type of the same labels."""
        wanted = PG_NAMES[self.labels]
        return self.found in {wanted, OTHER_NAMES.get(wanted)}

    @property
    def readings(self) -> dict[str, str]:
        """Every word that is understood, in lower case, and the label it is read as."""
        words = {} if self.labels is CurationStatus else self._words()
        own = {label.value.lower(): label.value for label in self.labels}
        worker_is_gone = not self.is_converted and self.table in {"jobs", "domains"}
        return words | own | (dict.fromkeys(WORKING, "Queued") if worker_is_gone else {})

    @property
    def reading(self) -> str:
        """SQL for the label that the column's value is read as; an unread value stays what it is."""
        cases = " ".join(f"WHEN '{word}' THEN '{label}'" for word, label in self.readings.items())
        return f"CASE lower({self.name}::text) {cases} ELSE {self.name}::text END"

    def words_for(self, *labels: str) -> str:
        """The words read as one of these labels, as an SQL list."""
        return ", ".join(f"'{word}'" for word, label in self.readings.items() if label in labels)

    def _words(self) -> dict[str, str]:
        labels = {label.value for label in self.labels}
        waiting = "Queued" if "Queued" in labels else "Pending"
        working = "InProgress" if self.labels is TaskStatus else "Processing"
        kinds = ((WAITING, waiting), (WORKING, working), (DONE, "Completed"), (FAILED, "Error"))
        return {word: label for words, label in kinds for word in words}


def status_columns(connection: Connection) -> list[StatusColumn]:
    """The columns that are there and that our models give an enum type."""
    rows = connection.execute(
        text(
            "SELECT relname, attname, typname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " JOIN pg_type ON pg_type.oid = atttypid"
            " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT attisdropped"
        )
    )
    found = {(row.relname, row.attname): row.typname for row in rows}
    return list(_declared(found))


def refuse_what_is_unread(connection: Connection) -> None:
    """Look at every status, and change nothing.

    Raises:
        UnreadError: Names table, column, value and row count of what no reading covers.
    """
    lines: list[str] = []
    for column in status_columns(connection):
        rows = connection.execute(
            text(
                f"SELECT {column.name}::text, count(*) FROM {column.table}"  # noqa: S608
                f" WHERE lower({column.name}::text) <> ALL(:words) GROUP BY 1 ORDER BY 1"
            ),
            {"words": list(column.readings)},
        )
        lines += [
            f"{column.table}.{column.name} has the value {value!r} in {count} rows, which no reading covers"
            for value, count in rows
        ]
    if lines:
        raise UnreadError("; ".join(lines))


def _declared(found: dict[tuple[str, str], str]) -> Iterator[StatusColumn]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            kind = found.get((table.name, column.name))
            labels = column.type.enum_class if isinstance(column.type, Enum) else None
            if kind is None or labels is None or not issubclass(labels, StrEnum):
                continue
            default = getattr(column.server_default, "arg", None)
            yield StatusColumn(
                table.name,
                column.name,
                labels,
                kind,
                bool(column.nullable),
                None if default is None else str(default),
            )
