"""The one client that reads other people's websites: guarded, bounded, polite.

Every hop of a redirect is normalised, judged, and asked of robots.txt anew. Errors of the HTTP engine become ours in
`scrapersky.web.engine_errors` and nowhere else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from time import monotonic
from types import TracebackType
from typing import Self

import httpcore
from httpx import Headers

from scrapersky import metrics
from scrapersky.errors import InputError, PermanentError, RefusedError, TransientError, WorkError
from scrapersky.settings import Settings
from scrapersky.web.address import refusal
from scrapersky.web.decode import ACCEPTED
from scrapersky.web.engine_errors import ENGINE_ERRORS, translate
from scrapersky.web.metered import arrived, body_of, finish, header_bytes
from scrapersky.web.politeness import Politeness, retry_after
from scrapersky.web.response import Hop, Response, Validators
from scrapersky.web.robots import LONGEST_FILE, UNAVAILABLE, UNREACHABLE, Robots
from scrapersky.web.robots import parse as parse_robots
from scrapersky.web.robots_cache import RobotsCache
from scrapersky.web.spelling import careless_addresses
from scrapersky.web.transport import ConnectionPools
from scrapersky.web.urls import Url, parse

REDIRECTS = frozenset({301, 302, 303, 307, 308})
ROBOTS_REDIRECTS = 5
BUSY = frozenset({429, 503})
MOST_HEADERS = 1_000

# RFC 9309 §2.3.1: a file that cannot be had for good lets us in, one that cannot be had now keeps us out.
_ROBOTS_UNAVAILABLE = frozenset({"too-many-redirects", "redirect-loop", "bad-redirect"})
_ROBOTS_UNREACHABLE = frozenset({
    *("total-timeout", "read-timeout", "bad-response", "connection-lost", "protocol-flood"),
    *("body-too-large", "decoded-too-large", "decompression-bomb", "bad-compression", "unknown-coding"),
    "too-many-codings",
    *("headers-too-large", "too-many-headers"),
})  # fmt: skip


@dataclass(frozen=True)
class _Ask:
    """What one fetch wants, through all of its hops."""

    headers: dict[str, str]
    obey_robots: bool
    max_redirects: int


class Fetcher:
    """Fetches URLs; an async context manager, one for a run.

    Args:
        settings: Networks, limits and names; everything that begins with FETCH.
        pods: In how many pods of a run such a fetcher works; each takes its share of every host's pace.

    Raises:
        ConfigurationError: A file that the settings name cannot be read.
    """

    def __init__(self, settings: Settings, pods: int = 1) -> None:
        self._settings = settings
        self._pool = ConnectionPools(settings)
        self._politeness = Politeness(settings, pods)
        self._robots = RobotsCache(lambda origin: self.read_robots(f"{origin}/robots.txt"))
        contact = settings.fetch_contact_url
        self._user_agent = f"{settings.fetch_product_token}/{version('scrapersky')} (+{contact})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._pool.aclose()

    @asynccontextmanager
    async def stream(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        obey_robots: bool = True,
        max_bytes: int | None = None,
        max_redirects: int | None = None,
        total_timeout: float | None = None,
        accept: str = "*/*",
    ) -> AsyncIterator[Response]:
        """Fetch a URL and hand out its last answer while the body is still to be read.

        Args:
            url: What to fetch; http or https.
            validators: Makes the request conditional: an unchanged resource answers 304.
            obey_robots: Ask robots.txt at every hop.
            max_bytes: Limit of the body, on the wire and decoded; by default four pages' worth.
            max_redirects: By default FETCH_MAX_REDIRECTS.
            total_timeout: Seconds for everything, reading included; by default FETCH_TOTAL_TIMEOUT.
            accept: The Accept header.

        Raises:
            InputError: The URL cannot be read.
            RefusedError: The address is not public, the port not allowed, or robots.txt disallows it.
            PermanentError, TransientError: As their causes say. A status is no error until `Response.raise_for_status`.
        """
        settings = self._settings
        seconds = total_timeout or settings.fetch_total_timeout
        ask = _Ask(
            {"User-Agent": self._user_agent, "Accept": accept, "Accept-Encoding": ACCEPTED}
            | (validators.headers() if validators else {}),
            obey_robots,
            settings.fetch_max_redirects if max_redirects is None else max_redirects,
        )
        result = "cancelled"
        try:
            async with asyncio.timeout(seconds), AsyncExitStack() as stack:
                response = await self._follow(
                    self._target(url), ask, stack, max_bytes or 4 * settings.fetch_max_page_bytes
                )
                yield response
            result = f"{response.status // 100}xx"
        except TimeoutError:
            result = "total-timeout"
            raise TransientError(result, f"{url}: not done after {seconds:.0f} s") from None
        except WorkError as error:
            result = error.cause
            raise
        except ENGINE_ERRORS as error:
            translated = translate(error, url)
            result = translated.cause
            raise translated from error
        finally:
            metrics.FETCHES.labels(result).inc()

    async def get(
        self,
        url: str,
        *,
        obey_robots: bool = True,
        max_bytes: int | None = None,
        total_timeout: float | None = None,
        accept: str = "*/*",
    ) -> tuple[Response, bytes]:
        """Fetch a URL with its body, cut at ``max_bytes`` (by default FETCH_MAX_PAGE_BYTES); errors as `stream`."""
        limit = max_bytes or self._settings.fetch_max_page_bytes
        async with self.stream(
            url, obey_robots=obey_robots, max_bytes=4 * limit, total_timeout=total_timeout, accept=accept
        ) as response:
            return response, await response.read(limit)

    async def robots(self, url: str) -> Robots:
        """The robots.txt of a URL's origin, kept for a day at the most (RFC 9309 §2.4).

        Raises:
            WorkError: The origin cannot be reached at all: refused, no such name, nobody listens, no TLS.
        """
        return await self._robots.get(parse(url).origin)

    async def read_robots(self, url: str, agent: str | None = None) -> Robots:
        """Fetch a robots.txt and read it for an agent, by default for us; errors as `robots`."""
        try:
            async with self.stream(url, obey_robots=False, max_redirects=ROBOTS_REDIRECTS) as response:
                if 400 <= response.status < 500 and response.status not in BUSY:  # noqa: PLR2004
                    await finish(response.raw)
                    return UNAVAILABLE
                if not 200 <= response.status < 300:  # noqa: PLR2004
                    return UNREACHABLE
                body = await response.read(LONGEST_FILE + 1)
        except WorkError as error:
            if error.cause in _ROBOTS_UNAVAILABLE:
                return UNAVAILABLE
            if error.cause in _ROBOTS_UNREACHABLE:
                return UNREACHABLE
            raise
        return parse_robots(body, agent or self._settings.fetch_product_token)

    def _target(self, text: str, base: Url | None = None) -> Url:
        """The URL that is meant, unless a careless reader would find an inward address in it."""
        try:
            url = parse(text, base and str(base))
        except InputError:
            self._refuse_inward(text)
            raise
        if "//" in text and ("xn--" in url.host or url.host.replace(".", "").isdigit()):
            self._refuse_inward(text)
        return url

    def _refuse_inward(self, text: str) -> None:
        for address in careless_addresses(text):
            reason = refusal(address, self._settings.fetch_allow_networks)
            if reason is not None:
                words = f"{text[:200]!r} may be read as {address}, which is not public: {reason}"
                raise RefusedError("address-refused", words)

    async def _follow(self, url: Url, ask: _Ask, stack: AsyncExitStack, max_bytes: int) -> Response:
        began, current, hops = monotonic(), url, list[Hop]()
        while True:
            one_request = await stack.enter_async_context(AsyncExitStack())
            try:
                if ask.obey_robots:
                    await self._heed_robots(current)
                answer = await self._request(current, ask, one_request)
            except RefusedError as refused:
                if not hops:
                    raise
                raise RefusedError(refused.cause, f"{url} redirects to {current}: {refused.explanation}") from None
            headers = self._checked_headers(answer, current)
            hops.append(Hop(str(current), _address_of(answer), answer.status))
            location = headers.get("location")
            if answer.status not in REDIRECTS or location is None:
                return Response(
                    url=str(url),
                    final_url=str(current),
                    status=answer.status,
                    headers=headers,
                    hops=hops,
                    raw=body_of(answer),
                    max_bytes=max_bytes,
                    max_ratio=self._settings.fetch_max_compression_ratio,
                    page_bytes=self._settings.fetch_max_page_bytes,
                    began=began,
                )
            await finish(body_of(answer))
            await one_request.aclose()
            current = self._next_hop(current, location, hops, ask.max_redirects)

    def _next_hop(self, current: Url, location: str, hops: list[Hop], max_redirects: int) -> Url:
        first = hops[0].url
        try:
            target = self._target(location, current)
        except InputError as error:
            raise PermanentError("bad-redirect", f"{current} redirects to {error}") from None
        except RefusedError as refused:
            raise RefusedError(
                refused.cause, f"{current} redirects to where we do not go: {refused.explanation}"
            ) from None
        if any(hop.url == str(target) for hop in hops):
            raise PermanentError("redirect-loop", f"{first} redirects in a circle, by way of {target}")
        if len(hops) > max_redirects:
            raise PermanentError("too-many-redirects", f"{first}: more than {max_redirects} redirects")
        return target

    async def _heed_robots(self, url: Url) -> None:
        robots = await self.robots(str(url))
        if not robots.reachable:
            raise TransientError(
                "robots-unreachable", f"{url.origin}/robots.txt cannot be had: RFC 9309 says to stay away"
            )
        if not robots.allowed(str(url)):
            raise RefusedError("robots-disallowed", f"robots.txt of {url.host} disallows {url}")

    async def _request(self, url: Url, ask: _Ask, stack: AsyncExitStack) -> httpcore.Response:
        settings = self._settings
        delay = None
        if ask.obey_robots:
            delay = (await self.robots(str(url))).crawl_delay
        await stack.enter_async_context(self._politeness.turn(url.host, delay))
        timeouts = {
            "connect": settings.fetch_connect_timeout,
            "read": settings.fetch_read_timeout,
            "write": settings.fetch_read_timeout,
        }
        request = self._pool.stream(
            "GET",
            httpcore.URL(
                scheme=url.scheme.encode(),
                host=url.host.strip("[]").encode(),
                port=url.effective_port,
                target=str(url).removeprefix(url.origin).encode(),
            ),
            headers=[("Host", url.origin.partition("://")[2]), *ask.headers.items()],
            extensions={"timeout": timeouts},
        )
        answer = await stack.enter_async_context(request)
        arrived(answer)
        if answer.status in BUSY:
            self._politeness.leave_alone(url.host, retry_after(Headers(answer.headers).get("retry-after")) or 0.0)
        return answer

    def _checked_headers(self, answer: httpcore.Response, url: Url) -> Headers:
        if len(answer.headers) > MOST_HEADERS:
            raise PermanentError("too-many-headers", f"{url}: {len(answer.headers):,} headers")
        size = header_bytes(answer)
        if size > self._settings.fetch_max_header_bytes:
            raise PermanentError("headers-too-large", f"{url}: {size:,} bytes of headers")
        return Headers(answer.headers)


def _address_of(answer: httpcore.Response) -> str | None:
    stream = answer.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream is not None else None
    return str(peer[0]) if peer else None
