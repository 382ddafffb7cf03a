"""What an answer that is no 200 means for the row: Google's error bodies become our errors here.

https://cloud.google.com/apis/design/errors: ``{"error": {"code", "message", "status", "details": [...]}}``.

=========================  ==================================================================================
400 INVALID_ARGUMENT       PermanentError ``places-400``: this search or place id, not the next one
401, 403, an invalid key   ConfigurationError: no row is to blame, and none may be lost while the operator mends it.
                           As a permanent error it would throw the whole queue away, as a transient one use up every
                           row's attempts within the hour. The run ends with exit code 78, its rows given back.
404 NOT_FOUND              PermanentError ``place-gone``
429 RESOURCE_EXHAUSTED     see `scrapersky.places.quota`
5xx                        TransientError
anything not Google's      ConfigurationError: something else answers at PLACES_BASE_URL (a proxy, a wrong path)
=========================  ==================================================================================
"""

from dataclasses import dataclass

from scrapersky.errors import ConfigurationError, PermanentError, ScraperSkyError, TransientError
from scrapersky.places.schema import Json, json_object
from scrapersky.places.wire import Answer

LONGEST_MESSAGE = 500
UNAUTHORISED = frozenset({401, 403})
TOO_MANY_REQUESTS = 429
NOT_FOUND = 404
SERVER_ERROR = 500


@dataclass(frozen=True)
class GoogleError:
    """An error body, as far as we read it; ``reasons`` and ``metadata`` are those of ``google.rpc.ErrorInfo``."""

    status: str
    message: str
    reasons: frozenset[str]
    metadata: str
    retry_delay: str | None


def read_error(answer: Answer) -> GoogleError | None:
    """Google's error body, or None where the answer has none."""
    error = (json_object(answer.body) or {}).get("error")
    if not isinstance(error, dict):
        return None
    listed = error.get("details")
    details: list[Json] = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    delays = [item["retryDelay"] for item in details if isinstance(item.get("retryDelay"), str)]
    return GoogleError(
        status=str(error.get("status") or answer.status),
        message=" ".join(str(error.get("message", "")).split())[:LONGEST_MESSAGE],
        reasons=frozenset(str(item.get("reason")) for item in details),
        metadata=" ".join(str(item.get("metadata", "")) for item in details),
        retry_delay=delays[0] if delays else None,
    )


def refusal(answer: Answer, key: str) -> ScraperSkyError:
    """The error that an answer other than 200 and 429 stands for.

    Args:
        answer: The answer.
        key: The API key. Google repeats it in some messages; ours never do.
    """
    code, error = answer.status, read_error(answer)
    if error is None:
        if code >= SERVER_ERROR:
            return TransientError(f"places-{code}", f"Places answered {code}")
        return ConfigurationError(f"PLACES_BASE_URL: what answers there ({code}) is not the Places API")
    said = f"{error.status}: {error.message}".replace(key, "***")
    if code in UNAUTHORISED or any(reason.startswith("API_KEY_") for reason in error.reasons):
        return ConfigurationError(f"GOOGLE_MAPS_API_KEY: Google refuses it; {said}")
    if code >= SERVER_ERROR:
        return TransientError(f"places-{code}", f"Google answered {said}")
    if code == NOT_FOUND:
        return PermanentError("place-gone", f"Google no longer knows this place; {said}")
    return PermanentError(f"places-{code}", f"Google does not accept the request; {said}")
