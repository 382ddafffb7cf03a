"""Fixtures that every test may use; each lives with its subject in ``tests/support``."""

from hypothesis import settings

# A machine that is busy elsewhere is no fault of an example's.
settings.register_profile("scrapersky", deadline=None)
settings.load_profile("scrapersky")

pytest_plugins = [
    "tests.support.container",
    "tests.support.postgres",
    "tests.support.pushgateway",
    "tests.support.pgbouncer",
    "tests.support.internet",
    "tests.support.one_site",
    "tests.support.places",
    "tests.support.command_line",
    "tests.support.logs",
]
