"""An HTTP/1.1 server that can also misbehave: one listener for http, one for https, hosts told apart by name."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 404: "Not Found"}
LONGEST_HEAD = 65_536


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    scheme: str
    host: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Answer:
    """What a site answers, after ``delay`` seconds.

    With ``stream`` the body ends when it does, or never; ``raw`` replaces everything.
    """

    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Callable[[], AsyncIterator[bytes]] | None = None
    raw: bytes | None = None
    delay: float = 0


Handler = Callable[[Request], Answer]


class HttpServer:
    """Serves many hosts from two ports of one address.

    Args:
        handler: Answers a request; told the host by the request.
        contexts: TLS context by host name; ``""`` is the one for hosts without their own.
        address: Address to listen on.
        ports: For http and https; 0 is a free one.
    """

    def __init__(
        self,
        handler: Handler,
        contexts: Mapping[str, ssl.SSLContext],
        address: str = LOOPBACK,
        ports: tuple[int, int] = (0, 0),
    ) -> None:
        self._handler = handler
        self._contexts = contexts
        self._address = address
        self._servers: list[asyncio.Server] = []
        self._talks: set[asyncio.Task[None]] = set()
        self.http_port, self.https_port = ports

    async def start(self) -> None:
        """Listen on both ports."""
        self.http_port = await self._listen("http", self.http_port, None)
        if self._contexts:
            default = self._contexts[""]
            default.sni_callback = self._choose_context
            self.https_port = await self._listen("https", self.https_port, default)

    async def stop(self) -> None:
        """Close the listeners and break off every conversation."""
        for server in self._servers:
            server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _choose_context(self, sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        sock.context = self._contexts.get(name or "", self._contexts[""])

    async def _listen(self, scheme: str, port: int, context: ssl.SSLContext | None) -> int:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._talks.add(task)
            try:
                await self._talk(scheme, reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                pass
            finally:
                self._talks.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(talk, self._address, port, ssl=context, limit=LONGEST_HEAD)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _talk(self, scheme: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await _read_request(scheme, reader)
            answer = self._handler(request)
            if answer.delay:
                await asyncio.sleep(answer.delay)
            if answer.raw is not None:
                writer.write(answer.raw)
                await writer.drain()
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                return
            await _write_answer(writer, request, answer)
            if answer.stream is not None:
                return


async def _read_request(scheme: str, reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(scheme, headers.get("host", "").partition(":")[0].lower(), method, target, headers, body)


async def _write_answer(writer: asyncio.StreamWriter, request: Request, answer: Answer) -> None:
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Status')}", "Server: loopback"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status != 304:
        lines.append(f"Content-Type: {answer.content_type}")
    lines.append("Connection: close" if answer.stream else f"Content-Length: {len(answer.body)}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    if request.method != "HEAD":
        if answer.stream is not None:
            async for piece in answer.stream():
                writer.write(piece)
                await writer.drain()
        else:
            writer.write(answer.body)
    await writer.drain()


async def every(seconds: float, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, with a pause before each."""
    async for piece in pieces:
        await asyncio.sleep(seconds)
        yield piece
