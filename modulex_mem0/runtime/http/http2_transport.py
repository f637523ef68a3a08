"""httpx's transport over HTTP/2, kept from letting the end of one request be the end of others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, StreamReset
from h2.exceptions import H2Error

from modulex_mem0.contract import ActionError
from modulex_mem0.runtime.http.limited_reading import read_chunks

__all__ = ["Http2Transport"]

# A connection carries no more than this. Common servers end one after a thousand requests, and httpcore then loses the
# answers that are still to come on it.
_LONGEST = 500
# Seconds in which a request that is given up while it leaves may end a frame that it had begun, for the others' sake.
_SETTLE = 0.1


class _Connections:
    """An `httpx.AsyncHTTPTransport` with the requests that are on its connections."""

    def __init__(self, transport: httpx.AsyncHTTPTransport) -> None:
        self.transport = transport
        self.carried = 0
        #: Requests that somebody waits for.
        self.awaited = 0
        #: Requests that were given up and have not ended.
        self.given_up: set[asyncio.Task[httpx.Response]] = set()
        self.closing: asyncio.Task[None] | None = None
        self._shared: dict[tuple[str, int | None], Any] = {}

    async def exchange(self, request: httpx.Request, limit: int) -> httpx.Response:
        """Send a request and read the whole reply, which nobody can then leave half read."""
        response = await self.transport.handle_async_request(request)
        if response.http_version == "HTTP/2":
            self._shared[request.url.host, request.url.port] = response.extensions["network_stream"]
        try:
            # It has both kinds of stream.
            chunks = await read_chunks(response.stream, limit, response.status_code)  # type: ignore[arg-type]
        finally:
            await response.aclose()
        # In chunks as before, so that what unfolds from them can be limited.
        return httpx.Response(response.status_code, headers=response.headers, content=_each(chunks))

    def worn_out(self, host: str, port: int | None) -> bool:
        """Whether a request to a host had better go over a new connection."""
        if self.carried >= _LONGEST:
            return True
        # On a connection where nothing is awaited, what arrives is most likely its end.
        shared = None if self.awaited else self._shared.get((host, port))
        return shared is not None and bool(shared.get_extra_info("is_readable"))

    async def aclose(self) -> None:
        for task in self.given_up:
            task.cancel()
        await asyncio.gather(*self.given_up, return_exceptions=True)
        await self.transport.aclose()


class Http2Transport(httpx.AsyncBaseTransport):
    """httpx's own transport over HTTP/2, so that what ends one request does not end the others on its connection.

    httpcore resets no stream: one that is given up keeps its share of the connection's window and streams for ever. A
    cancelled write tears the connection's frames, and a read that timed out ends all reads. So a request that is given
    up is left to itself, later requests go over new connections, and the old ones are closed as soon as nobody waits
    for anything on them.

    Args:
        opened: Makes httpx's transport.
        limit: Bytes of the largest body that is read.
    """

    def __init__(self, opened: Callable[[], httpx.AsyncHTTPTransport], limit: int) -> None:
        self._opened = opened
        self._limit = limit
        self._current: _Connections | None = None
        self._open: set[_Connections] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the reply.

        Raises:
            ActionError: The reply is too large.
            httpx.TransportError: The subclass that fits over HTTP/1.1. `ConnectError` means that nothing was done.
        """
        connections = self._for(request.url.host, request.url.port)
        progress = _Progress(request.extensions.get("trace"))
        # Only connecting has a time of its own: how long to wait for the rest is the caller's to watch.
        connect = request.extensions.get("timeout", {}).get("connect")
        request.extensions = {"timeout": {"connect": connect}, "trace": progress}
        connections.awaited += 1
        connections.carried += 1
        task = asyncio.create_task(connections.exchange(request, self._limit))
        try:
            await asyncio.wait({task})
            return task.result()
        except ActionError:
            self._retire(connections)
            raise
        except asyncio.CancelledError:
            self._give_up(task, progress, connections)
            raise
        except Exception as error:
            raise _as_over_http1(error, progress) from None
        finally:
            connections.awaited -= 1
            self._close_unused(connections)

    async def aclose(self) -> None:
        """Close the connections."""
        closing = [connections.closing for connections in self._open if connections.closing]
        await asyncio.gather(*closing, return_exceptions=True)
        for connections in list(self._open):
            await self._close(connections)

    def _for(self, host: str, port: int | None) -> _Connections:
        if self._current is not None and self._current.worn_out(host, port):
            self._retire(self._current)
        if self._current is None:
            self._current = _Connections(self._opened())
            self._open.add(self._current)
        return self._current

    def _give_up(self, task: asyncio.Task[httpx.Response], progress: "_Progress", connections: _Connections) -> None:
        task.add_done_callback(_heard)
        if task.done():
            return
        progress.given_up = True
        connections.given_up.add(task)
        task.add_done_callback(connections.given_up.discard)
        if progress.protocol == "http2":
            self._retire(connections)
            # One that waits for room to send more must not send it later, when its call has long ended.
            asyncio.get_running_loop().call_later(_SETTLE, lambda: progress.whole or task.cancel())
        elif progress.protocol:
            task.cancel()

    def _retire(self, connections: _Connections) -> None:
        if connections is self._current:
            self._current = None
            self._close_unused(connections)

    def _close_unused(self, connections: _Connections) -> None:
        if connections is not self._current and not connections.awaited and not connections.closing:
            connections.closing = asyncio.create_task(self._close(connections))

    async def _close(self, connections: _Connections) -> None:
        await connections.aclose()
        self._open.discard(connections)


class _Progress:
    """How far a request has come. Hears it from httpcore's `trace` extension, and passes it on."""

    __slots__ = ("_told", "answered", "given_up", "left", "protocol", "whole")

    def __init__(self, told: Callable[[str, object], Awaitable[None]] | None) -> None:
        self._told = told
        self.given_up = False
        #: Empty until the request begins to leave.
        self.protocol = ""
        #: Whether its headers have left; then whether all of it has.
        self.left = False
        self.whole = False
        self.answered = False

    async def __call__(self, event: str, details: object) -> None:
        """Note an event.

        Raises:
            CancelledError: The request would leave, but was given up.
        """
        protocol, _, step = event.partition(".")
        if step == "send_request_headers.started":
            if self.given_up:
                raise asyncio.CancelledError
            self.protocol, self.left, self.whole, self.answered = protocol, False, False, False
        elif step == "send_request_headers.complete":
            self.left = True
        elif step == "send_request_body.complete":
            self.whole = True
        elif step == "receive_response_headers.complete":
            self.answered = True
        if self._told is not None:
            await self._told(event, details)


def _as_over_http1(error: Exception, progress: _Progress) -> Exception:
    """What a transport would raise over HTTP/1.1 for a like failure, in words that hold nothing of the service's."""
    reason = error.__cause__.args[0] if error.__cause__ is not None and error.__cause__.args else error
    if isinstance(reason, StreamReset):
        # The service's word that it did nothing.
        refused = reason.error_code == ErrorCodes.REFUSED_STREAM
        message = f"the request was ended with HTTP/2's code {int(reason.error_code)}"
    elif isinstance(reason, ConnectionTerminated):
        refused = reason.last_stream_id == 0
        message = f"the connection was ended with HTTP/2's code {int(reason.error_code or 0)}"
    elif isinstance(reason, H2Error):
        refused = False
        message = f"HTTP/2 broke: {type(reason).__name__}"
    else:
        return error
    if not progress.left or (refused and not progress.answered):
        return httpx.ConnectError(message)
    return httpx.ReadError(message)


def _heard(task: asyncio.Task[httpx.Response]) -> None:
    """Take note of how a request ended that nobody waits for."""
    if not task.cancelled():
        task.exception()


async def _each(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
