"""A TCP proxy on the loopback whose connections can be cut, as a failing network cuts them, also around a COMMIT."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Literal, Self

AT_ONCE = struct.pack("ii", 1, 0)
COMMIT = b"COMMIT\x00"
ALONE = (b"SKIP LOCKED", b"::float8[])[array_position")
"""A claim, and the putting back of rows, is one statement that commits by itself."""
Fate = Literal["passes", "is lost", "is done and its answer lost"]
"""Of a COMMIT, or a statement that commits by itself, on its way to the server."""


class TcpProxy:
    """Forwards to a port of this machine for as long as the ``async with`` block lasts.

    Attributes:
        port: Where it listens on 127.0.0.1.
        cuts: How many connections were cut.
        fate_of_commit: Asked for every COMMIT that a client sends.
    """

    def __init__(self, to_port: int, fate_of_commit: Callable[[], Fate] = lambda: "passes") -> None:
        self._to_port = to_port
        self._open: set[_Connection] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._next_commit: asyncio.Future[_Connection] | None = None
        self._of = b""
        self.fate_of_commit = fate_of_commit
        self.port = 0
        self.cuts = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._serving)

    def cut(self) -> None:
        """Reset every connection: neither side learns what became of what was under way."""
        for connection in [*self._open]:
            connection.cut()

    @asynccontextmanager
    async def commit_held(self, of: bytes = b"") -> AsyncIterator[int]:
        """The port of a client whose COMMIT is done and not answered while the block lasts, where to kill it.

        It is the next to come of a transaction whose statements have ``of`` in them. Then its connection is cut.
        """
        self._next_commit, self._of = asyncio.get_running_loop().create_future(), of
        try:
            connection = await self._next_commit
        finally:
            self._next_commit = None
        try:
            yield connection.client_port
        finally:
            connection.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        try:
            there = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, (reader, writer), there)
        self._open.add(connection)
        await connection.serve()
        self._open.discard(connection)


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """One client's way to the server and back."""

    def __init__(self, proxy: TcpProxy, client: Stream, server: Stream) -> None:
        self._proxy = proxy
        self._client, self._server = client, server
        self._fate: Fate = "passes"
        self._said = b""
        self._held_for: asyncio.Future[_Connection] | None = None
        self.client_port: int = client[1].get_extra_info("peername")[1]

    async def serve(self) -> None:
        await asyncio.gather(self._to_server(), self._to_client())
        for _, writer in (self._client, self._server):
            writer.close()

    def cut(self) -> None:
        self._proxy._open.discard(self)
        for _, writer in (self._client, self._server):
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()
        self._proxy.cuts += 1

    async def _to_server(self) -> None:
        async for octets in _received(self._client, self._server):
            self._said += octets
            if octets.endswith(COMMIT) or any(statement in octets for statement in ALONE):
                self._fate = self._proxy.fate_of_commit()
                waiting = self._proxy._next_commit
                if waiting is not None and not waiting.done() and self._proxy._of in self._said:
                    self._held_for = waiting
                self._said = b""
                if self._fate == "is lost":
                    self.cut()
                    return
            await _send(self._server, octets)

    async def _to_client(self) -> None:
        async for octets in _received(self._server, self._client):
            if self._held_for is not None:
                if not self._held_for.done():
                    self._held_for.set_result(self)
                continue
            if self._fate == "is done and its answer lost":
                self.cut()
                return
            await _send(self._client, octets)


async def _received(of: Stream, towards: Stream) -> AsyncIterator[bytes]:
    with suppress(OSError):
        while octets := await of[0].read(65_536):
            yield octets
    with suppress(OSError, RuntimeError):
        towards[1].write_eof()


async def _send(to: Stream, octets: bytes) -> None:
    with suppress(OSError):
        to[1].write(octets)
        await to[1].drain()
