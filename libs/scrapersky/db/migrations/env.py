"""Alembic's environment: runs on the connection, and in the transaction, that `upgrade` opened."""

from alembic import context

from scrapersky.db.models import Base
from scrapersky.db.revision import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
