"""Logs of one test do not go to the streams of another: a run in a test's process sends them to what it captures."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logs_of_this_test_only() -> Iterator[None]:
    yield
    structlog.reset_defaults()
