"""The command line inside the test's process: what it wrote where, and its exit code."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scrapersky.cli import main


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one JSON document, after a look at its exit code."""
        assert self.code == 0, self.err
        return json.loads(self.out)


CommandLine = Callable[..., Done]


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def scrapersky(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, request: pytest.FixtureRequest
) -> CommandLine:
    """Run a command: ``scrapersky("list", "domains", "--json")``; ``stdin`` is piped in, ``typed`` comes by keyboard.

    Works on the test's database where the test has one.
    """
    monkeypatch.chdir(tmp_path)
    if "database_url" in request.fixturenames:
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("database_url"))

    def run(*arguments: object, stdin: str = "", typed: str | None = None) -> Done:
        keyboard = io.TextIOWrapper(io.BytesIO(stdin.encode())) if typed is None else Terminal(typed)
        monkeypatch.setattr(sys, "argv", ["scrapersky", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", keyboard)
        with pytest.raises(SystemExit) as end:
            main()
        assert isinstance(end.value.code, int)
        return Done(end.value.code, *capfd.readouterr())

    return run
