"""Whose turn it is to push a service's metrics: pods of one run must not push older totals over newer ones.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table ``push_turns``."""
    op.execute(
        "CREATE TABLE IF NOT EXISTS push_turns"
        " (service text PRIMARY KEY, token uuid NOT NULL, until timestamptz NOT NULL)"
    )
