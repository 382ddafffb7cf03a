"""The queue does what its model says, whatever happens in whatever order; and the model would notice if it did not.

MODEL_EXAMPLES says how many random histories are tried.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from scrapersky.queue import statements
from scrapersky.queue.settle import Settler
from tests.support.counting_worker import _take_all_for_ours
from tests.support.queue_model import Held, Outcome, QueueMachine

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "20"))
STEPS = 40
COMMON = settings(
    deadline=None, database=None, stateful_step_count=STEPS, suppress_health_check=[*HealthCheck], print_blob=True
)


def test_the_queue_is_as_its_model(database_url: str) -> None:
    check(database_url, settings(COMMON, max_examples=EXAMPLES))


def check(database_url: str, how: settings) -> None:
    run_state_machine_as_test(lambda: QueueMachine(database_url), settings=how)  # type: ignore[arg-type]


class History:
    """Told histories: each step is one of the machine's rules, and after each the database is as the model says."""

    def __init__(self, machine: QueueMachine) -> None:
        self._machine = machine

    def tell(self, rule: str, *arguments: Any, **options: Any) -> Any:
        result = getattr(self._machine, rule)(*arguments, **options)
        self._machine.the_database_is_as_the_model_says()
        return result

    def claim(self, worker: int = 0, limit: int = 4) -> tuple[Held, ...]:
        claimed: tuple[Held, ...] = self.tell("claim", worker, limit).values
        return claimed

    def settle(self, held: Held, outcome: Outcome) -> None:
        self.tell("settle", held, held, (outcome, outcome))

    def all_leases_run_out(self) -> None:
        self.tell("time_passes", None, for_all=True)


def a_late_worker_settles(history: History, outcome: Outcome) -> None:
    history.tell("insert", 1)
    (late,) = history.claim(worker=0)
    history.all_leases_run_out()
    history.claim(worker=1)
    history.settle(late, outcome)


def a_late_worker_beats(history: History) -> None:
    history.tell("insert", 1)
    history.claim(worker=0)
    history.all_leases_run_out()
    history.claim(worker=1)
    history.all_leases_run_out()
    history.tell("heartbeat", 0)


def a_paused_queue_is_asked(history: History) -> None:
    history.tell("insert", 1)
    history.tell("pause")
    history.claim()


def two_workers_ask(history: History) -> None:
    history.tell("insert", 1)
    history.claim(worker=0)
    history.claim(worker=1)


def one_row_is_older(history: History) -> None:
    history.tell("insert", 1)
    history.tell("insert", 1)
    history.claim(limit=1)


def a_row_is_released(history: History) -> None:
    history.tell("insert", 1)
    (held,) = history.claim()
    history.tell("release", held)


def a_row_loses_its_worker_twice(history: History) -> None:
    history.tell("insert", 2)
    for _ in range(2):
        history.claim()
        history.all_leases_run_out()
    history.claim()


def _without(statement: str, old: str, new: str) -> Callable[[], AbstractContextManager[Any]]:
    original = getattr(statements, statement)

    def changed(*arguments: Any, **named: Any) -> str:
        text: str = original(*arguments, **named)
        assert old in text
        return text.replace(old, new)

    return lambda: patch.object(statements, statement, changed)


def no_fence_for_failures() -> AbstractContextManager[Any]:
    return patch.object(Settler, "_lock", _take_all_for_ours)


OURS = "scan_claim = (%(tokens)s::uuid[])[array_position(%(ids)s, id)]"
MUTATIONS: dict[str, tuple[Callable[[], AbstractContextManager[Any]], Callable[[History], None]]] = {
    "complete without the token": (
        _without("complete", OURS, "%(tokens)s::uuid[] IS NOT NULL"),
        lambda history: a_late_worker_settles(history, "completed"),
    ),
    "retry without the token": (no_fence_for_failures, lambda history: a_late_worker_settles(history, "retried")),
    "fail without the token": (no_fence_for_failures, lambda history: a_late_worker_settles(history, "failed")),
    "renew without the token": (
        _without("renew", "scan_claim = ANY(%(tokens)s)", "%(tokens)s::uuid[] IS NOT NULL"),
        a_late_worker_beats,
    ),
    "claim from a paused queue": (_without("claim", "queue = 'domains'", "queue = 'none'"), a_paused_queue_is_asked),
    "claim what is in work": (
        _without("claim", "scan_due_at <= now()", "scan_due_at <= now() + interval '1 day'"),
        two_workers_ask,
    ),
    "claim the newest first": (
        _without("claim", "ORDER BY scan_due_at", "ORDER BY scan_due_at DESC"),
        one_row_is_older,
    ),
    "release at the attempt's cost": (_without("release", "scan_attempts - 1", "scan_attempts"), a_row_is_released),
    "claim suspects in company": (
        _without("claim", "scan_attempts >= least(2", "scan_attempts >= least(99"),
        a_row_loses_its_worker_twice,
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_model_notices(name: str, database_url: str) -> None:
    """The history is as the model says, unless the safeguard that it is about is gone."""
    mutation, history = MUTATIONS[name]
    tell(history, nullcontext(), database_url)
    with pytest.raises(AssertionError):
        tell(history, mutation(), database_url)


def tell(history: Callable[[History], None], mutation: AbstractContextManager[Any], database_url: str) -> None:
    with mutation:
        machine = QueueMachine(database_url)
        try:
            history(History(machine))
        finally:
            machine.teardown()


def test_chance_finds_a_queue_without_its_fence(database_url: str) -> None:
    found_soon = settings(COMMON, max_examples=500, derandomize=True, phases=[Phase.generate])
    with no_fence_for_failures(), pytest.raises(AssertionError):
        check(database_url, found_soon)
