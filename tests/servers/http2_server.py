"""A server of HTTP/2 over TLS in the test's own event loop, which answers as a test says and tells what arrived."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

PATIENCE = 20.0

#: True where the server's own code runs, so that what its libraries log can be told from what the client's do.
serving: ContextVar[bool] = ContextVar("serving", default=False)


class Connection:
    """One connection, as the server has it."""

    def __init__(self, number: int, writer: asyncio.StreamWriter, streams: int) -> None:
        self.number = number
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.local_settings = Settings(client=False, initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: streams})
        self.writer = writer
        self.requests: dict[int, Request] = {}
        #: Set when anything more has arrived, such as room to send.
        self.more = asyncio.Event()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def go_away(self, last: int, *, words: bytes = b"") -> None:
        """Announce the end of the connection, yet keep it open, as a server does that ends in an orderly way."""
        self.writer.write(GoAwayFrame(0, last_stream_id=last, error_code=0, additional_data=words).serialize())

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        self.writer.transport.abort()


@dataclass
class Request:
    """A request as it arrived, and what can be answered."""

    connection: Connection
    stream: int
    headers: dict[str, str]
    body: bytes = b""
    given_up: bool = False

    def reply(self, status: int = 200, value: Any = None, headers: dict[str, str] | None = None) -> None:
        """A whole JSON reply that fits into one frame."""
        self.head(status, headers)
        self.connection.h2.send_data(self.stream, json.dumps(value).encode(), end_stream=True)
        self.connection.flush()

    def head(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """The beginning of a reply."""
        sent = [(":status", str(status)), ("content-type", "application/json"), *(headers or {}).items()]
        self.connection.h2.send_headers(self.stream, sent)
        self.connection.flush()

    async def data(self, amount: int) -> None:
        """So many bytes of a body without an end, as there is room for them."""
        h2 = self.connection.h2
        while amount and not self.connection.writer.is_closing():
            self.connection.more.clear()
            size = min(amount, h2.local_flow_control_window(self.stream), h2.max_outbound_frame_size)
            if size:
                h2.send_data(self.stream, b" " * size)
                self.connection.flush()
                await self.connection.writer.drain()
                amount -= size
            else:
                await self.connection.more.wait()

    def reset(self, code: int) -> None:
        """End the stream in place of an answer."""
        self.connection.h2.reset_stream(self.stream, code)
        self.connection.flush()


Answer = Callable[[Request], Awaitable[None]]


async def echo(request: Request) -> None:
    """Answers with what came."""
    request.reply(value=json.loads(request.body or b"null"))


class Http2Server:
    """Serves on a loopback address while it is entered.

    Args:
        authority: Signs its certificate.
        streams: How many streams it allows on a connection at once.
    """

    def __init__(self, authority: trustme.CA, *, streams: int = 100) -> None:
        self.answer: Answer = echo
        self.requests: list[Request] = []
        #: What was agreed on for each connection.
        self.protocols: list[str | None] = []
        self.closed = 0
        #: Whether a client gets room for more after what it has sent.
        self.room = True
        self._streams = streams
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.set_alpn_protocols(["h2", "http/1.1"])
        authority.issue_cert("127.0.0.1").configure_cert(self._tls)
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.url = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, holds: Callable[[Self], bool]) -> None:
        """Wait until something holds of what has arrived."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: holds(self))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.set(True)
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        self.protocols.append(protocol)
        serve = self._serve if protocol == "h2" else _serve_http1
        try:
            with contextlib.suppress(OSError, H2Error, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            self.closed += 1
            writer.transport.abort()
            self._tasks.discard(task)
            async with self._changed:
                self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(len(self.protocols), writer, self._streams)
        connection.h2.initiate_connection()
        connection.flush()
        while data := await reader.read(65536):
            for event in connection.h2.receive_data(data):
                self._hear(connection, event)
            connection.flush()
            connection.more.set()
            async with self._changed:
                self._changed.notify_all()

    def _hear(self, connection: Connection, event: Event) -> None:
        if isinstance(event, RequestReceived):
            headers = {str(name): str(value) for name, value in event.headers}
            connection.requests[event.stream_id] = Request(connection, event.stream_id, headers)
        elif isinstance(event, DataReceived):
            connection.requests[event.stream_id].body += event.data
            if self.room:
                connection.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamReset):
            connection.requests[event.stream_id].given_up = True
        elif isinstance(event, StreamEnded):
            request = connection.requests[event.stream_id]
            self.requests.append(request)
            answering = asyncio.ensure_future(self._answer(request))
            self._tasks.add(answering)
            answering.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Request) -> None:
        with contextlib.suppress(OSError, H2Error):
            await self.answer(request)


async def _serve_http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n11")
