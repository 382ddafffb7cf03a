"""The small Internet as a fixture."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scrapersky.settings import Settings
from tests.internet.network import SmallInternet
from tests.support.postgres import make_settings


@pytest.fixture
async def internet(tmp_path: Path) -> AsyncIterator[SmallInternet]:
    """Every website and the Places stand-in, for one test."""
    async with SmallInternet(tmp_path) as internet:
        yield internet


def online(internet: SmallInternet, database_url: str = "postgresql://unused", **more: Any) -> Settings:
    """Settings that point at a small Internet."""
    from_environment = {name.lower(): value for name, value in internet.environment.items()}
    return make_settings(database_url, **{**from_environment, **more})
