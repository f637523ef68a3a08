"""The middleware that applies faults, between the routes and the socket."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modulex_mem0.sandbox.faults.protocol import CONNECTION_KEY, Connection
from modulex_mem0.sandbox.faults.rules import RULE_KEY, FaultBoard, FaultRule

__all__ = ["FaultMiddleware"]

_EXEMPT = ("/health", "/_sandbox/")
_POLL = 0.05  # seconds between checks that the client is still connected
_CHUNK = b" " * 65536


@dataclass(frozen=True)
class _Reply:
    """A whole reply; a content length is added unless the headers have one."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def start(self) -> Message:
        """The message that starts the reply."""
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        # A 204 or 304 has no body and must not announce one.
        if self.status not in {204, 304} and all(name != b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(self.body)).encode()))
        return {"type": "http.response.start", "status": self.status, "headers": headers}

    async def send(self, send: Send) -> None:
        """Send the whole reply."""
        await send(self.start())
        await send({"type": "http.response.body", "body": b"" if self.status in {204, 304} else self.body})


class FaultMiddleware:
    """Passes a request on, or does to it what its rule says."""

    def __init__(self, app: ASGIApp, board: FaultBoard) -> None:
        self._app = app
        self._board = board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        rule = None
        if scope["type"] == "http" and not scope["path"].startswith(_EXEMPT):
            rule = self._board.take(scope["method"], scope["path"])
        if rule is None:
            await self._app(scope, receive, send)
            return
        scope[RULE_KEY] = rule
        if not rule.processed:
            await _wait(rule, scope)
        await _ACTIONS[rule.action](self._app, rule, scope, receive, send)


async def _pass_on(app: ASGIApp, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the route's own reply, perhaps late."""
    if not rule.processed:
        await app(scope, receive, send)
        return
    reply = await _collect(app, scope, receive)
    await _wait(rule, scope)
    await reply.send(send)


async def _replace(app: ASGIApp, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    """Send another reply than the route's."""
    if rule.processed:
        await _collect(app, scope, receive)
        await _wait(rule, scope)
    else:
        await _read_all(receive)
    await _replacement(rule).send(send)


async def _reset(app: ASGIApp, rule: FaultRule, scope: Scope, receive: Receive, _send: Send) -> None:
    if rule.reset == "after":
        await _collect(app, scope, receive)
    else:
        # A client that is still sending would see the reset in its write, and then read an ordinary end.
        await _read_all(receive)
    _connection(scope).reset()
    await _disconnected(receive)


async def _truncate(app: ASGIApp, _rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    reply = await _collect(app, scope, receive)
    await send(reply.start())
    await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    _connection(scope).end()
    await _disconnected(receive)


async def _endless(_app: ASGIApp, _rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    await _read_all(receive)
    connection = _connection(scope)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while not connection.closed:
        await send({"type": "http.response.body", "body": _CHUNK, "more_body": True})
        await asyncio.sleep(0)


async def _drip(app: ASGIApp, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    reply = await _collect(app, scope, receive)
    connection = _connection(scope)
    await send(reply.start())
    for place in range(len(reply.body)):
        await asyncio.sleep(rule.drip or 0)
        if connection.closed:
            return
        await send({"type": "http.response.body", "body": reply.body[place : place + 1], "more_body": True})
    await send({"type": "http.response.body"})


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> _Reply:
    """Let the application do its work, and collect its reply."""
    status, headers, body = 500, list[tuple[str, str]](), bytearray()

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return _Reply(status, headers, bytes(body))


def _replacement(rule: FaultRule) -> _Reply:
    headers: list[tuple[str, str]] = []
    if rule.html is not None:
        page = f"<html><head><title>{rule.html}</title></head><body><h1>{rule.html}</h1><hr>proxy</body></html>"
        status, body, kind = rule.html, page.encode(), "text/html"
    elif rule.redirect is not None:
        status, body, kind = rule.status or 302, b"", "text/plain"
        headers.append(("location", rule.redirect))
    else:
        status, body, kind = rule.status or 200, rule.body or b"", rule.content_type
    if rule.retry_after is not None:
        headers.append(("retry-after", f"{rule.retry_after:g}"))
    if rule.retry_after_date is not None:
        headers.append(("retry-after", formatdate(time.time() + rule.retry_after_date, usegmt=True)))
    named = {name.lower() for name, _ in rule.headers}
    if "content-type" not in named:
        headers.append(("content-type", kind))
    return _Reply(status, [*headers, *rule.headers], body)


async def _wait(rule: FaultRule, scope: Scope) -> None:
    """Wait as long as the rule says, or until the client disconnects."""
    connection = scope.get(CONNECTION_KEY)
    end = time.monotonic() + rule.delay
    while (left := end - time.monotonic()) > 0 and not (isinstance(connection, Connection) and connection.closed):  # noqa: ASYNC110
        await asyncio.sleep(min(left, _POLL))


def _connection(scope: Scope) -> Connection:
    connection = scope.get(CONNECTION_KEY)
    if not isinstance(connection, Connection):
        raise TypeError("this fault needs a socket: serve the application with modulex_mem0.sandbox")
    return connection


async def _read_all(receive: Receive) -> None:
    """Read the request's whole body, so that the client has finished sending when the reply comes."""
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return


async def _disconnected(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is closed; before, it would ask for a reply."""
    while (await receive())["type"] != "http.disconnect":
        pass


_Act = Callable[[ASGIApp, FaultRule, Scope, Receive, Send], Awaitable[None]]
_ACTIONS: dict[str | None, _Act] = {
    None: _pass_on,
    "reply": _replace,
    "html": _replace,
    "redirect": _replace,
    "reset": _reset,
    "truncate": _truncate,
    "endless": _endless,
    "drip": _drip,
}
