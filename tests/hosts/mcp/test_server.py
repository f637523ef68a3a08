"""The server in the process of its client: protocol errors, and the instructions for an agent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from modulex_mem0.contract import Action, Context
from modulex_mem0.hosts import ToolSet
from modulex_mem0.runtime import Runtime
from tests.helpers.tiny_integration import KEY, fetch, plugin

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from mcp import Client, MCPError

from modulex_mem0.hosts.mcp import build_server


@asynccontextmanager
async def connected(runtime: Runtime, integration: str = "mem0", **limits: Any) -> AsyncIterator[Any]:
    async with Client(build_server(ToolSet(runtime, integration, **limits))) as client:
        yield client


async def test_an_unknown_tool_is_a_protocol_error_with_the_nearest_name() -> None:
    async with Runtime() as runtime, connected(runtime) as client:
        with pytest.raises(MCPError, match="no tool 'serch_memories'; did you mean 'search_memories'"):
            await client.call_tool("serch_memories", {})


async def test_a_defect_of_an_integration_is_a_protocol_error_and_the_server_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_API_KEY", KEY)

    async def handler(context: Context, input: dict[str, Any]) -> dict[str, Any]:
        return {"success": True, "error": None}

    output = {"type": "object", "properties": {"success": {"type": "boolean"}, "error": {"type": ["string", "null"]}}}
    broken = {"type": "object", "properties": {"it": {"$ref": "#/$defs/Nothing"}}}
    act, fine = (
        Action(name=name, title="Act", description="Acts.", input=schema, output=output, handler=handler)
        for name, schema in (("act", broken), ("fine", {"type": "object"}))
    )
    async with Runtime(plugins=[plugin(act, fine)]) as runtime, connected(runtime, "tiny") as client:
        with pytest.raises(MCPError, match="the schemas of act of integration 'tiny' cannot be used"):
            await client.call_tool("act", {"it": 1})
        assert (await client.call_tool("fine", {})).structured_content["success"] is True
    # Whoever runs the server learns of it too.
    assert "the schemas of act" in caplog.text


async def test_the_instructions_say_what_is_fixed_and_how_to_begin() -> None:
    async with Runtime(plugins=[plugin(fetch)]) as runtime:
        async with connected(runtime, owner="alice") as client:
            whole = client.instructions
        async with connected(runtime, actions=["add_memories"], fixed={"agent_id": "planner"}) as client:
            adding = client.instructions
        async with connected(runtime, "tiny", actions=[]) as client:
            nothing = client.instructions
    assert 'user_id is fixed: every call is for "alice". Leave it out.' in whole
    assert "look up what is known with search_memories or get_memories" in whole
    # Only the owner's value is shown.
    assert "agent_id is fixed: every call is for the value that the operator chose. Leave it out." in adding
    assert "planner" not in adding
    assert "look up" not in adding
    assert not nothing
