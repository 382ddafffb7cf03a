"""docs/queue.md names tests that exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "queue.md").read_text()


def test_every_test_that_the_page_names_is_there() -> None:
    named = 0
    source = ""
    for name in re.findall(r"`([a-z0-9_]+/test_\w+\.py|test_\w+)`", PAGE):
        if name.endswith(".py"):
            source = (TESTS / name).read_text()
        else:
            named += 1
            assert f"def {name}(" in source, name
    assert named > 35
