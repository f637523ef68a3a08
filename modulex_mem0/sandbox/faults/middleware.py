"""Acting faults out, under the routes and above the socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modulex_mem0.sandbox.faults.board import FaultBoard
from modulex_mem0.sandbox.faults.rules import FaultRule
from modulex_mem0.sandbox.faults.whole_reply import Reply, run
from modulex_mem0.sandbox.protocol import SCOPE_KEY, Connection

RULE_KEY = "modulex_mem0.sandbox.fault"
"""Where a route finds the rule that concerns the event it queues."""

_EXEMPT = ("/health", "/_sandbox/")
_LOOK = 0.05  # seconds between looks at whether the client is still there
_CHUNK = b" " * 65536


class FaultMiddleware:
    """Lets a request through, or does to it what a rule says."""

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


async def _through(app: ASGIApp, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    """Reply as the route does, if late."""
    if not rule.processed:
        await app(scope, receive, send)
        return
    reply = await run(app, scope, receive)
    await _wait(rule, scope)
    await reply.send(send)


async def _instead(app: ASGIApp, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    """Reply with something else than the route would."""
    if rule.processed:
        await run(app, scope, receive)
        await _wait(rule, scope)
    else:
        await _read_all(receive)
    await _replacement(rule).send(send)


async def _reset(app: ASGIApp, rule: FaultRule, scope: Scope, receive: Receive, _send: Send) -> None:
    if rule.reset == "after":
        await run(app, scope, receive)
    else:
        # A client still sending would be told of the reset by its write, and then read an ordinary end.
        await _read_all(receive)
    _connection(scope).reset()
    await _gone(receive)


async def _truncate(app: ASGIApp, _rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    reply = await run(app, scope, receive)
    await send(reply.start())
    await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    _connection(scope).end()
    await _gone(receive)


async def _endless(_app: ASGIApp, _rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    await _read_all(receive)
    connection = _connection(scope)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while not connection.closed:
        await send({"type": "http.response.body", "body": _CHUNK, "more_body": True})
        await asyncio.sleep(0)


async def _drip(app: ASGIApp, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
    reply = await run(app, scope, receive)
    connection = _connection(scope)
    await send(reply.start())
    for place in range(len(reply.body)):
        await asyncio.sleep(rule.drip or 0)
        if connection.closed:
            return
        await send({"type": "http.response.body", "body": reply.body[place : place + 1], "more_body": True})
    await send({"type": "http.response.body"})


def _replacement(rule: FaultRule) -> Reply:
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
    return Reply(status, [*headers, *rule.headers], body)


async def _wait(rule: FaultRule, scope: Scope) -> None:
    """Wait as long as the rule says, or until the client has gone away."""
    connection = scope.get(SCOPE_KEY)
    end = time.monotonic() + rule.delay
    while (left := end - time.monotonic()) > 0 and not (isinstance(connection, Connection) and connection.closed):  # noqa: ASYNC110
        await asyncio.sleep(min(left, _LOOK))


def _connection(scope: Scope) -> Connection:
    connection = scope.get(SCOPE_KEY)
    if not isinstance(connection, Connection):
        raise TypeError("this fault needs a socket: serve the application with modulex_mem0.sandbox")
    return connection


async def _read_all(receive: Receive) -> None:
    """Take in the request's body, so that its sender is done sending when the reply comes."""
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return


async def _gone(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is closed, and asks for no reply any more."""
    while (await receive())["type"] != "http.disconnect":
        pass


_Act = Callable[[ASGIApp, FaultRule, Scope, Receive, Send], Awaitable[None]]
_ACTIONS: dict[str | None, _Act] = {
    None: _through,
    "reply": _instead,
    "html": _instead,
    "redirect": _instead,
    "reset": _reset,
    "truncate": _truncate,
    "endless": _endless,
    "drip": _drip,
}
