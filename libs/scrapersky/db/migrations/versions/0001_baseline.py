"""Everything on an empty database: types, tables, indexes, triggers.

Revision ID: 0001
Revises:
"""

from pathlib import Path

from alembic import op

from scrapersky.db.curation import trigger_statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the schema of ``0001_baseline.sql``."""
    connection = op.get_bind()
    statements = Path(__file__).with_suffix(".sql").read_text().split(";\n")
    for statement in [*statements, *trigger_statements()]:
        if statement.strip():
            connection.exec_driver_sql(statement.replace("%", "%%"))
