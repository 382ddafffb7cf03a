"""Connections that go where the guard looked: resolve, judge every address, connect to the very one that was judged.

The HTTP engine (httpcore, httpx's own) asks this backend for a connection to a host name and keeps using the name for
the Host header, SNI and the certificate. It has no other way to the network. Proxy variables of the environment are not
read; FETCH_PROXY tunnels to the judged address, so that the proxy resolves nothing. Every connection is metered.
"""

import ssl
from base64 import b64encode
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import certifi
import httpcore
from httpcore import AnyIOBackend, AsyncConnectionPool, AsyncNetworkBackend, AsyncNetworkStream

from scrapersky.errors import ConfigurationError
from scrapersky.settings import Settings
from scrapersky.web.metered import MeteredStream
from scrapersky.web.resolve import Resolver, Target

LONGEST_CONNECT_ANSWER = 16_384
MOST_IDLE = 100

_Origin = tuple[bytes, bytes, int | None]


class ConnectionPools:
    """The connections of one fetcher: guarded, HTTP/2 where offered, reused; `MOST_IDLE` origins are kept unused.

    A pool for each origin: httpcore asks every connection of a pool at every request, system calls included, so that
    one pool for all would cost the square of the number of hosts.

    Raises:
        ConfigurationError: FETCH_CA_FILE or FETCH_HOSTS_FILE cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._tls = tls_context(settings)
        self._backend = GuardedBackend(settings)
        self._in_use: dict[_Origin, tuple[AsyncConnectionPool, int]] = {}
        self._idle: OrderedDict[_Origin, AsyncConnectionPool] = OrderedDict()

    @asynccontextmanager
    async def stream(
        self, method: str, url: httpcore.URL, *, headers: list[tuple[str, str]], extensions: dict[str, Any]
    ) -> AsyncIterator[httpcore.Response]:
        """As `httpcore.AsyncConnectionPool.stream`."""
        origin = (url.scheme, url.host, url.port)
        if origin not in self._in_use:
            self._in_use[origin] = (self._idle.pop(origin) if origin in self._idle else self._new_pool(), 0)
        pool, users = self._in_use[origin]
        self._in_use[origin] = (pool, users + 1)
        try:
            async with pool.stream(method, url, headers=headers, extensions=extensions) as response:
                yield response
        finally:
            pool, users = self._in_use.pop(origin)
            if users > 1:
                self._in_use[origin] = (pool, users - 1)
            else:
                self._idle[origin] = pool
                if len(self._idle) > MOST_IDLE:
                    _, oldest = self._idle.popitem(last=False)
                    await oldest.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in (*self._idle.values(), *(pool for pool, _ in self._in_use.values())):
            await pool.aclose()

    def _new_pool(self) -> AsyncConnectionPool:
        return AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=None,
            keepalive_expiry=15,
            http1=True,
            http2=True,
            network_backend=self._backend,
        )


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Verification by certifi's authorities, and by those of FETCH_CA_FILE.

    Raises:
        ConfigurationError: FETCH_CA_FILE cannot be read.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    if settings.fetch_ca_file is not None:
        try:
            context.load_verify_locations(cafile=settings.fetch_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(f"FETCH_CA_FILE: {settings.fetch_ca_file}: {error}") from None
    return context


class GuardedBackend(AsyncNetworkBackend):
    """Opens TCP connections for httpcore, to judged addresses only."""

    def __init__(self, settings: Settings) -> None:
        self._resolver = Resolver(settings)
        self._proxy = settings.fetch_proxy
        self._proxy_tls = tls_context(settings) if self._proxy is not None and self._proxy.scheme == "https" else None
        self._tcp = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first judged address of ``host`` that answers.

        Raises:
            RefusedError: As `Resolver.targets`; so are the others.
            httpcore.ConnectError: None of them answered.
        """
        targets = await self._resolver.targets(host, port)
        failure: Exception | None = None
        for target in targets:
            try:
                patience = timeout and timeout / len(targets)
                if self._proxy is not None:
                    stream = await self._tunnel(target, patience)
                else:
                    stream = await self._tcp.connect_tcp(
                        str(target.address), target.port, patience, local_address, socket_options
                    )
                return MeteredStream(stream, host)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None  # noqa: S101
        raise failure

    async def _tunnel(self, target: Target, timeout: float | None) -> AsyncNetworkStream:
        proxy = self._proxy
        assert proxy is not None  # noqa: S101
        stream = await self._tcp.connect_tcp(proxy.host or "", proxy.port or 80, timeout)
        try:
            if self._proxy_tls is not None:
                stream = await stream.start_tls(self._proxy_tls, proxy.host, timeout)
            await stream.write(_connect_request(target, proxy.username, proxy.password), timeout)
            answer = b""
            while b"\r\n\r\n" not in answer and len(answer) < LONGEST_CONNECT_ANSWER:
                part = await stream.read(1, timeout)
                if not part:
                    break
                answer += part
            _check_connected(answer)
        except BaseException:
            await stream.aclose()
            raise
        return stream


def _check_connected(answer: bytes) -> None:
    if b" 200 " not in answer.partition(b"\r\n")[0] + b" ":
        raise httpcore.ConnectError(f"FETCH_PROXY answered {answer[:80]!r}")


def _connect_request(target: Target, username: str | None, password: str | None) -> bytes:
    address = f"[{target.address}]" if target.address.version == 6 else str(target.address)  # noqa: PLR2004
    lines = [f"CONNECT {address}:{target.port} HTTP/1.1", f"Host: {address}:{target.port}"]
    if username is not None:
        credentials = f"{unquote(username)}:{unquote(password or '')}"
        lines.append(f"Proxy-Authorization: Basic {b64encode(credentials.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()
