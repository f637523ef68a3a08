"""The requests of streamable HTTP: no sessions, bounded bodies, cancelling, and replies as a stream or as JSON."""

import json
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import Any
from uuid import uuid4

import anyio
from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from modulex_mem0.hosts.mcp.http_limits import HttpLimits

__all__ = ["PATH", "HttpApp"]

PATH = "/mcp"

_SESSION = "mcp-session-id"
_INVALID_REQUEST = -32600

#: A session and the id of one of its requests.
_Key = tuple[str, str | int | None]


class HttpApp:
    """The ASGI application: one path, POST only, and a request that ends with its connection.

    Clients of the protocols with a handshake get a session id. Nothing is kept under it but the requests in flight, so
    that `notifications/cancelled`, which comes in a request of its own, finds the one that it means.

    It serves during `async with`, which is entered once, and left by the task that entered it.

    Args:
        server: The MCP server.
        limits: The size of requests, and the time that they may take to arrive; what concerns connections is for the
            server around it.
        security: The names that requests may call the server by; None where the server around it has checked them.
        path: The one that it is at; None where the server around it chose it by its path.
    """

    def __init__(
        self,
        server: Server[Any],
        limits: HttpLimits,
        *,
        security: TransportSecuritySettings | None = None,
        path: str | None = None,
    ) -> None:
        self._limits = limits
        self._path = path
        self._streaming, self._plain = (
            StreamableHTTPSessionManager(
                server,
                stateless=True,
                json_response=plain,
                security_settings=security,
                max_request_body_size=limits.request_bytes,
            )
            for plain in (False, True)
        )
        self._running = AsyncExitStack()
        self._in_flight: dict[_Key, anyio.CancelScope] = {}

    async def __aenter__(self) -> None:
        for manager in (self._streaming, self._plain):
            await self._running.enter_async_context(manager.run())

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, as ASGI's applications do."""
        headers = Headers(scope=scope)
        if self._path is not None and scope["path"] != self._path:
            await _refusal(404, f"the server is at {self._path}")(scope, receive, send)
        elif scope["method"] != "POST":
            # There is no stream to open with GET, and nothing to end with DELETE.
            await _refusal(405, "send requests with POST", {"Allow": "POST"})(scope, receive, send)
        else:
            await self._receive(scope, headers, receive, send)

    async def _receive(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        body = None
        with anyio.move_on_after(self._limits.receive_seconds) as time:
            body = await _read(headers, receive, self._limits.request_bytes)
        if time.cancelled_caught:
            message = f"the request did not arrive within {self._limits.receive_seconds:g} s"
            await _refusal(408, message, {"Connection": "close"})(scope, receive, send)
        elif body is None:
            message = f"the request is larger than {self._limits.request_bytes:,} bytes; send less at a time"
            await _refusal(413, message)(scope, receive, send)
        elif (request := _Request(scope, headers, body)).has_more_values_than(self._limits.request_values):
            message = f"the request has more than {self._limits.request_values:,} values; send less at a time"
            await _refusal(413, message)(scope, receive, send)
        else:
            await self._handle(request, receive, send)

    async def _handle(self, request: "_Request", receive: Receive, send: Send) -> None:
        if request.method == "notifications/cancelled":
            self._cancel((request.session, request.cancelled))
        manager = self._streaming if request.takes_stream else self._plain
        disconnected, reply = anyio.Event(), _Reply(request, send)
        async with anyio.create_task_group() as group:
            with self._cancellable((request.session, request.id), group.cancel_scope):
                group.start_soon(_watch, receive, disconnected, group.cancel_scope)
                await manager.handle_request(request.scope, request.replay(disconnected), reply.send)
            group.cancel_scope.cancel()
        if not disconnected.is_set():
            await reply.finish(receive)

    @contextmanager
    def _cancellable(self, key: _Key, scope: anyio.CancelScope) -> Iterator[None]:
        session, number = key
        # Ids count from 1 in every client, so that without a session one would cancel the request of another.
        if not session or number is None or key in self._in_flight:
            yield
            return
        self._in_flight[key] = scope
        try:
            yield
        finally:
            del self._in_flight[key]

    def _cancel(self, key: _Key) -> None:
        if key in self._in_flight:
            self._in_flight[key].cancel()


class _Request:
    """A request whose body has arrived, and what its JSON says of itself."""

    def __init__(self, scope: Scope, headers: Headers, body: bytes) -> None:
        self._body = body
        self.takes_stream = "text/event-stream" in headers.get("accept", "")
        # The SDK refuses clients that do not name both, and we know which one this client reads.
        accept = (b"accept", b"application/json, text/event-stream")
        self.scope = {**scope, "headers": [*(pair for pair in scope["headers"] if pair[0] != b"accept"), accept]}
        self.session = headers.get(_SESSION, "")
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            message = None
        self._message = message
        message = message if isinstance(message, dict) else {}
        params = message.get("params")
        self.method = message.get("method")
        self.id = _request_id(message.get("id"))
        self.cancelled = _request_id(params.get("requestId") if isinstance(params, dict) else None)

    def has_more_values_than(self, most: int) -> bool:
        """Whether its JSON has more values than that: each takes time to validate, while all other requests wait."""
        pending, count = [self._message], 1
        while pending and count <= most:
            value = pending.pop()
            inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
            count += len(inner)
            pending.extend(inner)
        return count > most

    def replay(self, disconnected: anyio.Event) -> Receive:
        """The `receive` of ASGI: the body, and later the end of the connection."""
        pending: list[Message] = [{"type": "http.request", "body": self._body, "more_body": False}]

        async def receive() -> Message:
            if pending:
                return pending.pop()
            await disconnected.wait()
            return {"type": "http.disconnect"}

        return receive


class _Reply:
    """Sends the reply: with a session id if the client asked to begin one, and to its end if it is cancelled."""

    def __init__(self, request: _Request, send: Send) -> None:
        self._session = uuid4().hex if request.method == "initialize" else None
        self._request = request
        self._send = send
        self._started = self._complete = False

    async def send(self, message: Message) -> None:
        """The `send` of ASGI."""
        if message["type"] == "http.response.start":
            self._started = True
            if self._session is not None and message["status"] == 200:
                message["headers"] = [*message.get("headers", ()), (_SESSION.encode(), self._session.encode())]
        else:
            self._complete = not message.get("more_body")
        await self._send(message)

    async def finish(self, receive: Receive) -> None:
        """Complete a reply that is not complete."""
        if not self._started:
            await _refusal(400, "the request was cancelled")(self._request.scope, receive, self._send)
        elif not self._complete:
            await self._send({"type": "http.response.body", "body": b""})


def _request_id(value: object) -> str | int | None:
    return value if isinstance(value, str | int) else None


async def _read(headers: Headers, receive: Receive, largest: int) -> bytes | None:
    """The body of a request; None if it is too large, before all of it was read."""
    declared = headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > largest):
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            # Half a body is no JSON, and its reply has no reader.
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > largest:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _watch(receive: Receive, disconnected: anyio.Event, scope: anyio.CancelScope) -> None:
    """Cancel the request when its connection ends: nobody could read the reply."""
    while (await receive())["type"] != "http.disconnect":
        pass
    disconnected.set()
    scope.cancel()


def _refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    error = {"code": _INVALID_REQUEST, "message": message}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status, headers=headers)
