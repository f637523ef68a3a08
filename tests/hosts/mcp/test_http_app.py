"""The ASGI application by itself, as any ASGI server may run it."""

import asyncio
import json
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from mcp.server import Server, ServerRequestContext
from mcp.types import CallToolRequestParams, CallToolResult, TextContent

from modulex_mem0.hosts.mcp import HttpApp, HttpLimits

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "any", "arguments": {}}}
BODY = {"type": "http.request", "body": json.dumps(CALL).encode(), "more_body": False}


class AsgiServer:
    """One request: what the application receives, in this order and then nothing more, and what it sends."""

    def __init__(self, *received: dict[str, Any]) -> None:
        self.received = list(received)
        self.all_is_received = asyncio.Event()
        self.sent: list[dict[str, Any]] = []

    async def run(self, app: HttpApp) -> None:
        headers = [(b"accept", b"application/json"), (b"content-type", b"application/json"), (b"host", b"localhost")]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
        async with asyncio.timeout(30):
            await app(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self.received:
            return self.received.pop(0)
        self.all_is_received.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()


async def test_a_reply_is_complete_where_the_server_does_not_say_that_the_connection_has_ended() -> None:
    async def answer(_context: ServerRequestContext[Any, Any], _params: CallToolRequestParams) -> CallToolResult:
        return CallToolResult(content=[TextContent(type="text", text="said")])

    app = HttpApp(Server("any", on_call_tool=answer), HttpLimits())
    server = AsgiServer(BODY)
    async with app:
        await server.run(app)
    assert '"text":"said"' in server.text
    assert [message["type"] for message in server.sent] == ["http.response.start", "http.response.body"]


async def test_only_the_end_of_the_connection_ends_a_call() -> None:
    server = AsgiServer(BODY, {"type": "http.request", "body": b"", "more_body": False})

    async def answer(_context: ServerRequestContext[Any, Any], _params: CallToolRequestParams) -> CallToolResult:
        await server.all_is_received.wait()
        await asyncio.sleep(0)
        return CallToolResult(content=[TextContent(type="text", text="said")])

    app = HttpApp(Server("any", on_call_tool=answer), HttpLimits())
    async with app:
        await server.run(app)
    assert '"text":"said"' in server.text


async def test_a_connection_that_ends_within_its_request_calls_nothing() -> None:
    called: list[str] = []

    async def answer(_context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        called.append(params.name)
        return CallToolResult(content=[])

    app = HttpApp(Server("any", on_call_tool=answer), HttpLimits())
    half = {"type": "http.request", "body": json.dumps(CALL).encode()[:-1], "more_body": True}
    server = AsgiServer(half, {"type": "http.disconnect"})
    async with app:
        await server.run(app)
    assert called == []
    assert server.sent[0]["status"] == 400
