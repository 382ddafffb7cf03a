"""All of it together: certificates, servers, and the settings that point a fetcher at them."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import trustme

from tests.internet.businesses import businesses
from tests.internet.hostile import hostile_sites
from tests.internet.places import KEY, PlacesStandIn
from tests.internet.server import LOOPBACK, Answer, HttpServer, Request
from tests.internet.site import NOT_FOUND, Site
from tests.internet.sites import friendly_sites

NOBODY = "127.0.0.253"


class SmallInternet:
    """The websites and the Places stand-in; an async context manager.

    Args:
        directory: Where the hosts file and the CA's certificate are written.
        sites: By default all of them.
        address: Address to listen on.
        ports: For http, https and Places; 0 is a free one.
        authority: Signs the certificates; by default a new one.
    """

    def __init__(
        self,
        directory: Path,
        sites: list[Site] | None = None,
        *,
        address: str = LOOPBACK,
        ports: tuple[int, int, int] = (0, 0, 0),
        authority: trustme.CA | None = None,
    ) -> None:
        self._directory = directory
        self._authority = authority or trustme.CA()
        self.sites = all_sites() if sites is None else sites
        self.places = PlacesStandIn(businesses(self.sites), address, ports[2])
        self.requests: list[Request] = []
        self._by_host = {name: site for site in self.sites for name in (site.host, f"www.{site.host}")}
        self._server = HttpServer(self._answer, self._certificates(), address, ports[:2])

    async def __aenter__(self) -> Self:
        await self._server.start()
        await self.places.start()
        (self._directory / "hosts").write_text(hosts(self.sites))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()
        await self.places.stop()

    @property
    def environment(self) -> dict[str, str]:
        """Settings for services that shall live in this Internet."""
        return {
            "FETCH_HOSTS_FILE": str(self._directory / "hosts"),
            "FETCH_CA_FILE": str(self._directory / "ca.pem"),
            "FETCH_PORT_MAP": f"80={self._server.http_port},443={self._server.https_port}",
            "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
            "FETCH_HOST_DELAY": "0",
            "FETCH_CONNECT_TIMEOUT": "5",
            "FETCH_READ_TIMEOUT": "5",
            "FETCH_TOTAL_TIMEOUT": "6",
            "SITEMAP_MAX_BYTES": str(32 * 1024 * 1024),
            "MAX_ATTEMPTS": "3",
            "RETRY_BASE_SECONDS": "0.5",
            "PLACES_BASE_URL": self.places.base_url,
            "GOOGLE_MAPS_API_KEY": KEY,
        }

    def _answer(self, request: Request) -> Answer:
        self.requests.append(request)
        site = self._by_host.get(request.host)
        return NOT_FOUND if site is None else site.answer(request)

    def _certificates(self) -> dict[str, ssl.SSLContext]:
        authority = self._authority
        authority.cert_pem.write_to_path(self._directory / "ca.pem")
        good = [name for name, site in self._by_host.items() if site.certificate == "good"]
        contexts = {"": _context(authority.issue_cert(*good))}
        for name, site in self._by_host.items():
            if site.certificate == "wrong":
                contexts[name] = _context(authority.issue_cert("someone-else.example"))
            elif site.certificate == "unknown":
                contexts[name] = _context(trustme.CA().issue_cert(name))
            elif site.certificate == "expired":
                yesterday = datetime.now(UTC) - timedelta(days=1)
                contexts[name] = _context(authority.issue_cert(name, not_after=yesterday))
        return contexts


def all_sites() -> list[Site]:
    """Those that mean well, then those that do not."""
    return friendly_sites() + hostile_sites()


def hosts(sites: Sequence[Site]) -> str:
    """A hosts file that has the sites on the loopback."""
    lines = [f"{LOOPBACK if site.listens else NOBODY} {site.host} www.{site.host}" for site in sites]
    return "\n".join([*lines, ""])


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context
