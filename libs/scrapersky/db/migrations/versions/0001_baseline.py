"""Types, tables, queues, indexes: makes what is missing, whether the database is empty or has the original tables.

Revision ID: 0001
Revises:
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run ``0001_tables.sql``, then ``0001_additions.sql``."""
    for part in ("tables", "additions"):
        script = (Path(__file__).parent / f"{revision}_{part}.sql").read_text()
        op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
