"""A domain's home page: which of its usual addresses answers."""

from scrapersky.errors import RefusedError, TransientError, WorkError
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.response import Response

ACCEPT_HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"
ANSWERED = ("http-429", "http-5", "robots-", "total-timeout", "read-timeout")
"""Causes of a server that is there: its other forms would only ask it again."""


async def open_home(fetcher: Fetcher, domain: str) -> tuple[Response, bytes]:
    """Fetch the home page over https or http, with or without ``www.``: the first form that answers.

    Args:
        fetcher: Fetches it.
        domain: Without ``www.``, as `scrapersky.web.urls.domain_of` gives it.

    Raises:
        WorkError: The most telling error of those that the forms met: a refusal, then a failure that may pass, then the
            first of the others.
    """
    failures: list[WorkError] = []
    for host in (domain, f"www.{domain}"):
        for scheme in ("https", "http"):
            try:
                response, body = await fetcher.get(f"{scheme}://{host}/", accept=ACCEPT_HTML)
                response.raise_for_status()
            except WorkError as failure:
                if isinstance(failure, RefusedError) or failure.cause.startswith(ANSWERED):
                    raise
                failures.append(failure)
                if failure.cause == "dns-not-found":
                    break
            else:
                return response, body
    raise min(failures, key=_how_telling)


def _how_telling(failure: WorkError) -> int:
    if isinstance(failure, TransientError):
        return 0
    return 1 if failure.cause.startswith("tls-") else {"dns-not-found": 3}.get(failure.cause, 2)
