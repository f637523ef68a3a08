"""A small HTTP server on a loopback address that stands in for a service, and misbehaves on demand."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

__all__ = ["FaultServer", "Reply", "Request", "json_reply"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived.

    Attributes:
        method: In capitals.
        target: The path with its query, as it was sent.
        headers: By lower-case name.
        body: Its bytes.
        connection: The number of the TCP connection, from 1.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as a JSON value; None where there is none."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The server's reply to a request.

    Attributes:
        status: The HTTP status.
        body: Its bytes.
        headers: Added to the content length and a content type of JSON, which they can replace.
        ending: How the connection ends: regularly, cut in the middle of the body, reset before a reply, or left
            hanging without a reply until the client goes away.
        raw: Bytes to send in place of a reply, after which the connection ends.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Literal["regular", "cut", "reset", "hang"] = "regular"
    raw: bytes | None = None

    def head(self) -> bytes:
        """The status line and the headers."""
        headers = {"content-type": "application/json", "content-length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:  # noqa: ANN401
    """A regular reply with a JSON value."""
    return Reply(status=status, body=json.dumps(value).encode(), headers=headers or {})


Answer = Callable[[Request], Reply]
_LONGEST_LINE = 64 * 1024


class FaultServer:
    """An HTTP/1.1 server that replies to every request with `answer` and keeps the requests.

    Attributes:
        requests: Those that arrived since the last `reset`.
        connections: How many connections were opened since then.
        answer: Gives the reply to a request.
        port: Where it listens; 0 until it is entered.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.answer: Answer = lambda _: json_reply({})
        self.port = 0
        self._opened = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The server's base URL."""
        return f"http://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Forget the requests so far; connections stay open."""
        self.requests = []
        self.connections = 0

    async def wait_for_request(self) -> None:
        """Wait until a request has arrived since the last `reset`."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: bool(self.requests))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_LONGEST_LINE)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._opened += 1
        self._start(self._serve(reader, writer, self._opened))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        try:
            with contextlib.suppress(OSError, EOFError, ValueError):
                while await self._exchange(reader, writer, number):
                    pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        """Answer one request; returns whether the connection stays open."""
        request = await _read(reader, number)
        if request is None:
            return False
        reply = self.answer(request)
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        if reply.ending == "hang":
            # Ends when the client goes away, or with the server.
            await reader.read()
            return False
        if reply.ending == "reset":
            _reset_connection(writer)
            return False
        if reply.raw is not None:
            writer.write(reply.raw)
        elif reply.ending == "cut":
            writer.write(reply.head() + reply.body[: len(reply.body) // 2])
        else:
            writer.write(reply.head() + (b"" if request.method == "HEAD" else reply.body))
        await writer.drain()
        return reply.raw is None and reply.ending == "regular"


async def _read(reader: asyncio.StreamReader, number: int) -> Request | None:
    words = (await reader.readline()).decode("latin-1").split()
    if len(words) != 3:
        return None
    headers: dict[str, str] = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(words[0], words[1], headers, body, number)


def _reset_connection(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
