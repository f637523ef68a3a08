"""Mem0's MCP server, as a process of its own over stdio. It has Mem0's address built in."""

import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mem0_mcp_server", reason="mem0-mcp-server is not installed here: scripts/test-elsewhere runs it")

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from modulex_mem0.sandbox import RunningSandbox

Use = Callable[..., Awaitable[Any]]
USER = {"user_id": "alice"}


@asynccontextmanager
async def _server(environment: dict[str, str], folder: Path) -> AsyncIterator[Use]:
    """A session with the server; each use of a tool returns its text, parsed."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "mem0_mcp_server.server"],
        cwd=folder,
        env={**environment, "PYTHONPATH": os.environ["PYTHONPATH"], "MEM0_TELEMETRY": "False", "MEM0_DIR": str(folder)},
    )
    with (folder / "log").open("w") as log:
        async with stdio_client(command, errlog=log) as streams, ClientSession(*streams) as session:
            await session.initialize()

            async def use(tool: str, **given: Any) -> Any:
                result: Any = await session.call_tool(tool, given)  # of MCP's library 1, as the server needs it
                [content] = result.content
                return content.text if result.isError else json.loads(content.text)

            use.tools = [tool.name for tool in (await session.list_tools()).tools]  # type: ignore[attr-defined]
            yield use


async def test_every_tool_does_its_work(built_in_address: dict[str, str], tmp_path: Path) -> None:
    environment = {**built_in_address, "MEM0_DEFAULT_USER_ID": "alice"}
    async with _server(environment, tmp_path) as use:
        assert sorted(use.tools) == [  # type: ignore[attr-defined]
            "add_memory", "delete_all_memories", "delete_entities", "delete_memory", "get_memories", "get_memory",
            "list_entities", "search_memories", "update_memory",
        ]  # fmt: skip
        await use("add_memory", text="I love hiking in the Alps.", metadata={"topic": "outdoors"})
        said = [{"role": "user", "content": "I drink tea."}]
        await use("add_memory", text="-", messages=said, user_id="bob", run_id="trip")
        page = await use("get_memories", page=1, page_size=5)
        [record] = page["results"]
        assert (page["count"], record["memory"], record["metadata"]) == (
            1, "I love hiking in the Alps", {"topic": "outdoors"},
        )  # fmt: skip
        found = await use("search_memories", query="hiking", filters={"created_at": {"gte": "2024-01-01"}}, limit=1)
        assert [one["id"] for one in found["results"]] == [record["id"]]
        others = await use("search_memories", query="tea", filters={"AND": [{"user_id": "bob"}, {"run_id": "trip"}]})
        assert [one["memory"] for one in others["results"]] == ["I drink tea"]
        assert (await use("update_memory", memory_id=record["id"], text="I love skiing"))["memory"] == "I love skiing"
        assert (await use("get_memory", memory_id=record["id"]))["memory"] == "I love skiing"
        entities = await use("list_entities")
        assert {one["name"] for one in entities["results"] if one["type"] == "user"} == {"alice", "bob"}
        assert "deleted" in (await use("delete_memory", memory_id=record["id"]))["message"]
        await use("delete_all_memories", user_id="bob", run_id="trip")
        assert (await use("get_memories", filters={"user_id": "bob"}))["results"] == []
        await use("add_memory", text="I am a robot.", agent_id="bot")
        await use("delete_entities", agent_id="bot")
        assert "bot" not in [one["name"] for one in (await use("list_entities"))["results"]]


async def test_failures_reach_the_model(
    built_in_address: dict[str, str], sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with _server(built_in_address, tmp_path) as use:
        assert (
            "not found" in (await use("get_memory", memory_id="00000000-0000-4000-8000-000000000000"))["error"].lower()
        )
        sandbox.set_faults({"path": "*/memories/search/", "status": 429, "body": {"detail": "Slow down."}})
        assert "Slow down" in (await use("search_memories", query="tea"))["error"]
