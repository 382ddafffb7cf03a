"""Totals of a service over all its runs, and whose turn it is to push them.

A run adds what it counted to the totals while it goes on and when it ends. Its row in ``service_runs`` remembers what
was added, in the same statement, so that adding twice is adding once, also when a COMMIT's answer got lost.

Pods of one run push to one group. If one read the totals, was held up, and pushed after another that read later ones,
the counters would fall, and Prometheus would take that for a restart and count everything anew. So a pod takes a turn:
a lease, for no transaction stays open while the Pushgateway is waited for. The totals are read after it is taken.

The statements serve psycopg and SQLAlchemy alike: whoever calls brings an `Ask`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

Ask = Callable[[str, Mapping[str, Any]], Sequence[Sequence[Any]]]
"""Executes one statement with its parameters in a transaction; returns the rows, none where it has no answer."""

TURN_SECONDS = 30
"""Longer than a push may take, whose time limit holds for each step of it."""
WAIT_SECONDS = 5.0
"""How long the end of a run waits for its turn."""
PAUSE_SECONDS = 0.05
"""Between two looks whether it has come."""

ADD = """
WITH run AS (
    SELECT id, coalesce(figures -> 'counted', '[]') AS counted FROM service_runs WHERE id = %(run)s FOR NO KEY UPDATE),
before AS (
    SELECT each.* FROM run, jsonb_to_recordset(run.counted) AS each (name text, labels jsonb, value float8)),
grown AS (
    SELECT name, labels, after.value - coalesce(before.value, 0) AS value
    FROM run, jsonb_to_recordset(%(counted)s::jsonb) AS after (name text, labels jsonb, value float8)
        LEFT JOIN before USING (name, labels)
    WHERE after.value > coalesce(before.value, 0)),
added AS (
    INSERT INTO service_totals AS total (service, name, labels, value)
    SELECT %(service)s, name, labels, value FROM grown ORDER BY name, labels
    ON CONFLICT (service, name, labels) DO UPDATE SET value = total.value + EXCLUDED.value)
UPDATE service_runs SET claimed = %(claimed)s, completed = %(completed)s, retried = %(retried)s, failed = %(failed)s,
    released = %(released)s, error = %(error)s, finished_at = CASE WHEN %(finished)s THEN now() END,
    figures = jsonb_build_object('queues', %(queues)s::jsonb, 'counted', %(counted)s::jsonb)
FROM run WHERE service_runs.id = run.id"""
"""Add what a run counted so far, and record how far it is: parameters as named."""

COUNT_ONE = """
INSERT INTO service_totals AS total (service, name, labels, value) VALUES (%(service)s, %(name)s, %(labels)s::jsonb, 1)
ON CONFLICT (service, name, labels) DO UPDATE SET value = total.value + 1"""

_TAKE_TURN = """
INSERT INTO push_turns AS turn (service, token, until)
VALUES (%(service)s, %(token)s, now() + make_interval(secs => %(seconds)s))
ON CONFLICT (service) DO UPDATE SET token = EXCLUDED.token, until = EXCLUDED.until WHERE turn.until <= now()
RETURNING true"""
_END_TURN = "UPDATE push_turns SET until = now() WHERE service = %(service)s AND token = %(token)s"


def take_turn(ask: Ask, service: str, token: UUID) -> bool:
    """Take the turn to push a service's totals; False while another pod has it."""
    return bool(ask(_TAKE_TURN, {"service": service, "token": token, "seconds": TURN_SECONDS}))


def end_turn(ask: Ask, service: str, token: UUID, *, pushed: bool) -> None:
    """Let the next pod push, and count the push if it failed."""
    ask(_END_TURN, {"service": service, "token": token})
    if not pushed:
        ask(COUNT_ONE, {"service": service, "name": "scrapersky_push_failures_total", "labels": "{}"})
