"""Google's quotas, as far as its refusals tell: when may the next call be made?

Each API method has a quota a minute; an operator may set one a day too. Both are the project's, so every pod and every
other user of the key draws on them. A queue of thousands of deep scans reaches the one a minute in seconds: were each
429 an attempt of a row, a long queue would end in Error. So a refusal closes the quota for all rows of the run, and
they wait in place for up to a minute. What is used up for longer goes back to the queue, due when it is full again.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from time import monotonic

from scrapersky.errors import TransientError
from scrapersky.places.refusals import read_error
from scrapersky.places.wire import Answer
from scrapersky.web.politeness import retry_after

MINUTE = 60.0
# Quotas a day are full again at midnight Pacific Time, which is 08:00 UTC in winter and 07:00 in summer.
DAY_BEGINS_UTC = 8
_PER_DAY = re.compile(r"per ?day|1/d/", re.IGNORECASE)


class Quota:
    """One API method's quota.

    Args:
        name: As Google calls it, e.g. ``SearchTextRequest``.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._opens_at = 0.0

    def close(self, seconds: float) -> None:
        """No call may be made for so long."""
        self._opens_at = max(self._opens_at, monotonic() + seconds)

    async def wait(self) -> None:
        """Return when a call may be made.

        Raises:
            TransientError: That is more than a minute away.
        """
        while (seconds := self._opens_at - monotonic()) > 0:
            if seconds > MINUTE:
                raise self.used_up(seconds)
            await asyncio.sleep(seconds)

    def used_up(self, seconds: float) -> TransientError:
        """The error for a row that cannot wait that long."""
        says = f"Google's quota {self._name} is used up; it allows calls again in {seconds:.0f} s"
        return TransientError("places-quota", says, retry_after=seconds)


def closed_for(answer: Answer, now: datetime) -> float:
    """Seconds until the quota that a 429 speaks of is full again: as it says, else until the next minute or day.

    Args:
        answer: A 429: Retry-After, ``google.rpc.RetryInfo``, and the limit that ``google.rpc.ErrorInfo`` names.
        now: The time, in UTC.
    """
    asked = retry_after(answer.headers.get("retry-after"))
    if asked is not None:
        return asked
    error = read_error(answer)
    delay = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)s", error.retry_delay or "") if error else None
    if delay is not None:
        return float(delay[1])
    if error is not None and _PER_DAY.search(f"{error.message} {error.metadata}"):
        full = now.astimezone(UTC).replace(hour=DAY_BEGINS_UTC, minute=0, second=0, microsecond=0)
        return ((full if full > now else full + timedelta(days=1)) - now).total_seconds()
    return MINUTE
