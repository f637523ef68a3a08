"""What the pages of Langflow's MCP Tools and of Flowise say to start is the server that they describe."""

import json
import re
import shlex
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox

_PAGES = Path(__file__).parents[3] / "docs" / "hosts"
_COMMAND = re.compile(r"modulex-mem0 mcp --http (?P<address>\S+) (?P<options>.*)")
# Of Langflow's JSON, and of the table with the fields of Flowise's form.
_HEADERS = (re.compile(r'"headers": \{"(\S+)": "\{\{MEM0_API_KEY\}\}"\}'), re.compile(r"Header Key \| `(\S+)`"))


@pytest.mark.parametrize("page", ["langflow-mcp.md", "flowise.md"])
async def test_the_command_of_a_page_serves_what_the_page_says(
    page: str,
    serve: Callable[..., AbstractContextManager[Any]],
    connect_http: Callable[..., AbstractAsyncContextManager[Any]],
    sandbox: RunningSandbox,
) -> None:
    text = (_PAGES / page).read_text(encoding="utf-8")
    command = _COMMAND.search(text)
    assert command is not None
    assert f"http://{command['address']}/mcp" in text
    (header,) = [found[1] for pattern in _HEADERS if (found := pattern.search(text))]
    with serve(*shlex.split(command["options"]), env={"MEM0_BASE_URL": sandbox.base_url}) as server:
        async with connect_http(server.url, {header: sandbox.api_key}) as client:
            tools = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
            messages = [{"role": "user", "content": "I play chess on Sundays."}]
            await client.call_tool("add_memories", {"messages": messages})
            found = await client.call_tool("search_memories", {"query": "What do I play?"})
    assert f"{len(tools)} tools" in text
    assert set(tools["add_memories"]) == {"messages"}
    assert "query" in tools["search_memories"]
    assert "chess" in json.dumps(found.structured_content)


def test_the_messages_for_langflow_are_a_list_in_a_string() -> None:
    (written,) = re.findall(r"```json\n\s+(\".*\")\n", (_PAGES / "langflow-mcp.md").read_text(encoding="utf-8"))
    assert json.loads(json.loads(written)) == [{"role": "user", "content": "I play chess on Sundays."}]
