"""Whatever the threat model says that something is held by, is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CELLS = re.findall(r"\| ([^|]+) \|$", (ROOT / "docs" / "threat-model.md").read_text(), re.MULTILINE)
NAMED = sorted({name for cell in CELLS for name in re.findall(r"`(tests/[^`]+|[\w*./]+\.(?:txt|py))`", cell)})


@pytest.mark.parametrize("named", NAMED)
def test_what_holds_a_defence_exists(named: str) -> None:
    path, _, test = named.partition("::")
    assert list(ROOT.glob(path)), path
    assert f"def {test}(" in (ROOT / path).read_text() if test else True
