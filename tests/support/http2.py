"""A real HTTP/2 server over TLS that can also misbehave: it answers by h2, or writes whatever frames a test wants."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, WindowUpdated

HOST = "h2.example"
Flood = Callable[[asyncio.StreamWriter, int], Awaitable[None]]
Headers = list[tuple[str, str]]


class Http2Server:
    """Serves ``h2.example``; an async context manager.

    Args:
        directory: For the CA's certificate and the hosts file.

    Attributes:
        bodies: By path; everything else, robots.txt too, is 404.
        headers: Sent with every answer.
        flood: Called with the writer and the stream of a request for ``/flood`` instead of answering.
        accepted: Connections so far.
        asked: Paths so far.
    """

    def __init__(self, directory: Path) -> None:
        self.bodies: dict[str, bytes] = {}
        self.headers: Headers = []
        self.flood: Flood | None = None
        self.accepted = 0
        self.asked: list[str] = []
        self._directory = directory
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self._directory / "ca.pem")
        (self._directory / "hosts").write_text(f"127.0.0.1 {HOST}\n")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HOST).configure_cert(context)
        context.set_alpn_protocols(["h2"])
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @property
    def settings(self) -> dict[str, object]:
        """What leads a fetcher here."""
        port = self._server.sockets[0].getsockname()[1]
        return {
            "fetch_hosts_file": self._directory / "hosts",
            "fetch_ca_file": self._directory / "ca.pem",
            "fetch_port_map": f"443={port}",
        }

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(talk)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        left: dict[int, bytes] = {}
        writer.write(connection.data_to_send())
        while octets := await reader.read(65_536):
            for event in connection.receive_data(octets):
                if isinstance(event, RequestReceived):
                    assert event.stream_id is not None
                    assert event.headers is not None
                    path = {str(name): str(value) for name, value in event.headers}[":path"]
                    self.asked.append(path)
                    if path == "/flood" and self.flood is not None:
                        await self.flood(writer, event.stream_id)
                        return
                    body = self.bodies.get(path)
                    status = "404" if body is None else "200"
                    connection.send_headers(event.stream_id, [(":status", status), *self.headers])
                    left[event.stream_id] = body or b""
                elif isinstance(event, DataReceived | WindowUpdated):
                    pass
            for stream, body in [*left.items()]:
                left[stream] = _send(connection, stream, body)
                if not left[stream]:
                    connection.end_stream(stream)
                    del left[stream]
            writer.write(connection.data_to_send())
            await writer.drain()


def _send(connection: H2Connection, stream: int, body: bytes) -> bytes:
    while body and (window := min(connection.local_flow_control_window(stream), 16_384)) > 0:
        connection.send_data(stream, body[:window])
        body = body[window:]
    return body


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame as it goes over the wire (RFC 9113 §4.1)."""
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload
