"""The pages of hosts without code of ours: what they say to import or to paste reaches a real server."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.conftest import TOKEN, Console

_PAGES = Path(__file__).parents[2] / "docs" / "hosts"


def _block(page: str) -> Any:
    (block,) = re.findall(r"```json\n(.*?)```", (_PAGES / page).read_text(encoding="utf-8"), re.DOTALL)
    return json.loads(block)


def test_the_flow_for_node_red_adds_and_searches(console: Console, client: httpx.Client) -> None:
    flow = {node["id"]: node for node in _block("node-red.md")}
    assert not any("credentials" in node for node in flow.values())
    replies = []
    for start in [node for node in flow.values() if node["type"] == "inject"]:
        request = flow[start["wires"][0][0]]
        assert (request["method"], request["authType"], request["ret"]) == ("POST", "bearer", "obj")
        url = request["url"].replace("http://127.0.0.1:8650", console.url)
        replies.append(client.post(url, json=json.loads(start["payload"])).json())
    assert [reply["success"] for reply in replies] == [True, True]
    assert "search_results" in replies[1]
    shown = {node["complete"] for node in flow.values() if node["type"] == "debug"}
    assert shown == {"payload", "payload.search_results", "payload.error"}


def test_the_server_to_paste_into_flowise_answers_over_mcp(console: Console) -> None:
    pytest.importorskip("mcp", reason="mcp is not installed")
    server = _block("flowise.md")
    headers = {name: value.replace("{{$vars.MODULEX_TOKEN}}", TOKEN) for name, value in server["headers"].items()}
    url = server["url"].replace("http://127.0.0.1:8650", console.url)
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    reply = httpx.post(url, json=body, headers=headers | {"Accept": "application/json"}, trust_env=False)
    names = {tool["name"] for tool in reply.json()["result"]["tools"]}
    assert {"add_memories", "search_memories"} <= names


def test_every_page_of_a_host_is_found_from_the_first_one_and_in_the_menu() -> None:
    index = (_PAGES / "index.md").read_text(encoding="utf-8")
    menu = (_PAGES.parents[1] / "mkdocs.yml").read_text(encoding="utf-8")
    for page in _PAGES.glob("*.md"):
        if page.name != "index.md":
            assert f"({page.name})" in index, page.name
            assert f"hosts/{page.name}" in menu, page.name
