"""The queue does what its model says, whatever happens in whatever order; and the model would notice if it did not.

MODEL_EXAMPLES says how many random histories are tried.
"""

import os
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from scrapersky.queue import statements
from scrapersky.queue.settle import Settler
from tests.support.counting_worker import _take_all_for_ours
from tests.support.queue_model import QueueMachine

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "20"))
STEPS = 40
COMMON = settings(
    deadline=None, database=None, stateful_step_count=STEPS, suppress_health_check=[*HealthCheck], print_blob=True
)


def test_the_queue_is_as_its_model(database_url: str) -> None:
    check(database_url, settings(COMMON, max_examples=EXAMPLES))


def check(database_url: str, how: settings) -> None:
    run_state_machine_as_test(lambda: QueueMachine(database_url), settings=how)  # type: ignore[arg-type]


def _without(statement: str, old: str, new: str) -> Any:
    original = getattr(statements, statement)

    def changed(*arguments: Any) -> str:
        text: str = original(*arguments)
        assert old in text
        return text.replace(old, new)

    return patch.object(statements, statement, changed)


MUTATIONS = {
    "settle without the token": lambda: patch.object(Settler, "_lock", _take_all_for_ours),
    "renew without the token": lambda: _without(
        "renew", "AND scan_claim = ANY(%(tokens)s)", "AND %(tokens)s = %(tokens)s"
    ),
    "claim from a paused queue": lambda: _without("claim", "queue = 'domains'", "queue = 'none'"),
    "claim what is in work": lambda: _without(
        "claim", "scan_due_at <= now()", "scan_due_at <= now() + interval '1 day'"
    ),
    "claim the newest first": lambda: _without("claim", "ORDER BY scan_due_at", "ORDER BY scan_due_at DESC"),
    "release at the attempt's cost": lambda: _without("release", "scan_attempts - 1", "scan_attempts"),
    "claim suspects in company": lambda: _without("claim", "scan_attempts >= least(2", "scan_attempts >= least(99"),
}


SELDOM_SEEN = ("renew without the token", "release at the attempt's cost", "claim suspects in company")
"""They show in histories that chance makes seldom, and that takes a while."""


@pytest.mark.parametrize(
    "mutation", [pytest.param(name, marks=pytest.mark.chaos if name in SELDOM_SEEN else ()) for name in MUTATIONS]
)
@pytest.mark.timeout(600)
def test_the_model_finds(mutation: str, database_url: str) -> None:
    certain = settings(COMMON, max_examples=2000, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)
    mutated: AbstractContextManager[Any] = MUTATIONS[mutation]()  # type: ignore[no-untyped-call]
    with mutated, pytest.raises(AssertionError):
        check(database_url, certain)
