"""How the Places API refuses: error bodies as documented (https://cloud.google.com/apis/design/errors)."""

import json
from typing import Any

from tests.internet.server import Answer

STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
SERVICE = "places.googleapis.com"


def error(code: int, message: str, *details: dict[str, Any], retry_after: str | None = None) -> Answer:
    """An error body of this code."""
    said: dict[str, Any] = {"code": code, "message": message, "status": STATUSES[code]}
    if details:
        said["details"] = details
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Answer(code, "application/json; charset=UTF-8", json.dumps({"error": said}).encode(), headers)


def info(reason: str, **metadata: str) -> dict[str, Any]:
    """A detail of type ``google.rpc.ErrorInfo``."""
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": {"service": SERVICE, **metadata}}


def over_quota(per: str, *details: dict[str, Any], retry_after: str | None = None) -> Answer:
    """The quota a minute or a day (``per``: Minute, Day) is used up."""
    limit = f"SearchTextRequestPer{per}PerProject"
    message = (
        f"Quota exceeded for quota metric 'SearchTextRequest' and limit 'SearchTextRequest per {per.lower()}' of "
        f"service '{SERVICE}' for consumer 'project_number:1'."
    )
    detail = info("RATE_LIMIT_EXCEEDED", quota_limit=limit, quota_metric=f"{SERVICE}/SearchTextRequest")
    return error(429, message, detail, *details, retry_after=retry_after)


def retry_info(delay: str) -> dict[str, Any]:
    """A detail of type ``google.rpc.RetryInfo``; ``delay`` such as "0.5s"."""
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


UNKNOWN_KEY = error(400, "API key not valid. Please pass a valid API key.", info("API_KEY_INVALID"))
KEYS = {
    "": error(403, "Method doesn't allow unregistered callers. Please use API Key to call this API."),
    "denied": error(403, "The provided API key is not authorized to use this API.", info("API_KEY_SERVICE_BLOCKED")),
    "suspended-key": error(
        403, "Permission denied: Consumer 'api_key:suspended-key' has been suspended.", info("CONSUMER_SUSPENDED")
    ),
    "quota": over_quota("Day"),
    "broken": error(500, "Internal error encountered."),
}
