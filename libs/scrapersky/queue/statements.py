"""All SQL of the queue, made from a queue's names.

Statuses stand as literals, so that the partial index on ``(due_at, id)`` serves. ``id = ANY(ARRAY(SELECT …))`` and not
``IN (SELECT …)``: with the latter the planner may join instead, and then a LIMIT does not limit. ``now()`` is the
database's: no worker's clock is ever compared with another's.

A settled row keeps its token. So a worker whose connection broke during COMMIT can tell "I settled this" from "I lost
this"; the fence is token *and* status.
"""

from collections.abc import Sequence
from functools import cache

from scrapersky.queue.queues import Queue

SUSPECT = 2
"""Attempts after which a row whose lease ran out is suspected of killing its workers."""
LOOKED_THROUGH = 1_000


@cache
def any_due(queues: tuple[Queue, ...]) -> str:
    """Whether any of these queues has a row to claim: one boolean.

    Not by EXISTS: after a drain, until statistics are fresh, the planner expects a due row soon and reads the table.
    The order makes it read the index.
    """
    first = "(SELECT true FROM {} WHERE {} ORDER BY {}, {} LIMIT 1)"
    found = (first.format(queue.table, _due(queue), queue.due_at, queue.key) for queue in queues)
    return f"SELECT coalesce({', '.join(found)}, false)"


def _due(queue: Queue) -> str:
    narrowed = f"AND {queue.where}" if queue.where else ""
    return f"""{queue.status} IN ('Queued', '{queue.processing}') AND {queue.due_at} <= now() {narrowed}
        AND NOT EXISTS (SELECT FROM paused_queues WHERE queue = '{queue.name}')"""


def claim(queue: Queue, columns: Sequence[str], *, onwards: bool = False) -> str:
    """Take due rows but suspects: parameters ``token``, ``lease`` (seconds), ``limit``, ``max_attempts``.

    Returns rows ``(status, attempts, rescued, was_due, *columns)`` in no order. Rescued is a row whose second attempt
    this is, though its first has left no error: nobody settled it. (After more of them it is a suspect.) Of the last
    row in the queue's order ``was_due`` says when it was due; of the others it is NULL.

    ``onwards`` takes rows behind that one only, parameters ``was_due`` and ``last``: the entries of all that was taken
    before it stay at the front of the index until vacuum comes, and are not read again.
    """
    return _claim(queue, tuple(columns), onwards)


@cache
def _claim(queue: Queue, columns: tuple[str, ...], onwards: bool) -> str:  # noqa: FBT001
    behind = f"AND ({queue.due_at}, {queue.key}) > (%(was_due)s::timestamptz, %(last)s)" if onwards else ""
    last = f"(SELECT {queue.key} FROM due ORDER BY due DESC LIMIT 1)"
    was_due = f"CASE {queue.key} WHEN {last} THEN (SELECT max({queue.due_at})::text FROM due) END"
    return f"""
WITH due AS MATERIALIZED (
    SELECT {queue.due_at}, {queue.key} FROM {queue.table}
    WHERE {_due(queue)} AND NOT ({_suspect(queue)}) {behind}
    ORDER BY {queue.due_at}, {queue.key} LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED)
UPDATE {queue.table} SET
    {queue.status} = '{queue.processing}',
    {queue.attempts} = {queue.attempts} + 1,
    {queue.claim} = %(token)s,
    {queue.due_at} = now() + make_interval(secs => %(lease)s)
WHERE {queue.key} = ANY(ARRAY(SELECT {queue.key} FROM due))
RETURNING {_returned(queue, (was_due, *columns))}"""


def claim_suspect(queue: Queue, columns: Sequence[str]) -> str:
    """Take one suspect: parameters of `claim`, ``limit`` being 1; answer ``(status, attempts, rescued, *columns)``.

    A suspect is looked for among the rows that are due first, so that it costs the same in a full queue; it gets there
    in its turn. One whose worker died alone with it in the last of ``max_attempts`` is not handed out again: it comes
    back with status Error.
    """
    return _claim_suspect(queue, tuple(columns))


@cache
def _claim_suspect(queue: Queue, columns: tuple[str, ...]) -> str:
    used_up = f"{queue.attempts} >= %(max_attempts)s"
    given_up = f"{used_up} AND substr({queue.claim}::text, 15, 1) IS DISTINCT FROM '8'"
    return f"""
UPDATE {queue.table} SET
    {queue.status} = CASE WHEN {given_up} THEN 'Error' ELSE '{queue.processing}' END::{queue.status_type},
    {queue.error} = CASE WHEN {given_up} THEN 'worker-lost: the worker died or lost its lease in each of '
        || {queue.attempts} || ' attempts; look for what kills it, then requeue' ELSE {queue.error} END,
    {queue.attempts} = CASE WHEN {used_up} THEN {queue.attempts} ELSE {queue.attempts} + 1 END,
    {queue.claim} = %(token)s,
    {queue.due_at} = CASE WHEN {given_up} THEN NULL ELSE now() + make_interval(secs => %(lease)s) END
WHERE {queue.key} = ANY(ARRAY(
    SELECT {queue.key} FROM {queue.table}
    WHERE {queue.key} = ANY(ARRAY(
            SELECT {queue.key} FROM {queue.table} WHERE {_due(queue)}
            ORDER BY {queue.due_at}, {queue.key} LIMIT {LOOKED_THROUGH}))
        AND {_due(queue)} AND {_suspect(queue)}
    ORDER BY {queue.due_at}, {queue.key} LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED))
RETURNING {_returned(queue, columns)}"""


def _suspect(queue: Queue) -> str:
    return f"{queue.status} = '{queue.processing}' AND {queue.attempts} >= least({SUSPECT}, %(max_attempts)s)"


def _returned(queue: Queue, columns: tuple[str, ...]) -> str:
    rescued = f"{queue.attempts} > 1 AND {queue.error} IS NULL"
    return ", ".join((f"{queue.status}::text", queue.attempts, rescued, *columns))


@cache
def renew(queue: Queue) -> str:
    """Heartbeat: parameters ``ids``, ``tokens``, ``lease``. Returns ``(id, token)`` of the rows that are still ours.

    Rows are locked in id order, as a settle locks them: the two never wait for each other in a circle.
    """
    return f"""
UPDATE {queue.table} SET {queue.due_at} = now() + make_interval(secs => %(lease)s)
WHERE {queue.key} = ANY(ARRAY(
    SELECT {queue.key} FROM {queue.table}
    WHERE {queue.key} = ANY(%(ids)s) AND {queue.claim} = ANY(%(tokens)s) AND {queue.status} = '{queue.processing}'
    ORDER BY {queue.key} FOR NO KEY UPDATE))
RETURNING {queue.key}, {queue.claim}"""


@cache
def lock(queue: Queue) -> str:
    """Open a settle of failures: parameter ``ids``. Returns ``(id, token, in_work)``, locked in id order."""
    return f"""
SELECT {queue.key}, {queue.claim}, {queue.status} = '{queue.processing}' FROM {queue.table}
WHERE {queue.key} = ANY(%(ids)s) ORDER BY {queue.key} FOR NO KEY UPDATE"""


@cache
def complete(queue: Queue, typed: str | None = None, assigned: str | None = None) -> str:
    """Settle as Completed what is still ours: parameters ``ids``, ``tokens`` (one for each id). Returns ids as text.

    Rows are locked in id order, which costs nothing: a table with a trigger for updates locks each of them anyhow.

    With the words of a stage's `OwnColumns` it writes results too: parameter ``results``, JSON objects that bear their
    rows' ids as ``row_id``. They are joined as text, so that no index serves and a row is found by its lock alone.
    """
    own = f", {assigned}" if assigned else ""
    found = f"FROM jsonb_to_recordset(%(results)s::jsonb) AS found(row_id text, {typed})" if typed else ""
    joined = f"AND {queue.table}.{queue.key}::text = found.row_id" if typed else ""
    return f"""
UPDATE {queue.table} SET {queue.status} = 'Completed', {queue.due_at} = NULL, {queue.error} = NULL{own}
{found}
WHERE {queue.key} = ANY(ARRAY(
    SELECT {queue.key} FROM {queue.table} WHERE {queue.key} = ANY(%(ids)s) AND {_held(queue)}
    ORDER BY {queue.key} FOR NO KEY UPDATE)) {joined}
RETURNING {queue.key}::text"""


def _held(queue: Queue) -> str:
    """The fence. As text the status matches no partial index, which would be read from end to end."""
    token = f"(%(tokens)s::uuid[])[array_position(%(ids)s, {queue.key})]"
    return f"{queue.claim} = {token} AND {queue.status}::text = '{queue.processing}'"


@cache
def retry(queue: Queue) -> str:
    """Settle one row as due again: parameters ``id``, ``delay`` (seconds), ``error``."""
    return f"""
UPDATE {queue.table} SET {queue.status} = 'Queued', {queue.error} = %(error)s,
    {queue.due_at} = clock_timestamp() + make_interval(secs => %(delay)s)
WHERE {queue.key} = %(id)s"""


@cache
def fail(queue: Queue) -> str:
    """Settle one row as Error: parameters ``id``, ``error``."""
    return f"""
UPDATE {queue.table} SET {queue.status} = 'Error', {queue.due_at} = NULL, {queue.error} = %(error)s
WHERE {queue.key} = %(id)s"""


@cache
def release(queue: Queue) -> str:
    """Give rows back unworked, the attempt refunded: parameter ``ids``."""
    return f"""
UPDATE {queue.table} SET {queue.status} = 'Queued', {queue.due_at} = clock_timestamp(),
    {queue.attempts} = greatest({queue.attempts} - 1, 0)
WHERE {queue.key} = ANY(%(ids)s)"""


@cache
def defer(queue: Queue) -> str:
    """Put back what a claim has just taken, as if it had not: parameters ``token``, ``ids``, ``delays`` (seconds)."""
    delay = f"(%(delays)s::float8[])[array_position(%(ids)s, {queue.key})]"
    return f"""
UPDATE {queue.table} SET {queue.status} = 'Queued', {queue.attempts} = {queue.attempts} - 1,
    {queue.due_at} = clock_timestamp() + make_interval(secs => {delay})
WHERE {queue.key} = ANY(%(ids)s) AND {queue.claim} = %(token)s AND {queue.status}::text = '{queue.processing}'"""
