"""MCP on the same address: a bare call works, with the server's credentials; and the SDK's own client does."""

import asyncio
import socket
from typing import Any

import httpx
import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import KEY, profile
from tests.server.conftest import TOKEN, Console, Start

pytest.importorskip("mcp", reason="mcp is not installed")


def _call(client: httpx.Client, method: str, params: dict[str, Any], path: str = "/mcp", **headers: str) -> Any:
    accept = {"Accept": "application/json"}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answered = client.post(path, json=body, headers=accept | given)
    assert answered.status_code == 200, answered.text
    return answered.json()


def test_a_bare_call_works_without_a_handshake(client: httpx.Client) -> None:
    listed = _call(client, "tools/list", {})
    assert len(listed["result"]["tools"]) == 19
    called = _call(client, "tools/call", {"name": "get_memories", "arguments": {"user_id": "alice"}})
    assert called["result"]["structuredContent"]["success"] is True
    (run,) = client.get("/v1/runs").json()["runs"]
    assert (run["action"], run["source"], run["credential"], run["outcome"]) == (
        "get_memories", "mcp", "sandbox", "success",
    )  # fmt: skip


def test_what_n8n_adds_to_a_call_is_set_aside(client: httpx.Client) -> None:
    added = {"toolCallId": "call_1", "sessionId": "s", "action": "sendMessage", "chatInput": "What do I like?"}
    called = _call(client, "tools/call", {"name": "get_memories", "arguments": {"user_id": "alice", **added}})
    assert called["result"]["structuredContent"]["error"] is None


def test_the_credential_is_chosen_as_for_rest(console: Console, client: httpx.Client, server: ScriptedServer) -> None:
    server.script(json_reply({}))
    console.store.save(profile(), "work", {"api_key": "tk-stored-0000", "base_url": server.url})
    call: dict[str, Any] = {"name": "fetch", "arguments": {}}
    for headers in (
        {"Modulex_Credential": "work"},
        {"Modulex_Field_Api_Key": KEY, "Modulex_Field_Base_Url": server.url},
    ):
        assert not _call(client, "tools/call", call, "/mcp/tiny", **headers)["result"]["isError"]
    assert [request.headers["x-tiny-key"] for request in server.requests] == ["tk-stored-0000", KEY]
    refused = _call(client, "tools/call", call, "/mcp/tiny", Modulex_Credential="")["result"]
    assert refused["isError"] is True
    assert "is empty" in refused["structuredContent"]["error"]
    assert client.post("/mcp/none", json={}).status_code == 404


def test_a_request_that_is_too_large_or_too_slow_is_refused(start: Start) -> None:
    with start(max_body_bytes=1000, read_timeout=0.2) as console:
        with console.client() as client:
            assert client.post("/mcp/tiny", content=b" " * 1001).status_code == 413
        with socket.create_connection(("127.0.0.1", console.port), timeout=20) as connection:
            head = f"POST /mcp/tiny HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
            connection.sendall(f"{head}Content-Length: 9\r\n\r\n{{".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 408")


async def test_the_sdks_own_client(console: Console) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    async with (
        asyncio.timeout(20),
        create_mcp_http_client(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
        streamable_http_client(f"{console.url}/mcp", http_client=http) as (read, write, *_),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        result = await session.call_tool("get_memories", {"user_id": "alice"})
    assert not result.is_error
