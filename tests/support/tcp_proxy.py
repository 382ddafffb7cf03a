"""A TCP proxy on the loopback whose connections can be cut, as a failing network cuts them."""

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self

AT_ONCE = struct.pack("ii", 1, 0)


class TcpProxy:
    """Forwards to a port of this machine for as long as the ``async with`` block lasts.

    Attributes:
        port: Where it listens on 127.0.0.1.
        cuts: How many connections were cut.
    """

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.cuts = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Reset every connection: neither side learns what became of what was under way."""
        for writer in [*self._open]:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()
            self.cuts += 1
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, there}
        self._open |= both
        await asyncio.gather(_forward(reader, there), _forward(there_reader, writer))
        self._open -= both
        for each in both:
            each.close()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while octets := await reader.read(65_536):
            writer.write(octets)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.write_eof()
