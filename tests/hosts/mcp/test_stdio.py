"""`modulex-mem0 mcp` over stdio: listing, calls, errors, progress, cancellation, and the end of the process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from typing import Any

import pytest

from modulex_mem0.json_schema import outline, simplify
from modulex_mem0.runtime import discover
from modulex_mem0.sandbox import RunningSandbox, running_sandbox

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from mcp import MCPError

Connect = Callable[..., AbstractAsyncContextManager[Any]]

MANIFEST = discover()["mem0"].manifest
MESSAGES = [{"role": "user", "content": "I am a vegetarian."}]


def output(result: Any) -> dict[str, Any]:
    """The structured content, which must be the same as the text."""
    assert json.loads(result.content[0].text) == result.structured_content
    assert result.is_error is not result.structured_content["success"]
    structured: dict[str, Any] = result.structured_content
    return structured


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_every_action_is_listed_as_its_manifest_declares_it(
    connect: Connect, account: dict[str, str], mode: str
) -> None:
    async with connect(env=account, mode=mode) as client:
        listed = (await client.list_tools()).tools
        info = client.server_info
    assert (info.name, info.title, info.version) == ("mem0", "Mem0", MANIFEST.version)
    assert [tool.name for tool in listed] == [action.name for action in MANIFEST.actions]
    for tool, action in zip(listed, MANIFEST.actions, strict=True):
        assert (tool.title, tool.description) == (action.title, action.description)
        assert tool.input_schema == simplify(action.input_schema)
        assert tool.output_schema == outline(action.output_schema)
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is action.hints.read_only
        assert tool.annotations.destructive_hint is action.hints.destructive
        assert tool.annotations.idempotent_hint is action.hints.idempotent
        assert tool.annotations.open_world_hint is False


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_what_is_added_is_found(connect: Connect, account: dict[str, str], mode: str) -> None:
    async with connect(env=account, mode=mode) as client:
        added = output(await client.call_tool("add_memories", {"user_id": "alice", "messages": MESSAGES}))
        assert added["success"] is True
        found = output(await client.call_tool("search_memories", {"user_id": "alice", "query": "vegetarian"}))
    assert [record["memory"] for record in found["search_results"]] != []


async def test_a_null_for_an_optional_parameter_is_the_same_as_leaving_it_out(
    connect: Connect, account: dict[str, str]
) -> None:
    nulls = dict.fromkeys(("limit", "agent_id", "filters", "threshold", "categories", "show_expired"))
    async with connect(env=account) as client:
        found = output(await client.call_tool("search_memories", {"user_id": "alice", "query": "food", **nulls}))
    assert found["success"] is True


async def test_the_error_of_bad_input_names_the_field_and_the_fix(connect: Connect, account: dict[str, str]) -> None:
    good = {"user_id": "alice", "query": "x"}
    async with connect(env=account) as client:
        for arguments, message in (
            (None, "user_id: is required"),
            ({"user_id": "alice"}, "invalid_input: query: is required"),
            (good | {"limit": "many"}, "limit: must be a whole number, got 'many'"),
            (good | {"limt": 3}, "limt: is not a parameter of search_memories; did you mean 'limit'?"),
            # A credential is not an argument.
            (good | {"api_key": "m0-x"}, "api_key: is not a parameter of search_memories"),
        ):
            refused = output(await client.call_tool("search_memories", arguments))
            assert message in refused["error"]
            assert refused["search_results"] == []


async def test_a_wrong_key_is_reported_and_not_shown(connect: Connect, account: dict[str, str], log: Any) -> None:
    wrong = "m0-wrong-0123456789"
    async with connect(env=account | {"MEM0_API_KEY": wrong}, root=("--log-level", "debug")) as client:
        result = await client.call_tool("search_memories", {"user_id": "alice", "query": "food"})
    assert output(result)["error"].startswith("unauthorized: ")
    assert wrong not in result.model_dump_json()
    assert wrong not in log.text


async def test_without_a_key_the_error_names_the_variable(connect: Connect) -> None:
    async with connect() as client:
        result = await client.call_tool("search_memories", {"user_id": "alice", "query": "food"})
    assert output(result)["error"].startswith("missing_credential: ")
    assert "MEM0_API_KEY" in output(result)["error"]


async def test_a_good_key_is_in_no_log_and_no_result(connect: Connect, account: dict[str, str], log: Any) -> None:
    async with connect(env=account, root=("--log-level", "debug")) as client:
        listed = await client.list_tools()
        added = await client.call_tool("add_memories", {"user_id": "alice", "messages": MESSAGES})
        await client.call_tool("get_memories", {"user_id": "alice"})
    written = log.text
    assert "modulex_mem0.runtime.http" in written, "the test needs the most detailed log"
    assert account["MEM0_API_KEY"] not in written + listed.model_dump_json() + added.model_dump_json()


async def test_an_unknown_tool_is_a_protocol_error_with_the_nearest_name(
    connect: Connect, account: dict[str, str]
) -> None:
    async with connect(env=account) as client:
        with pytest.raises(MCPError, match="no tool 'serch_memories'; did you mean 'search_memories'"):
            await client.call_tool("serch_memories", {})


async def test_a_long_wait_reports_rising_progress(connect: Connect) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    with running_sandbox(delay=2.0) as sandbox:
        account = {"MEM0_API_KEY": sandbox.api_key, "MEM0_BASE_URL": sandbox.base_url}
        async with connect(env=account) as client:
            result = await client.call_tool(
                "add_memories",
                {"user_id": "alice", "messages": MESSAGES, "wait_for_completion": True, "wait_timeout": 30},
                progress_callback=listen,
            )
    assert output(result)["status"] == "SUCCEEDED"
    assert len(seen) >= 2
    assert all(later[0] > earlier[0] for earlier, later in pairwise(seen))
    assert {total for _, total, _ in seen} == {30}
    assert all(message and message.startswith("waiting for event: ") for _, _, message in seen)


async def test_reports_without_numbers_rise_too(connect: Connect, talkative: dict[str, str], log: Any) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    async with connect("--integration", "talkative", env=talkative) as client:
        result = await client.call_tool("say", {"text": "hello"}, progress_callback=listen)
        said = output(result)["said"]
    assert said == "hello"
    assert [round(progress) for progress, _, _ in seen] == [1, 2, 2, 2]
    assert all(later[0] > earlier[0] for earlier, later in pairwise(seen))
    assert [total for _, total, _ in seen] == [None, 7, 7, None]
    # On standard output it would break the protocol.
    for place in ("while it is loaded", "during a call", "by a child"):
        assert f"printed {place}" in log.text


@pytest.mark.parametrize(("arguments", "most"), [((), 30_000), (("--simple",), 12_000)], ids=["all", "simple"])
async def test_the_list_of_tools_is_short(
    connect: Connect, account: dict[str, str], arguments: tuple[str, ...], most: int
) -> None:
    """People pay for it at every turn of a conversation."""
    async with connect("--user-id", "alice", *arguments, env=account) as client:
        listed = await client.list_tools()
    written = listed.model_dump_json(by_alias=True, exclude_none=True)
    assert len(written.encode()) < most
    assert len(listed.tools) >= 14


async def test_simple_tools_work_as_the_others_do(connect: Connect, account: dict[str, str]) -> None:
    async with connect("--user-id", "alice", "--simple", env=account) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        added = output(await client.call_tool("add_memories", {"messages": MESSAGES}))
        found = output(await client.call_tool("search_memories", {"query": "vegetarian"}))
    assert list(tools["search_memories"].input_schema["properties"]) == ["query", "limit"]
    assert added["success"] is True
    assert len(found["search_results"]) == 1


async def test_strict_tools_take_null_for_what_is_left_out(connect: Connect, account: dict[str, str]) -> None:
    async with connect("--user-id", "alice", "--strict", env=account) as client:
        (search,) = [tool for tool in (await client.list_tools()).tools if tool.name == "search_memories"]
        arguments = dict.fromkeys(search.input_schema["properties"]) | {"query": "food", "metadata": '{"a": 1}'}
        found = output(await client.call_tool("search_memories", arguments))
    assert search.input_schema["required"] == list(search.input_schema["properties"])
    assert found["success"] is True


async def test_the_instructions_say_who_the_user_is_and_how_to_begin(connect: Connect, account: dict[str, str]) -> None:
    async with connect("--user-id", "alice", env=account) as client:
        fixed = client.instructions
    async with connect("--actions", "add_memories", env=account) as client:
        adding = client.instructions
    assert 'user_id is fixed: every call is for "alice". Leave it out.' in fixed
    assert "Before you answer or change something, look up what is known with search_memories or get_memories" in fixed
    assert "get_event" not in fixed.partition("look up")[2].partition("\n")[0]
    assert "A status such as PENDING means accepted and not yet done." in fixed
    assert "fixed" not in adding.partition("\n")[0]
    assert "look up" not in adding


async def test_what_n8n_adds_to_a_call_is_set_aside(connect: Connect, account: dict[str, str]) -> None:
    added = {"toolCallId": "call_1", "sessionId": "s", "action": "sendMessage", "chatInput": "What do I like?"}
    async with connect("--user-id", "alice", env=account) as client:
        found = output(await client.call_tool("search_memories", {"query": "food", "user_id": "alice", **added}))
        other = output(await client.call_tool("search_memories", {"query": "food", "user_id": "bob", **added}))
    assert found["success"] is True
    assert other["error"].startswith("invalid_input: user_id: is fixed")


async def test_without_a_declared_owner_the_world_is_open(connect: Connect, talkative: dict[str, str]) -> None:
    async with connect("--integration", "talkative", env=talkative) as client:
        say = (await client.list_tools()).tools[0]
    assert say.annotations.open_world_hint is True
    assert say.annotations.read_only_hint is False


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_cancelling_a_request_cancels_the_call(
    connect: Connect, talkative: dict[str, str], listener: Any, mode: str
) -> None:
    import anyio

    async with connect("--integration", "talkative", env=talkative, mode=mode) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "wait_forever", {"text": listener.port})
            await listener.expect(b"started ")
            group.cancel_scope.cancel()
        await listener.expect(b"cancelled")
        # The connection is still open.
        assert output(await client.call_tool("say", {"text": "still here"}))["said"] == "still here"


async def test_a_broken_service_is_reported_in_the_output(
    connect: Connect, account: dict[str, str], sandbox: RunningSandbox
) -> None:
    sandbox.set_faults({"path": "/v3/memories/search/", "html": 502})
    async with connect(env=account) as client:
        result = await client.call_tool("search_memories", {"user_id": "alice", "query": "food"})
    assert output(result)["error"].startswith("service_error: ")
    assert "HTTP 502" in output(result)["error"]


def start(account: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "modulex_mem0.cli", "mcp", *arguments],
        env={**os.environ, **account},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


def test_the_end_of_input_ends_the_server(account: dict[str, str]) -> None:
    with start(account) as process:
        out, err = process.communicate(json.dumps(INITIALIZE) + "\nthis is not JSON\n", timeout=30)
    assert process.returncode == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == [1]
    assert err == ""


def test_ctrl_c_ends_the_server_while_its_input_is_open(account: dict[str, str]) -> None:
    with start(account) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == -signal.SIGINT


def test_a_client_that_disconnects_ends_the_server_without_output(account: dict[str, str]) -> None:
    with start(account) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps(INITIALIZE) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.stdout.close()
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}) + "\n")
        process.stdin.flush()
        process.stdin.close()
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == ""
