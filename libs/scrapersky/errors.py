"""Every error this project raises on purpose.

::

    ScraperSkyError
    ├── ConfigurationError      a setting is missing or wrong                       exit 78
    ├── DatabaseUnavailableError  not reachable                                     exit 75
    │   └── NotMigratedError    reachable, but its schema is not the one we need
    ├── InputError              a file or argument is not what it should be         exit 65
    ├── LeaseLostError          another worker holds the row now; drop the result
    └── WorkError               a row's work failed; the row says why               exit 69
        ├── TransientError      worth another attempt, after a back-off
        └── PermanentError      another attempt would fail the same way
            └── RefusedError    we will not: the address is not public, robots.txt  exit 77

The queue branches on TransientError and PermanentError. Anything else that a stage raises is a bug, and looks like one.
Foreign errors (httpx, psycopg, lxml) are translated in one place each, beside the code that calls the library.
"""

from typing import ClassVar


class ScraperSkyError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line ends with."""

    exit_code: ClassVar[int] = 70


class ConfigurationError(ScraperSkyError):
    """The configuration is wrong; the message has one line per setting."""

    exit_code = 78


class DatabaseUnavailableError(ScraperSkyError):
    """The database cannot be reached, or its schema is not current; try again later."""

    exit_code = 75


class NotMigratedError(DatabaseUnavailableError):
    """The database answers, but its schema is not the one that this version needs."""


class InputError(ScraperSkyError):
    """What was given is not what it should be: not a sitemap, not a CSV, a bad URL."""

    exit_code = 65


class LeaseLostError(ScraperSkyError):
    """The lease on a row ran out and another worker may hold it: nothing more may be written for this claim."""


class WorkError(ScraperSkyError):
    """A row's work failed for a reason that an operator can act on.

    Args:
        cause: What went wrong in kebab-case, the same for every row it happens to: ``dns-not-found``, ``http-404``.
        explanation: One sentence with the particulars; names the input.
    """

    exit_code = 69

    def __init__(self, cause: str, explanation: str) -> None:
        super().__init__(f"{cause}: {explanation}")
        self.cause = cause
        self.explanation = explanation


class TransientError(WorkError):
    """Another attempt may succeed: a time-out, 5xx, 429, a lost connection.

    Args:
        cause: As for `WorkError`.
        explanation: As for `WorkError`.
        retry_after: Seconds that the peer asked us to wait, if it did; a lower bound for the back-off.
    """

    def __init__(self, cause: str, explanation: str, *, retry_after: float | None = None) -> None:
        super().__init__(cause, explanation)
        self.retry_after = retry_after


class PermanentError(WorkError):
    """Another attempt would fail the same way: NXDOMAIN, 404, not a sitemap."""


class RefusedError(PermanentError):
    """We refuse on purpose: the address is not public, or robots.txt disallows the URL."""

    exit_code = 77
