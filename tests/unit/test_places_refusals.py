"""What Google's refusals mean: for the row, and for how long a quota is closed."""

from datetime import UTC, datetime

import pytest

from scrapersky.errors import ConfigurationError, PermanentError, ScraperSkyError, TransientError
from scrapersky.places.quota import closed_for
from scrapersky.places.refusals import refusal
from scrapersky.places.wire import Answer
from tests.internet import server
from tests.internet.places_errors import error, info, over_quota, retry_info

KEY = "AIzaSecret"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def answer(sent: server.Answer) -> Answer:
    """What the client makes of it."""
    return Answer(sent.status, {name.lower(): value for name, value in sent.headers.items()}, sent.body)


@pytest.mark.parametrize(
    ("sent", "kind", "says"),
    [
        (error(400, "Empty text_query."), PermanentError, "places-400: .*INVALID_ARGUMENT: Empty text_query"),
        (error(400, "API key expired.", info("API_KEY_INVALID")), ConfigurationError, "GOOGLE_MAPS_API_KEY"),
        (error(403, "Places API (New) has not been used.", info("SERVICE_DISABLED")), ConfigurationError, "has not"),
        (error(403, f"Consumer 'api_key:{KEY}' has been suspended."), ConfigurationError, r"'api_key:\*\*\*'"),
        (error(404, "The Place ID is no longer valid."), PermanentError, "place-gone"),
        (error(500, f"Oops {KEY}"), TransientError, r"places-500: .*Oops \*\*\*"),
        (server.Answer(504, body=b""), TransientError, "places-504"),
        (server.Answer(400, body=b'{"error": "bad"}'), ConfigurationError, r"PLACES_BASE_URL.*\(400\)"),
        (server.Answer(404, body=b'{"error": {}}'), PermanentError, "place-gone.*404"),
        (server.Answer(400, body=b'{"error": {"details": 5, "message": ["x"]}}'), PermanentError, "places-400"),
        (server.Answer(400, body=b'{"error": {"details": [5, {"reason": {}}]}}'), PermanentError, "places-400"),
    ],
)
def test_refusals(sent: server.Answer, kind: type[ScraperSkyError], says: str) -> None:
    refused = refusal(answer(sent), KEY)
    assert type(refused) is kind
    with pytest.raises(kind, match=says):
        raise refused
    assert KEY not in str(refused)


def test_a_long_message_is_one_short_line() -> None:
    explanation = str(refusal(answer(error(400, "line\n" * 5_000)), KEY))
    assert len(explanation) < 700
    assert "\n" not in explanation


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (over_quota("Minute"), 60),
        (over_quota("Minute", retry_info("7.5s")), 7.5),
        (over_quota("Minute", retry_info("soon")), 60),
        (over_quota("Minute", retry_info("7.5s"), retry_after="12"), 12),
        (over_quota("Day"), 20 * 3600),
        (error(429, "Quota exceeded.", info("RATE_LIMIT_EXCEEDED", quota_unit="1/d/{project}")), 20 * 3600),
        (server.Answer(429, body=b"slow down"), 60),
    ],
)
def test_how_long_a_quota_is_closed(sent: server.Answer, seconds: float) -> None:
    assert closed_for(answer(sent), NOON) == seconds


@pytest.mark.parametrize(("hour", "hours"), [(0, 8), (7, 1), (8, 24), (23, 9)])
def test_quotas_a_day_are_full_again_at_midnight_pacific_time(hour: int, hours: int) -> None:
    assert closed_for(answer(over_quota("Day")), NOON.replace(hour=hour)) == hours * 3600
