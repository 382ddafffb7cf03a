"""The references in ``docs/`` are those of this code."""

from pathlib import Path

import pytest

from scrapersky.cli import COMMANDS
from scrapersky.settings import Settings
from tests.support.generate_docs import configuration_reference, rendered


@pytest.mark.parametrize(("path", "text"), rendered().items(), ids=[path.name for path in rendered()])
def test_a_reference_is_what_the_code_says(path: Path, text: str) -> None:
    assert path.read_text() == text, "stale: run `make docs`"


def test_every_command_and_setting_is_there() -> None:
    cli, configuration, _ = rendered().values()
    assert [name for name in COMMANDS if f"\n## scrapersky {name}\n" not in cli] == []
    assert [name for name in Settings.model_fields if f"\n| `{name.upper()}` |" not in configuration] == []


def test_settings_say_what_they_are() -> None:
    text = configuration_reference()
    assert "| `DATABASE_URL` | **required** | secret | PostgreSQL to work on:" in text
    assert "| `MAX_ATTEMPTS` | `5` | whole number, at least 1, at most 100 | Claims of a row" in text
    assert "| `FETCH_ALLOW_PORTS` | `80,443` | list |" in text
    assert "| `LOG_FORMAT` | `auto` | `auto`, `json`, `console` |" in text
    assert "| `AUTO_SELECT` | `false` | `true` or `false` |" in text
    assert "| `PUSHGATEWAY_URL` | none | URL |" in text
