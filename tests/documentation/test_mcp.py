"""The configuration blocks and options of docs/hosts/mcp.md, used as a client uses them."""

import json
import re
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from mcp import Client, StdioServerParameters, stdio_client

PAGE = (Path(__file__).parents[2] / "docs" / "hosts" / "mcp.md").read_text(encoding="utf-8")
STARTED, CONNECTED = (
    json.loads(block)["mcpServers"]["memory"] for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
)


async def test_the_block_for_clients_that_start_the_server(account: dict[str, str], log: Any) -> None:
    assert set(STARTED["env"]) < set(account)
    command = Path(sys.executable).parent / STARTED["command"]
    parameters = StdioServerParameters(command=str(command), args=STARTED["args"], env=STARTED["env"] | account)
    with log.path.open("w") as errors:
        async with Client(stdio_client(parameters, errors)) as client:
            result = await client.call_tool("search_memories", {"query": "food"})
    assert not result.is_error


async def test_the_block_for_clients_that_connect(
    serve: Callable[..., AbstractContextManager[Any]],
    connect_http: Callable[..., AbstractAsyncContextManager[Any]],
    account: dict[str, str],
) -> None:
    [(arguments, header)] = re.findall(r"--http \S+ (--credential-header api_key=(\S+))\n", PAGE)
    headers = dict.fromkeys(CONNECTED["headers"], account["MEM0_API_KEY"])
    assert list(headers) == [header]
    with serve(*arguments.split(), env={"MEM0_BASE_URL": account["MEM0_BASE_URL"]}) as server:
        assert server.url.rpartition("/")[2] == CONNECTED["url"].rpartition("/")[2]
        async with connect_http(server.url, headers) as client:
            result = await client.call_tool("search_memories", {"user_id": "alice", "query": "food"})
    assert not result.is_error


def test_the_options_of_the_page_exist() -> None:
    from modulex_mem0.cli.commands.mcp import command

    options = {option for parameter in command.params for option in parameter.opts}
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE)) - {"--log-level"}
    assert named == options
