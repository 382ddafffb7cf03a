"""The fetcher against real servers on the loopback; refused addresses against a connect that goes nowhere."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from httpcore import AnyIOBackend

from scrapersky.errors import PermanentError, RefusedError, TransientError, WorkError
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.response import Validators
from scrapersky.web.site import open_home
from tests.internet.network import SmallInternet
from tests.internet.server import Answer, HttpServer, Request
from tests.internet.site import Promise, Site
from tests.support.internet import online
from tests.support.postgres import make_settings

Handler = Callable[[Request], Answer]
TEXT = Answer(content_type="text/plain; charset=UTF-8", body=b"hello")
OPEN = Answer(404)


class Web:
    """One host, ``site.example``, that answers as the test says; ``asked`` lists the targets it was asked for."""

    def __init__(self, directory: Path) -> None:
        self.routes: dict[str, Answer | Handler] = {"/robots.txt": OPEN}
        self.asked: list[Request] = []
        self._directory = directory
        self._server = HttpServer(self._answer, {})

    async def start(self) -> None:
        await self._server.start()
        (self._directory / "hosts").write_text("127.0.0.1 site.example other.example\n")

    async def stop(self) -> None:
        await self._server.stop()

    def fetcher(self, **more: Any) -> Fetcher:
        return Fetcher(
            make_settings(
                "postgresql://unused",
                fetch_hosts_file=self._directory / "hosts",
                fetch_port_map=f"80={self._server.http_port}",
                **more,
            )
        )

    def _answer(self, request: Request) -> Answer:
        self.asked.append(request)
        route = self.routes.get(request.target, TEXT)
        return route(request) if callable(route) else route


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    web = Web(tmp_path)
    await web.start()
    yield web
    await web.stop()


async def cause_of(fetcher: Fetcher, url: str, **more: Any) -> str:
    async with fetcher:
        with pytest.raises(WorkError) as error:
            await fetcher.get(url, **more)
    assert "site.example" in str(error.value) or "example" in url
    return error.value.cause


async def test_a_page(web: Web) -> None:
    async with web.fetcher() as fetcher:
        response, body = await fetcher.get("http://SITE.example/a?b#c")
    assert (response.status, body, response.media_type, response.charset) == (200, b"hello", "text/plain", "UTF-8")
    assert (response.url, response.final_url) == ("http://site.example/a?b", "http://site.example/a?b")
    assert (response.wire_bytes, response.decoded_bytes) == (5, 5)
    [hop] = response.hops
    assert (hop.url, hop.address, hop.status) == ("http://site.example/a?b", "127.0.0.1", 200)


async def test_the_user_agent_names_us_and_whom_to_write_to(web: Web) -> None:
    async with web.fetcher(fetch_contact_url="https://op.example/bot") as fetcher:
        await fetcher.get("http://site.example/")
    agent = web.asked[-1].headers["user-agent"]
    assert agent.startswith("ScraperSkyBot/")
    assert agent.endswith("(+https://op.example/bot)")


async def test_redirects_are_followed_hop_by_hop(web: Web) -> None:
    web.routes["/a"] = Answer(301, headers={"Location": "/b?x=1"})
    web.routes["/b?x=1"] = Answer(307, headers={"Location": "//other.example/c#top"})
    async with web.fetcher() as fetcher:
        response, _ = await fetcher.get("http://site.example/a")
    assert [(hop.url, hop.status) for hop in response.hops] == [
        ("http://site.example/a", 301),
        ("http://site.example/b?x=1", 307),
        ("http://other.example/c", 200),
    ]
    assert web.asked[-1].host == "other.example"


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("/a", "redirect-loop"),
        ("ftp://site.example/", "bad-redirect"),
        ("http://[", "bad-redirect"),
        ("http://10.0.0.1/", "address-refused"),
        ("http://2130706433:8080/", "port-refused"),
        ("http://169.254.169.254/latest/meta-data/", "address-refused"),
        ("http://[::ffff:10.0.0.1]/", "address-refused"),
    ],
)
async def test_redirects_to_where_we_do_not_go(web: Web, location: str, cause: str) -> None:
    web.routes["/a"] = Answer(302, headers={"Location": location})
    assert await cause_of(web.fetcher(), "http://site.example/a") == cause


async def test_redirects_without_end(web: Web) -> None:
    for n in range(50):
        web.routes[f"/{n}"] = Answer(302, headers={"Location": f"/{n + 1}"})
    assert await cause_of(web.fetcher(fetch_max_redirects=5), "http://site.example/0") == "too-many-redirects"
    assert len([request for request in web.asked if request.path != "/robots.txt"]) == 6


async def test_a_status_is_no_error_until_it_is_asked_for(web: Web) -> None:
    web.routes["/gone"] = Answer(410, body=b"gone")
    web.routes["/busy"] = Answer(503, headers={"Retry-After": "7"})
    async with web.fetcher() as fetcher:
        gone, body = await fetcher.get("http://site.example/gone")
        busy, _ = await fetcher.get("http://site.example/busy")
    assert body == b"gone"
    with pytest.raises(PermanentError, match="http-410"):
        gone.raise_for_status()
    with pytest.raises(TransientError, match="http-503") as error:
        busy.raise_for_status()
    assert error.value.retry_after == 7


async def test_a_busy_host_is_left_alone_for_as_long_as_it_asks(web: Web) -> None:
    web.routes["/busy"] = Answer(429, headers={"Retry-After": "3600"})
    async with web.fetcher() as fetcher:
        await fetcher.get("http://site.example/busy")
        with pytest.raises(TransientError, match="host-busy"):
            await fetcher.get("http://site.example/other")
        await fetcher.get("http://other.example/")
    assert [r.target for r in web.asked if r.host == "site.example"] == ["/robots.txt", "/busy"]


async def test_conditional_requests(web: Web) -> None:
    web.routes["/s"] = lambda r: Answer(304) if r.headers.get("if-none-match") == '"v1"' else TEXT
    async with (
        web.fetcher() as fetcher,
        fetcher.stream(
            "http://site.example/s", validators=Validators('"v1"', "Mon, 05 Oct 2026 08:00:00 GMT")
        ) as response,
    ):
        response.raise_for_status()
        assert response.status == 304
    assert web.asked[-1].headers["if-modified-since"] == "Mon, 05 Oct 2026 08:00:00 GMT"


async def test_bodies_are_decoded(web: Web) -> None:
    web.routes["/z"] = Answer(body=gzip.compress(b"pipes " * 1000), headers={"Content-Encoding": "gzip"})
    async with web.fetcher() as fetcher:
        response, body = await fetcher.get("http://site.example/z")
    assert body == b"pipes " * 1000
    assert response.wire_bytes < response.decoded_bytes == 6000


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 65_536


async def silence() -> AsyncIterator[bytes]:
    yield b"wait"
    await asyncio.Event().wait()


async def drip() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0.05)
        yield b"."


@pytest.mark.parametrize(
    ("answer", "settings", "cause"),
    [
        (Answer(stream=silence), {"fetch_read_timeout": 0.2}, "read-timeout"),
        (Answer(stream=drip), {"fetch_total_timeout": 0.5}, "total-timeout"),
        (Answer(body=gzip.compress(b" " * 9_000_000), headers={"Content-Encoding": "gzip"}), {}, "decompression-bomb"),
        (Answer(headers={"Content-Encoding": "br"}), {}, "unknown-coding"),
        (Answer(body=b"\xff\xff nonsense", headers={"Content-Encoding": "gzip"}), {}, "bad-compression"),
        (Answer(headers={f"X-{n}": "a" * 80 for n in range(900)}), {}, "headers-too-large"),
        (Answer(headers={f"X-{n}": "a" for n in range(1200)}), {}, "too-many-headers"),
        (Answer(headers={"X": "a" * 200_000}), {}, "headers-too-large"),
        (Answer(raw=b"not http at all\r\n\r\n"), {}, "bad-response"),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), {}, "connection-lost"),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), {}, "connection-lost"),
        (Answer(raw=b""), {}, "connection-lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_limits_each_with_its_own_cause(web: Web, answer: Answer, settings: dict[str, Any], cause: str) -> None:
    web.routes["/x"] = answer
    async with asyncio.timeout(10):
        assert await cause_of(web.fetcher(**settings), "http://site.example/x") == cause


async def test_a_long_page_is_cut_and_a_long_stream_is_an_error(web: Web) -> None:
    web.routes["/long"] = Answer(stream=endless)
    async with web.fetcher(fetch_max_page_bytes=200_000) as fetcher:
        _, body = await fetcher.get("http://site.example/long")
        assert len(body) == 200_000
        async with fetcher.stream("http://site.example/long", max_bytes=300_000) as response:
            with pytest.raises(PermanentError, match="body-too-large"):
                async for _ in response.chunks():
                    pass


@pytest.mark.parametrize(
    ("robots", "path", "cause"),
    [
        (Answer(body=b"user-agent: *\ndisallow: /private"), "/private/x", "robots-disallowed"),
        (Answer(body=b"user-agent: scraperskybot\ndisallow: /"), "/x", "robots-disallowed"),
        (Answer(500), "/x", "robots-unreachable"),
        (Answer(503), "/x", "robots-unreachable"),
        (Answer(stream=silence), "/x", "robots-unreachable"),
    ],
)
async def test_robots_txt_is_obeyed(web: Web, robots: Answer, path: str, cause: str) -> None:
    web.routes["/robots.txt"] = robots
    assert await cause_of(web.fetcher(fetch_read_timeout=0.2), f"http://site.example{path}") == cause
    assert all(request.path == "/robots.txt" for request in web.asked)


@pytest.mark.parametrize(
    "robots", [Answer(404), Answer(403), Answer(410), Answer(302, headers={"Location": "/robots.txt"})]
)
async def test_an_unavailable_robots_txt_allows(web: Web, robots: Answer) -> None:
    web.routes["/robots.txt"] = robots
    async with web.fetcher() as fetcher:
        assert (await fetcher.get("http://site.example/x"))[0].status == 200


@pytest.mark.parametrize(("hops", "path", "allowed"), [(5, "/secret", False), (6, "/secret", True)])
async def test_robots_txt_may_be_five_redirects_away_on_another_host(
    web: Web, hops: int, path: str, allowed: bool
) -> None:
    def elsewhere(request: Request) -> Answer:
        number = int(request.target.partition("?")[2] or 0) + 1
        if number > hops:
            return Answer(body=b"user-agent: *\ndisallow: /secret")
        host = "other.example" if number % 2 else "site.example"
        return Answer(301, headers={"Location": f"http://{host}/robots.txt?{number}"})

    for number in range(hops + 1):
        web.routes[f"/robots.txt?{number}"] = elsewhere
    web.routes["/robots.txt"] = elsewhere
    async with web.fetcher() as fetcher:
        if allowed:
            assert (await fetcher.get(f"http://site.example{path}"))[0].status == 200
        else:
            with pytest.raises(RefusedError, match="robots-disallowed"):
                await fetcher.get(f"http://site.example{path}")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_an_unreachable_robots_txt_keeps_us_out_and_is_not_asked_again_at_once(web: Web, status: int) -> None:
    web.routes["/robots.txt"] = Answer(status)
    async with web.fetcher() as fetcher:
        for number in range(3):
            with pytest.raises(TransientError, match="robots-unreachable"):
                await fetcher.get(f"http://site.example/{number}")
    assert [request.target for request in web.asked] == ["/robots.txt"]


async def test_a_robots_txt_without_end_is_read_as_far_as_it_counts(web: Web) -> None:
    async def rules() -> AsyncIterator[bytes]:
        yield b"user-agent: *\ndisallow: /secret\n"
        while True:
            yield b"disallow: /x\n" * 5000

    web.routes["/robots.txt"] = Answer(stream=rules)
    assert await cause_of(web.fetcher(), "http://site.example/secret") == "robots-disallowed"


async def test_a_robots_txt_that_leads_inward_lets_nobody_in(web: Web) -> None:
    web.routes["/robots.txt"] = Answer(302, headers={"Location": "http://10.0.0.1/robots.txt"})
    assert await cause_of(web.fetcher(), "http://site.example/x") == "address-refused"


async def test_robots_txt_is_asked_for_once(web: Web) -> None:
    async with web.fetcher() as fetcher:
        await asyncio.gather(*(fetcher.get(f"http://site.example/{n}") for n in range(10)))
    assert [request.path for request in web.asked].count("/robots.txt") == 1


async def test_a_redirect_does_not_lead_around_robots_txt(web: Web) -> None:
    web.routes["/robots.txt"] = Answer(body=b"user-agent: *\ndisallow: /secret")
    web.routes["/a"] = Answer(302, headers={"Location": "/secret"})
    assert await cause_of(web.fetcher(), "http://site.example/a") == "robots-disallowed"
    assert "/secret" not in [request.path for request in web.asked]


async def test_connections_are_used_again(web: Web) -> None:
    opened = 0
    connect = AnyIOBackend.connect_tcp

    async def counting(self: AnyIOBackend, *args: Any, **more: Any) -> Any:
        nonlocal opened
        opened += 1
        return await connect(self, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnyIOBackend, "connect_tcp", counting)
        async with web.fetcher() as fetcher:
            for n in range(5):
                await fetcher.get(f"http://site.example/{n}")
    assert opened == 1


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Connections that were attempted; none is made."""
    attempted: list[str] = []

    async def nowhere(_: AnyIOBackend, host: str, port: int, *__: Any, **___: Any) -> Any:
        attempted.append(f"{host}:{port}")
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(AnyIOBackend, "connect_tcp", nowhere)
    return attempted


def guarded(**more: Any) -> Fetcher:
    return Fetcher(make_settings("postgresql://unused", fetch_allow_networks="", **more))


@pytest.mark.parametrize("port", [22, 25, 81, 5432, 6379, 8080])
async def test_other_ports_are_never_connected_to(connects: list[str], port: int) -> None:
    async with guarded() as fetcher:
        with pytest.raises(RefusedError, match="port-refused"):
            await fetcher.get(f"http://93.184.215.14:{port}/")
    assert connects == []


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """Let the system's resolver give these answers, one after the other, whatever is asked."""
    left = list(answers)

    def getaddrinfo(host: str, *_: Any, **__: Any) -> Any:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "answer", [["10.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["127.0.0.1", "93.184.215.14"], ["0.0.0.0"]]
)
async def test_a_name_is_judged_by_all_that_it_resolves_to(
    connects: list[str], monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    resolving(monkeypatch, answer)
    async with guarded() as fetcher:
        with pytest.raises(RefusedError, match="address-refused"):
            await fetcher.get("http://rebind.example/")
    assert connects == []


async def test_what_was_judged_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.215.14"], ["10.0.0.1"])
    attempted: list[str] = []

    async def refuse(_: AnyIOBackend, host: str, port: int, *__: Any, **___: Any) -> Any:
        attempted.append(f"{host}:{port}")
        raise ConnectionRefusedError

    monkeypatch.setattr(AnyIOBackend, "connect_tcp", refuse)
    async with guarded() as fetcher:
        with pytest.raises(ConnectionRefusedError):
            await fetcher.get("http://rebind.example/", obey_robots=False)
    assert attempted == ["93.184.215.14:80"]


async def test_proxies_of_the_environment_are_ignored(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    async with web.fetcher() as fetcher:
        assert (await fetcher.get("http://site.example/"))[0].status == 200


async def test_our_own_proxy_is_told_the_judged_address(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while b"\r\n\r\n" not in (request := await reader.read(65_536)):
            pass
        status = b"404 Not Found" if b"robots" in request else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    resolving(monkeypatch, ["93.184.215.14"])
    async with server, guarded(fetch_proxy=f"http://127.0.0.1:{port}") as fetcher:
        _, body = await fetcher.get("http://public.example/")
        resolving(monkeypatch, ["10.0.0.1"])
        with pytest.raises(RefusedError):
            await fetcher.get("http://private.example/")
    assert body == b"hello"
    assert {line.partition(b"\r\n")[0] for line in asked} == {b"CONNECT 93.184.215.14:80 HTTP/1.1"}


@pytest.mark.parametrize(
    ("error", "kind", "cause"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), PermanentError, "dns-not-found"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), TransientError, "dns-unavailable"),
        (TimeoutError(), TransientError, "dns-timeout"),
    ],
)
async def test_names_that_do_not_resolve(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[WorkError], cause: str
) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    async with guarded() as fetcher:
        with pytest.raises(kind, match=cause):
            await fetcher.get("http://nosuch.example/")


async def test_tls_is_verified_with_our_authorities_and_names_are_kept(tmp_path: Path) -> None:
    site = Site("secure.example", "plain", "Secure", Promise(), {"/": TEXT})
    async with SmallInternet(tmp_path, [site]) as internet:
        async with Fetcher(online(internet)) as fetcher:
            response, _ = await open_home(fetcher, "secure.example")
        assert response.final_url == "https://secure.example/"
        async with Fetcher(online(internet, fetch_ca_file=None)) as fetcher:
            with pytest.raises(PermanentError, match="tls-unknown-authority"):
                await fetcher.get("https://secure.example/")
