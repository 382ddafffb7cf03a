"""The Places client against a stand-in that speaks Google's documented API."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from scrapersky import metrics
from scrapersky.errors import ConfigurationError, PermanentError, ScraperSkyError, TransientError
from scrapersky.places import quota
from scrapersky.places.geography import Circle
from scrapersky.places.masks import DETAILS, LOCATE, SEARCH
from tests.internet.places import KEY, PlacesStandIn
from tests.internet.places_errors import error, over_quota, retry_info
from tests.internet.server import Answer, HttpServer
from tests.support.places import client

QUERY = "plumbers in Austin, TX"


def calls(sku: str) -> float:
    return metrics.RUN.get_sample_value("scrapersky_places_calls_total", {"sku": sku}) or 0.0


@asynccontextmanager
async def serving(answer: Callable[[], Answer]) -> AsyncIterator[str]:
    server = HttpServer(lambda _: answer(), {})
    await server.start()
    yield f"http://127.0.0.1:{server.http_port}"
    await server.stop()


async def test_pages_of_twenty_with_a_token_for_the_next(google: PlacesStandIn) -> None:
    async with client(google.base_url) as places:
        first = await places.search_text(QUERY)
        second = await places.search_text(QUERY, page_token=first.next_page_token)
        third = await places.search_text(QUERY, page_token=second.next_page_token)
    pages = [first.places, second.places, third.places]
    assert [len(page) for page in pages] == [20, 20, len(google.known) - 40]
    assert third.next_page_token is None
    assert {place.id for page in pages for place in page} == {each.place_id for each in google.known}


async def test_nothing_found_is_an_empty_page(google: PlacesStandIn) -> None:
    async with client(google.base_url) as places:
        page = await places.search_text("glassblowers in Austin, TX")
    assert (page.places, page.next_page_token) == ((), None)


async def test_only_what_is_stored_is_asked_for_and_counted_by_sku(google: PlacesStandIn) -> None:
    before = [calls(mask.sku) for mask in (SEARCH, LOCATE, DETAILS)]
    async with client(google.base_url) as places:
        [place, *_] = (await places.search_text(QUERY)).places
        assert await places.locate("Austin, TX") == (30.2672, -97.7431)
        details = await places.details(place.id)
    assert [call.mask for call in google.calls] == [SEARCH.fields, LOCATE.fields, DETAILS.fields]
    assert {f"places.{name}" for name in place.raw} == set(SEARCH.fields) - {"nextPageToken"}
    assert details.raw.keys() == {field.partition(".")[0] for field in DETAILS.fields}
    assert details.raw["regularOpeningHours"].keys() == {"weekdayDescriptions"}
    assert [calls(mask.sku) - n for mask, n in zip((SEARCH, LOCATE, DETAILS), before, strict=True)] == [1, 1, 1]


async def test_a_circle_restricts_the_search_to_the_rectangle_around_it(google: PlacesStandIn) -> None:
    circle = Circle(30.2672, -97.7431, 2)
    async with client(google.base_url) as places:
        page = await places.search_text(QUERY, within=circle)
    assert 0 < len(page.places) < len(google.known)
    assert google.calls[0].body["locationRestriction"] == {"rectangle": circle.viewport()}


async def test_an_unknown_location(google: PlacesStandIn) -> None:
    async with client(google.base_url) as places:
        with pytest.raises(PermanentError, match=r"unknown-location.*Atlantis"):
            await places.locate("Atlantis")


@pytest.mark.parametrize(
    ("key", "kind", "says"),
    [
        (None, ConfigurationError, "GOOGLE_MAPS_API_KEY: is not set"),
        ("with space", ConfigurationError, "GOOGLE_MAPS_API_KEY: has characters"),
        ("line\nbreak", ConfigurationError, "GOOGLE_MAPS_API_KEY: has characters"),
        ("schlüssel", ConfigurationError, "GOOGLE_MAPS_API_KEY: has characters"),
        ("denied", ConfigurationError, "GOOGLE_MAPS_API_KEY: Google refuses it; PERMISSION_DENIED"),
        ("mistyped", ConfigurationError, "API key not valid"),
        ("suspended-key", ConfigurationError, r"Consumer 'api_key:\*\*\*' has been suspended"),
        ("quota", TransientError, "places-quota"),
        ("broken", TransientError, "places-500"),
    ],
)
async def test_keys_that_google_refuses(
    google: PlacesStandIn, key: str | None, kind: type[ScraperSkyError], says: str
) -> None:
    async with client(google.base_url, key) as places:
        with pytest.raises(kind, match=says) as raised:
            await places.search_text(QUERY)
    if key not in {None, "quota"}:
        assert key not in str(raised.value)
        assert key not in repr(vars(places))


async def test_a_quota_used_up_for_the_day_is_not_asked_again(google: PlacesStandIn) -> None:
    google.next_answers.append(over_quota("Day"))
    async with client(google.base_url) as places:
        for _ in range(2):
            with pytest.raises(TransientError, match="places-quota: Google's quota SearchTextRequest") as raised:
                await places.search_text(QUERY)
            assert raised.value.retry_after is not None
            assert 60 < raised.value.retry_after <= 86_400
        assert (await places.details(google.known[0].place_id)).name == google.known[0].name
    assert len(google.calls) == 2


async def test_a_quota_a_minute_is_waited_for_in_place_by_all(google: PlacesStandIn) -> None:
    google.next_answers += [over_quota("Minute", retry_info("0.05s")), over_quota("Minute", retry_after="0")]
    async with client(google.base_url) as places:
        pages = await asyncio.gather(*(places.search_text(QUERY) for _ in range(4)))
    assert [len(page.places) for page in pages] == [20] * 4
    assert len(google.calls) == 6


async def test_a_quota_that_stays_used_up_goes_back_to_the_queue(
    google: PlacesStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "MINUTE", 0.01)
    google.next_answers += [over_quota("Minute")] * 20
    async with client(google.base_url) as places:
        with pytest.raises(TransientError, match="places-quota") as raised:
            await places.search_text(QUERY)
    assert raised.value.retry_after == 0.01
    assert len(google.calls) == 5


async def test_a_page_token_that_google_no_longer_accepts_does_not_end_the_search(google: PlacesStandIn) -> None:
    async with client(google.base_url) as places:
        first = await places.search_text(QUERY)
        with pytest.raises(TransientError, match=r"places-page-token.*paging"):
            await places.search_text("plumbers elsewhere", page_token=first.next_page_token)
        with pytest.raises(TransientError, match="places-page-token"):
            await places.search_text(QUERY, page_token="forged")


@pytest.mark.parametrize(
    ("place_id", "cause"),
    [
        ("ChIJ../../etc/passwd?x=y", "place-gone"),
        ("ChIJgone", "place-gone"),
        ("x", "places-400"),
        ("..", "bad-place-id"),
        ("", "bad-place-id"),
    ],
)
async def test_a_place_id_stays_one_segment_of_the_path(google: PlacesStandIn, place_id: str, cause: str) -> None:
    async with client(google.base_url) as places:
        with pytest.raises(PermanentError) as raised:
            await places.details(place_id)
    assert raised.value.cause == cause
    assert {call.path.count("/") for call in google.calls} <= {3}


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Answer(404, body=b"<html>nginx</html>"), ConfigurationError, r"PLACES_BASE_URL.*404"),
        (Answer(301, headers={"Location": "https://elsewhere.example/"}), ConfigurationError, "PLACES_BASE_URL"),
        (Answer(403, body=b"blocked by proxy"), ConfigurationError, "PLACES_BASE_URL"),
        (Answer(502, body=b"bad gateway"), TransientError, "places-502"),
        (error(503, "The service is currently unavailable."), TransientError, "places-503.*UNAVAILABLE"),
        (Answer(200, body=b"hello"), TransientError, "places-answer"),
        (Answer(200, body=b"[" * 100_000), TransientError, "places-answer"),
        (Answer(200, body=b" " * (4 * 1024 * 1024 + 1)), PermanentError, "places-answer.*4,194,304"),
        (Answer(200, raw=b"SSH-2.0-OpenSSH\r\n\r\n"), TransientError, "places-unreachable"),
        (Answer(200, raw=b""), TransientError, "places-unreachable"),
    ],
)
async def test_what_is_no_answer_of_googles(
    google: PlacesStandIn, answer: Answer, kind: type[ScraperSkyError], says: str
) -> None:
    google.next_answers.append(answer)
    async with client(google.base_url) as places:
        with pytest.raises(kind, match=says):
            await places.search_text(QUERY)


async def test_nobody_there_is_worth_another_attempt() -> None:
    async with client("http://127.0.0.1:1") as places:
        with pytest.raises(TransientError, match="places-unreachable"):
            await places.search_text(QUERY)


async def test_an_answer_that_drips_is_cut_off_in_time() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.02)
            yield b" "

    async with serving(lambda: Answer(stream=drip)) as base_url, client(base_url, fetch_total_timeout=0.2) as places:
        with pytest.raises(TransientError, match="places-timeout"):
            await places.search_text(QUERY)


async def test_a_proxy_of_the_environment_is_not_used(google: PlacesStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with client(google.base_url) as places:
        assert (await places.search_text(QUERY)).places


async def test_a_proxy_of_our_setting_is_used(google: PlacesStandIn) -> None:
    async with client("http://places.example", fetch_proxy=google.base_url) as places:
        with pytest.raises(ConfigurationError, match="PLACES_BASE_URL"):
            await places.search_text(QUERY)
    assert google.calls[0].path.startswith("http://places.example/")


async def test_the_stand_in_refuses_what_google_refuses(google: PlacesStandIn) -> None:
    keyed = {"X-Goog-Api-Key": KEY, "X-Goog-FieldMask": "places.id"}
    requests: list[tuple[dict[str, str], dict[str, object], int, str]] = [
        ({}, {"textQuery": QUERY}, 403, "unregistered callers"),
        ({"X-Goog-Api-Key": KEY}, {"textQuery": QUERY}, 400, "FieldMask is a required parameter"),
        (keyed | {"X-Goog-FieldMask": "places.id, places.name"}, {"textQuery": QUERY}, 400, "' places.name'"),
        (keyed | {"X-Goog-FieldMask": "id"}, {"textQuery": QUERY}, 400, "Cannot find matching fields"),
        (keyed, {}, 400, "Empty text_query"),
        (keyed, {"textQuery": QUERY, "pageSize": -1}, 400, "page_size"),
        (keyed, {"textQuery": QUERY, "radius": 5}, 400, 'Unknown name "radius"'),
        (keyed, {"textQuery": QUERY, "locationRestriction": {"circle": {}}}, 400, "location_restriction"),
        (keyed, {"textQuery": QUERY, "locationBias": {"circle": {"radius": 50_001}}}, 400, "radius"),
    ]
    async with httpx.AsyncClient(base_url=google.base_url, trust_env=False) as http:
        for headers, body, code, says in requests:
            answer = await http.post("/v1/places:searchText", json=body, headers=headers)
            said = answer.json()["error"]
            assert (answer.status_code, said["code"]) == (code, code)
            assert says in said["message"]
        small = await http.post("/v1/places:searchText", json={"textQuery": QUERY, "pageSize": 99}, headers=keyed)
    assert len(small.json()["places"]) == 20
    assert small.json()["places"][0].keys() == {"id"}
