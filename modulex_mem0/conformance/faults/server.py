"""Serves on a loopback address, on the running event loop."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from modulex_mem0.conformance.faults.reply import Reply, Request, json_reply

__all__ = ["FaultServer"]

Answer = Callable[[Request], Reply]
_LINE = 64 * 1024


class FaultServer:
    """An HTTP/1.1 server that answers every request with `answer` and keeps the requests.

    Attributes:
        requests: What arrived since it was last forgotten.
        connections: How many connections were opened since then.
        answer: Gives the reply to a request.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.answer: Answer = lambda _: json_reply({})
        self._opened = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Forget what arrived; connections stay open."""
        self.requests = []
        self.connections = 0

    async def wait_for_request(self) -> None:
        """Wait until a request has arrived since the last `forget`."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: bool(self.requests))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_LINE)
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
            _reset(writer)
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


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a TCP reset."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
