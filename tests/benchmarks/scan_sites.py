"""The websites of `tests.benchmarks.domain_scans`, in a process of their own, until its stdin ends.

``python -m tests.benchmarks.scan_sites DIRECTORY COUNT LATENCY SLOW SLOWNESS`` writes ``hosts`` and ``ca.pem`` to the
directory and prints the port. Every host has a certificate of its own, as real ones do.
"""

import asyncio
import ssl
import sys
from pathlib import Path

import trustme

from tests.internet.crowd import busy_crowd
from tests.internet.server import Answer, HttpServer, Request
from tests.internet.site import NOT_FOUND, Site


def _contexts(sites: list[Site], authority: trustme.CA) -> dict[str, ssl.SSLContext]:
    contexts: dict[str, ssl.SSLContext] = {}
    for host in ("", *(site.host for site in sites)):
        contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host or "nobody.example").configure_cert(contexts[host])
    return contexts


async def _serve(directory: Path, count: int, latency: float, slow: int, slowness: float) -> None:
    sites = busy_crowd(count, latency, slow, slowness)
    by_host = {site.host: site for site in sites}
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    (directory / "hosts").write_text("".join(f"127.0.0.1 {site.host}\n" for site in sites))

    def answer(request: Request) -> Answer:
        site = by_host.get(request.host)
        return site.answer(request) if site else NOT_FOUND

    server = HttpServer(answer, _contexts(sites, authority))
    await server.start()
    print(server.https_port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    where, count, latency, slow, slowness = sys.argv[1:]
    asyncio.run(_serve(Path(where), int(count), float(latency), int(slow), float(slowness)))
