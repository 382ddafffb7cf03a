"""Which schema this code works with, in a file that is cheap to import."""

HEAD = "0002"
"""The revision that this code works with; a test compares it with the newest file in ``migrations/versions``."""
VERSION_TABLE = "scrapersky_schema"
"""Not Alembic's default: a database that exists already may have one of its own."""
