"""Connections that go where the guard looked: resolve, judge every address, connect to the very one that was judged.

The HTTP engine (httpcore, httpx's own) asks this backend for a connection to a host name and keeps using the name for
the Host header, SNI and the certificate. It has no other way to the network. Proxy variables of the environment are not
read; FETCH_PROXY tunnels to the judged address, so that the proxy resolves nothing.
"""

import ssl
from collections.abc import Iterable
from typing import Any

import certifi
import httpcore
from httpcore import AnyIOBackend, AsyncConnectionPool, AsyncNetworkBackend, AsyncNetworkStream

from scrapersky.errors import ConfigurationError
from scrapersky.settings import Settings
from scrapersky.web.resolve import Resolver, Target

LONGEST_CONNECT_ANSWER = 16_384


def connection_pool(settings: Settings) -> AsyncConnectionPool:
    """The pool of one fetcher: guarded, HTTP/2 where offered, connections reused.

    Raises:
        ConfigurationError: FETCH_CA_FILE or FETCH_HOSTS_FILE cannot be read.
    """
    return AsyncConnectionPool(
        ssl_context=tls_context(settings),
        max_connections=None,
        max_keepalive_connections=100,
        keepalive_expiry=15,
        http1=True,
        http2=True,
        network_backend=GuardedBackend(settings),
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
                if self._proxy is not None:
                    return await self._tunnel(target, timeout)
                return await self._tcp.connect_tcp(
                    str(target.address), target.port, timeout and timeout / len(targets), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None  # noqa: S101
        raise failure

    async def _tunnel(self, target: Target, timeout: float | None) -> AsyncNetworkStream:
        assert self._proxy is not None  # noqa: S101
        stream = await self._tcp.connect_tcp(self._proxy.host or "", self._proxy.port or 80, timeout)
        address = f"[{target.address}]" if target.address.version == 6 else str(target.address)  # noqa: PLR2004
        request = f"CONNECT {address}:{target.port} HTTP/1.1\r\nHost: {address}:{target.port}\r\n\r\n"
        await stream.write(request.encode(), timeout)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = await stream.read(1, timeout)
            answer += part
            if not part or len(answer) > LONGEST_CONNECT_ANSWER:
                break
        if b" 200 " not in answer.partition(b"\r\n")[0] + b" ":
            await stream.aclose()
            raise httpcore.ConnectError(f"FETCH_PROXY answered {answer[:80]!r}")
        return stream
