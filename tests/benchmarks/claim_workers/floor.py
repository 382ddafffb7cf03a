"""The two statements and nothing else, over one psycopg connection: claim 100, settle 100: ``… DATABASE_URL``.

The claim is the queue's own. The settle writes result and status in one, fenced: the least that can be asked.
"""

import json
import sys
from typing import Any

import psycopg

from scrapersky.queue.claims import shared_token
from scrapersky.queue.queues import DOMAINS
from scrapersky.queue.statements import claim
from tests.benchmarks.race import take_part

CLAIM = claim(DOMAINS, ("id", "domain")).encode()
SETTLE = b"""
UPDATE domains SET status = 'Completed', scan_due_at = NULL, scan_error = NULL, title = found.title
FROM jsonb_to_recordset(%(rows)s::jsonb) AS found(id uuid, title text)
WHERE domains.id = found.id AND scan_claim = %(token)s AND status = 'Processing'"""


def drain(connection: psycopg.Connection[Any]) -> None:
    """Claim and settle until a claim comes back empty."""
    while True:
        token = shared_token()
        claimed = connection.execute(CLAIM, {"token": token, "lease": 120, "limit": 100, "max_attempts": 5}).fetchall()
        if not claimed:
            return
        titles = [{"id": str(key), "title": f"title of {domain}"} for *_, key, domain in claimed]
        connection.execute(SETTLE, {"rows": json.dumps(titles), "token": token})


def main() -> None:
    with psycopg.connect(sys.argv[1], autocommit=True, prepare_threshold=None) as connection:
        take_part(lambda: drain(connection))


if __name__ == "__main__":
    main()
