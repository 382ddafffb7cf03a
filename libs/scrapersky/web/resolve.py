"""From a host to the addresses that may be connected to: a hosts file first, then the system's resolver.

A name must be judged by everything that it resolves to. One that mixes public and other addresses is refused whole: no
honest website does that, and DNS rebinding does. ``localhost`` and what ends in it is loopback, whatever the resolver
says (RFC 6761 §6.3).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapersky.errors import ConfigurationError, PermanentError, RefusedError, TransientError
from scrapersky.settings import Settings
from scrapersky.web.address import Address, refusal
from scrapersky.web.spelling import why_inward

MOST_LOOKUPS = 64
"""At once: a name server that stays silent holds a thread until the system's resolver gives up, and no other host."""

_LOOPBACK: tuple[Address, ...] = (ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1"))
_NOT_FOUND = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


@dataclass(frozen=True)
class Target:
    """An address that was judged, and the port to connect to there."""

    address: Address
    port: int


class Resolver:
    """Resolves and judges; one for a fetcher.

    Args:
        settings: The networks and ports that are allowed, and the hosts file.

    Raises:
        ConfigurationError: FETCH_HOSTS_FILE cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._allowed = settings.fetch_allow_networks
        self._ports = settings.fetch_allow_ports
        self._port_map = settings.fetch_port_map
        self._timeout = settings.fetch_connect_timeout
        self._hosts = _read_hosts(settings.fetch_hosts_file) if settings.fetch_hosts_file else {}
        self._threads = ThreadPoolExecutor(MOST_LOOKUPS, "resolve")

    async def targets(self, host: str, port: int) -> list[Target]:
        """Where to connect to for a host of a URL and its port; at least one, in the resolver's order.

        Raises:
            RefusedError: The port is not allowed, or an address is not public.
            PermanentError: There is no such name.
            TransientError: The name server did not answer.
        """
        if port not in self._ports:
            raise RefusedError("port-refused", f"{host}:{port}: only ports {self._ports} are connected to")
        try:
            addresses = await self._resolve(host.strip("[]"))
        except (PermanentError, TransientError) as error:
            if reason := why_inward(host):
                raise RefusedError(
                    "address-refused", f"{error.explanation}, and would not be gone to: {reason}"
                ) from None
            raise
        for address in addresses:
            reason = refusal(address, self._allowed)
            if reason is not None:
                raise RefusedError("address-refused", f"{host} resolves to {address}, which is not public: {reason}")
        return [Target(address, self._port(address, port)) for address in addresses]

    def _port(self, address: Address, port: int) -> int:
        private = any(address.version == network.version and address in network for network in self._allowed)
        return self._port_map.get(port, port) if private else port

    async def _resolve(self, host: str) -> Sequence[Address]:
        if host in self._hosts:
            return self._hosts[host]
        if host == "localhost" or host.endswith(".localhost"):
            return _LOOPBACK
        try:
            async with asyncio.timeout(self._timeout):
                found = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host)
        except TimeoutError:
            raise TransientError("dns-timeout", f"{host}: the name server did not answer in time") from None
        except (OSError, UnicodeError) as error:
            if isinstance(error, UnicodeError) or (isinstance(error, socket.gaierror) and error.errno in _NOT_FOUND):
                raise PermanentError("dns-not-found", f"{host}: there is no such name") from None
            raise TransientError("dns-unavailable", f"{host}: the name server failed: {error}") from None
        addresses = dict.fromkeys(_address(entry[4]) for entry in found)
        if not addresses:
            raise PermanentError("dns-not-found", f"{host}: the name has no address")
        return list(addresses)


def _look_up(host: str) -> list[tuple[Any, ...]]:
    return [*socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def _address(socket_address: tuple[object, ...]) -> Address:
    text = str(socket_address[0])
    scope = socket_address[3] if len(socket_address) > 3 else 0  # noqa: PLR2004
    return ipaddress.ip_address(f"{text}%{scope}" if scope and "%" not in text else text)


def _read_hosts(path: Path) -> dict[str, list[Address]]:
    hosts: dict[str, list[Address]] = {}
    try:
        for line in path.read_text().splitlines():
            address, *names = line.partition("#")[0].split() or [""]
            for name in names:
                hosts.setdefault(name.lower(), []).append(ipaddress.ip_address(address))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"FETCH_HOSTS_FILE: {path}: {error}") from None
    return hosts
