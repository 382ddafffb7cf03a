"""The matcher beside the standard read word for word: rules are regular expressions, the longest that matches wins."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scrapersky.web.robots import parse

PATTERNS = st.builds(
    "{}{}{}".format, st.sampled_from("//*"), st.text("ab/*?", max_size=5), st.sampled_from(["", "", "$"])
)
RULES = st.lists(st.tuples(st.booleans(), PATTERNS), min_size=1, max_size=5)
PATHS = st.text("ab/?", max_size=6).map("/{}".format)


def permitted(rules: list[tuple[bool, str]], path: str) -> bool:
    matching = [(len(pattern), allow) for allow, pattern in rules if _expression(pattern).match(path)]
    return max(matching, default=(0, True))[1]


def _expression(pattern: str) -> re.Pattern[str]:
    body, anchored = pattern.removesuffix("$"), pattern.endswith("$")
    return re.compile(".*".join(map(re.escape, body.split("*"))) + (r"\Z" if anchored else ""))


@settings(max_examples=1000)
@given(RULES, PATHS)
@example([(False, "/"), (True, "/$"), (False, "/aaaaa")], "/")
@example([(False, "/"), (True, "*")], "/")
def test_the_longest_rule_wins_whatever_the_others_are(rules: list[tuple[bool, str]], path: str) -> None:
    lines = "".join(f"{'allow' if allow else 'disallow'}: {pattern}\n" for allow, pattern in rules)
    assert parse(f"user-agent: *\n{lines}".encode(), "FooBot").allowed(f"https://foo.bar{path}") is permitted(
        rules, path
    )
