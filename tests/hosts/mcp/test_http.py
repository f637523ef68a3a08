"""`modulex-mem0 mcp --http`: calls over streamable HTTP, keys from headers, refusal of other origins, shutdown."""

import asyncio
import gc
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

import httpx
import pytest

from modulex_mem0.runtime import discover
from modulex_mem0.sandbox import RunningSandbox, running_sandbox

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from mcp.server import Server

from modulex_mem0.hosts.mcp import Address, serve_http

Connect = Callable[..., AbstractAsyncContextManager[Any]]
Serve = Callable[..., AbstractContextManager[Any]]

NAMES = [action.name for action in discover()["mem0"].manifest.actions]
MESSAGES = [{"role": "user", "content": "I am a vegetarian."}]
BY_HEADER = ("--credential-header", "api_key=X-Mem0-Key")
SEARCH = {"user_id": "alice", "query": "vegetarian"}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_actions_are_served(serve: Serve, connect_http: Connect, account: dict[str, str], mode: str) -> None:
    with serve(env=account) as server:
        async with connect_http(server.url, mode=mode) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == NAMES
            added = await client.call_tool("add_memories", {"user_id": "alice", "messages": MESSAGES})
            assert added.structured_content["success"] is True
            found = await client.call_tool("search_memories", SEARCH)
            assert len(found.structured_content["ids"]) == 1
            refused = await client.call_tool("search_memories", {"user_id": "alice", "query": None})
            assert refused.is_error
            assert "query: must be text" in refused.structured_content["error"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_each_request_brings_its_own_key(
    serve: Serve, connect_http: Connect, sandbox: RunningSandbox, log: Any, mode: str
) -> None:
    one, other = sandbox.with_fresh_project(), sandbox.with_fresh_project()
    # The operator's key is never used in place of a caller's.
    env = {"MEM0_BASE_URL": sandbox.base_url, "MEM0_API_KEY": sandbox.api_key}
    with serve(*BY_HEADER, env=env, root=("--log-level", "debug")) as server:
        async with connect_http(server.url, {"X-Mem0-Key": one.api_key}, mode) as client:
            await client.call_tool("add_memories", {"user_id": "alice", "messages": MESSAGES})
            own = await client.call_tool("search_memories", SEARCH)
        async with connect_http(server.url, {"x-mem0-key": other.api_key}, mode) as client:
            others = await client.call_tool("search_memories", SEARCH)
        async with connect_http(server.url, {"X-Mem0-Key": "m0-wrong-0123456789"}, mode) as client:
            wrong = await client.call_tool("search_memories", SEARCH)
        async with connect_http(server.url, mode=mode) as client:
            none = await client.call_tool("search_memories", SEARCH)
            # Listing needs no key.
            assert len((await client.list_tools()).tools) == len(NAMES)
    assert len(own.structured_content["ids"]) == 1
    assert others.structured_content["ids"] == []
    assert wrong.structured_content["error"].startswith("unauthorized: ")
    error = none.structured_content["error"]
    assert error == "missing_credential: send Mem0 API Key in the header X-Mem0-Key"
    written = log.text
    for key in (one.api_key, other.api_key, sandbox.api_key, "m0-wrong-0123456789"):
        assert key not in written


async def test_the_key_may_come_as_a_bearer_token(serve: Serve, connect_http: Connect, sandbox: RunningSandbox) -> None:
    arguments = ("--credential-header", "api_key=Authorization")
    with serve(*arguments, env={"MEM0_BASE_URL": sandbox.base_url}) as server:
        async with connect_http(server.url, {"Authorization": f"Bearer {sandbox.api_key}"}) as client:
            assert not (await client.call_tool("search_memories", SEARCH)).is_error
        async with connect_http(server.url, {"Authorization": f"Basic {sandbox.api_key}"}) as client:
            refused = await client.call_tool("search_memories", SEARCH)
    assert refused.structured_content["error"].startswith("missing_credential: ")


async def test_progress_of_a_long_wait(serve: Serve, connect_http: Connect) -> None:
    seen: list[float] = []

    async def listen(progress: float, _total: float | None, _message: str | None) -> None:
        seen.append(progress)

    with running_sandbox(delay=2.0) as sandbox:
        account = {"MEM0_API_KEY": sandbox.api_key, "MEM0_BASE_URL": sandbox.base_url}
        with serve(env=account) as server:
            async with connect_http(server.url) as client:
                result = await client.call_tool(
                    "add_memories",
                    {"user_id": "alice", "messages": MESSAGES, "wait_for_completion": True},
                    progress_callback=listen,
                )
    assert result.structured_content["status"] == "SUCCEEDED"
    assert len(seen) >= 2
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_cancelling_a_request_cancels_the_call(
    serve: Serve, connect_http: Connect, talkative: dict[str, str], listener: Any, mode: str
) -> None:
    import anyio

    with serve("--integration", "talkative", env=talkative) as server:
        async with connect_http(server.url, mode=mode) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "wait_forever", {"text": listener.port})
                await listener.expect(b"started ")
                group.cancel_scope.cancel()
            await listener.expect(b"cancelled")
            said = await client.call_tool("say", {"text": "still here"})
    assert said.structured_content["said"] == "still here"


async def test_requests_from_other_origins_are_refused(serve: Serve, account: dict[str, str]) -> None:
    accepts = {"Accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    with serve(env=account, root=()) as server:
        async with httpx.AsyncClient(headers=accepts, trust_env=False) as http:
            rebound = await http.post(server.url, json=body, headers={"Host": "evil.example:80"})
            foreign = await http.post(server.url, json=body, headers={"Origin": "https://evil.example"})
            modern = {"Host": "evil.example:80", "MCP-Protocol-Version": "2026-07-28"}
            rebound_modern = await http.post(server.url, json=body, headers=modern)
            own = await http.post(server.url, json=body, headers={"Origin": "http://localhost:3000"})
    assert (rebound.status_code, foreign.status_code, rebound_modern.status_code) == (421, 403, 421)
    assert own.status_code not in (403, 421)


async def test_another_host_name_is_accepted_with_allowed_host(serve: Serve, account: dict[str, str]) -> None:
    accepts = {"Accept": "application/json, text/event-stream", "Host": "memory.example:8443"}
    with serve("--allowed-host", "Memory.Example", env=account) as server:
        async with httpx.AsyncClient(headers=accepts, trust_env=False) as http:
            answer = await http.post(server.url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert answer.status_code != 421


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_signal_ends_the_server_with_0(
    serve: Serve, connect_http: Connect, account: dict[str, str], number: signal.Signals
) -> None:
    with serve(env=account) as server:
        async with connect_http(server.url, mode="legacy") as client:
            await client.list_tools()
            # An open stream does not delay the end.
            server.process.send_signal(number)
            assert await asyncio.to_thread(server.process.wait, 30) == 0


async def test_a_port_that_cannot_be_bound_leaves_nothing_open() -> None:
    announced: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            await serve_http(Server("any"), address, announce=announced.append)
    assert announced == []
    # A socket that was left open would warn now, which fails the test.
    gc.collect()


def test_a_taken_port_is_a_failure(account: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = subprocess.run(
            [sys.executable, "-m", "modulex_mem0.cli", "mcp", "--http", address],
            check=False,
            capture_output=True,
            text=True,
            env=account,
            timeout=60,
        )
    assert ended.returncode == 1
    port = address.partition(":")[2]
    assert ended.stderr == f"Error: port {port} of 127.0.0.1 is taken; choose another, or 0 for a free one\n"
    assert ended.stdout == ""
