"""The database: sessions, models, triggers and migrations."""
