"""The limits that an operator sets for an agent: `--read-only`, `--actions`, `--user-id`, `--fix`; and usage errors."""

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from click.testing import CliRunner

from modulex_mem0.cli.app import root
from modulex_mem0.runtime import discover

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

Connect = Callable[..., AbstractAsyncContextManager[Any]]

ACTIONS = discover()["mem0"].manifest.actions
CROSS_USER = {action.name for action in ACTIONS if action.hints.cross_user}
SECRET = [{"role": "user", "content": "My safe is behind the painting."}]


async def test_read_only_offers_only_what_changes_nothing(connect: Connect, account: dict[str, str]) -> None:
    async with connect("--read-only", env=account) as client:
        listed = (await client.list_tools()).tools
        assert {tool.name for tool in listed} == {action.name for action in ACTIONS if action.hints.read_only}
        assert all(tool.annotations.read_only_hint for tool in listed)
        with pytest.raises(Exception, match="no tool 'delete_memories'"):
            await client.call_tool("delete_memories", {"user_id": "alice", "confirm": True})


async def test_actions_offers_those_alone(connect: Connect, account: dict[str, str]) -> None:
    async with connect("--actions", "search_memories, add_memories", env=account) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["add_memories", "search_memories"]
        with pytest.raises(Exception, match="no tool 'get_memories'"):
            await client.call_tool("get_memories", {"user_id": "alice"})


async def test_with_a_fixed_user_no_other_can_be_reached(connect: Connect, account: dict[str, str]) -> None:
    async with connect(env=account) as anyone:
        added = await anyone.call_tool(
            "add_memories", {"user_id": "bob", "messages": SECRET, "infer": False, "wait_for_completion": True}
        )
        event_id = added.structured_content["event_id"]
        listed = await anyone.call_tool("get_memories", {"user_id": "bob"})
        memory_id = listed.structured_content["ids"][0]

    async with connect("--user-id", "alice", env=account) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {action.name for action in ACTIONS} - CROSS_USER
        for tool in tools.values():
            assert "user_id" not in tool.input_schema["properties"]
            assert "user_id" not in tool.input_schema.get("required", ())

        async def call(name: str, **arguments: Any) -> dict[str, Any]:
            answer: dict[str, Any] = (await client.call_tool(name, arguments)).structured_content
            assert "painting" not in str(answer)
            return answer

        # The fixed user is filled in, and a null names no other user.
        assert (await call("add_memories", messages=[{"role": "user", "content": "I cook."}], infer=False))["success"]
        assert len((await call("get_memories", user_id=None))["ids"]) == 1
        # Neither another user nor another user's data can be named.
        other = await call("get_memories", user_id="bob")
        assert other["error"] == "invalid_input: user_id: is fixed and cannot be chosen; leave it out"
        assert other["memories"] == []
        for name, arguments in (
            ("get_memories", {"memory_id": memory_id}),
            ("get_memory_history", {"memory_id": memory_id}),
            ("delete_memory", {"memory_id": memory_id}),
            ("update_memory", {"memory_id": memory_id, "text": "mine now"}),
            ("get_event", {"event_id": event_id}),
        ):
            assert (await call(name, **arguments))["error"].startswith("not_found: "), name
        filtered = await call("search_memories", query="safe", filters={"OR": [{"user_id": "bob"}]})
        assert filtered["error"].startswith("invalid_input: filters.")
        for name in CROSS_USER:
            with pytest.raises(Exception, match="no tool"):
                await client.call_tool(name, {})


async def test_fixed_parameters_are_in_no_schema_and_in_every_call(connect: Connect, account: dict[str, str]) -> None:
    fixes = ("--fix", "user_id=alice", "--fix", "limit=1", "--fix", 'filters={"agent_id": "planner"}')
    async with connect(*fixes, env=account) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {
            action.name
            for action in ACTIONS
            if {"user_id", "limit", "filters"} <= set(action.input_schema["properties"])
            and action.name not in CROSS_USER
        }
        for tool in tools.values():
            assert not {"user_id", "limit", "filters"} & set(tool.input_schema["properties"])
        found = await client.call_tool("search_memories", {"query": "food"})
        assert found.structured_content["success"] is True
        refused = await client.call_tool("search_memories", {"query": "food", "limit": 2})
        assert (
            refused.structured_content["error"] == "invalid_input: limit: is fixed and cannot be chosen; leave it out"
        )


async def test_text_stays_text_where_a_parameter_takes_text(connect: Connect, account: dict[str, str]) -> None:
    async with connect(env=account) as anyone:
        for user_id in ("5", "true"):
            await anyone.call_tool(
                "add_memories", {"user_id": user_id, "messages": SECRET, "infer": False, "wait_for_completion": True}
            )
    for user_id in ("5", "true"):
        async with connect("--fix", f"user_id={user_id}", env=account) as client:
            listed = await client.call_tool("get_memories", {})
            assert [memory["user_id"] for memory in listed.structured_content["memories"]] == [user_id]


async def test_an_integration_without_a_declared_owner_fixes_by_name(
    connect: Connect, talkative: dict[str, str]
) -> None:
    async with connect("--integration", "talkative", "--fix", "text=hello", env=talkative) as client:
        assert [tool.input_schema["properties"] for tool in (await client.list_tools()).tools] == [{}, {}]
        said = await client.call_tool("say", {})
    assert said.structured_content["said"] == "hello"


def test_a_short_form_without_a_declared_owner_exits_2(
    talkative: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(talkative["PYTHONPATH"])
    ended = CliRunner().invoke(root, ["mcp", "--integration", "talkative", "--user-id", "alice"], terminal_width=200)
    assert ended.exit_code == 2, ended.output
    assert "talkative declares no owner parameter; fix the parameter by its name" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--actions", "serch_memories"), "no action 'serch_memories'; did you mean 'search_memories'?"),
        (("--actions", ","), "no action of mem0 is left to offer"),
        (("--actions", "delete_memory", "--read-only"), "delete_memory cannot be offered: it can change data"),
        (("--actions", "list_events", "--user-id", "alice"), "list_events cannot be offered: it reaches beyond one"),
        (
            ("--user-id", "*"),
            "user_id cannot be fixed for add_memories: must be a single id; `*` would reach everyone's",
        ),
        (("--user-id", "{{user_id}}"), "user_id cannot be fixed for add_memories: '{{user_id}}' is a template"),
        (("--user-id", " "), "user_id cannot be fixed to a blank text"),
        (("--user-id", "alice", "--fix", "user_id=bob"), "user_id cannot be fixed to two values"),
        (("--fix", "user_id"), "'user_id' is not of the form NAME=VALUE"),
        (("--fix", "=alice"), "'=alice' is not of the form NAME=VALUE"),
        (("--fix", "user_id="), "user_id cannot be fixed to a blank text"),
        (("--fix", "limit=1", "--fix", "limit=2"), "limit is given twice"),
        (("--fix", "usr_id=alice"), "no action of mem0 takes 'usr_id'; did you mean 'user_id'?"),
        (("--fix", "limit=many"), "limit cannot be fixed for search_memories: must be a valid integer"),
        (("--fix", "limit=0"), "limit cannot be fixed for search_memories: must be greater than or equal to 1"),
        (("--fix", "limit=5", "--actions", "add_memories"), "add_memories cannot be offered: it takes no limit"),
        (
            ("--fix", "user_id=alice", "--actions", "list_events"),
            "list_events cannot be offered: it reaches beyond one",
        ),
        (("--fix", "limit=5", "--fix", "text=x"), "no action of mem0 is left to offer"),
        (("--integration", "mem1"), "no integration 'mem1' is installed; did you mean 'mem0'?"),
        (("--http", "8000"), "'8000' is not of the form HOST:PORT"),
        (("--http", "::1:8000"), "'::1:8000' is not of the form HOST:PORT"),
        (("--http", "127.0.0.1:99999"), "is not of the form HOST:PORT"),
        (("--http", "0.0.0.0:8000"), "give --allow-non-loopback to allow that"),
        (("--http", "example.org:8000"), "give --allow-non-loopback to allow that"),
        (("--http", "[::]:8000"), "give --allow-non-loopback to allow that"),
        (("--credential-header", "api_key=X-Key"), "need --http"),
        (("--allow-non-loopback",), "need --http"),
        (("--http", "127.0.0.1:0", "--credential-header", "X-Key"), "'X-Key' is not of the form FIELD=HEADER"),
        (("--http", "127.0.0.1:0", "--credential-header", "api_kee=X-Key"), "'api_kee'; did you mean 'api_key'?"),
        (("--http", "127.0.0.1:0", "--credential-header", "api_key=X Key"), "'X Key' is not the name of a header"),
        (
            ("--http", "127.0.0.1:0", "--credential-header", "api_key=A", "--credential-header", "api_key=B"),
            "api_key is given twice",
        ),
        (("--http", "127.0.0.1:0", "--credential-header", "base_url=X-Url"), "name a header for api_key too"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_error_in_the_command_line_exits_2(arguments: tuple[str, ...], message: str) -> None:
    ended = CliRunner().invoke(root, ["mcp", *arguments], terminal_width=200)
    assert ended.exit_code == 2, ended.output
    assert message in ended.stderr
    assert ended.stdout == ""


def test_without_the_sdk_the_command_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("modulex_mem0.hosts.mcp")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("modulex_mem0.hosts.mcp", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    ended = CliRunner().invoke(root, ["mcp"])
    assert ended.exit_code == 1
    assert "pip install 'modulex-mem0[mcp]'" in ended.stderr
