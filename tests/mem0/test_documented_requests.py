"""The three documented actions, called with their documented parameters alone, send what they always sent."""

import json
from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.helpers.data import data
from tests.mem0.helpers.kit import KEY, Mem0

CASES = data("documented_requests.json")
REPLIES: dict[str, Any] = {
    "/v3/memories/add/": {"status": "PENDING", "event_id": "e-1"},
    "/v3/memories/search/": {"results": []},
    "/v3/memories/": {"count": 0, "next": None, "previous": None, "results": []},
    "/v1/memories/mem_abc123/": {"id": "mem_abc123", "user_id": "alice"},
}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
async def test_the_request_is_the_recorded_one(scripted: Mem0, server: ScriptedServer, case: dict[str, Any]) -> None:
    server.script(json_reply(REPLIES[case["target"]]))
    await scripted.ok(case["action"], **case["input"])
    (request,) = server.requests
    assert (request.method, request.target) == (case["method"], case["target"])
    assert request.headers["authorization"] == f"Token {KEY}"
    if case["body"] is None:
        assert request.body == b""
    else:
        assert json.loads(request.body) == case["body"]
        assert request.headers["content-type"] == "application/json"


async def test_a_base_url_with_a_slash_at_its_end_leads_to_the_same_place(
    scripted: Mem0, server: ScriptedServer
) -> None:
    server.script(json_reply({"results": []}))
    scripted.credential["base_url"] = f"{server.url}/"
    await scripted.ok("search_memories", user_id="alice", query="food")
    assert server.requests[0].target == "/v3/memories/search/"


async def test_values_at_their_defaults_send_the_same_as_left_out(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"status": "PENDING", "results": [], "count": 0}))
    await scripted.ok("add_memories", user_id="alice", messages="Hi", infer=True, wait_for_completion=False)
    await scripted.ok("search_memories", user_id="alice", query="x", limit=10, rerank=False, filters=None)
    await scripted.ok("get_memories", user_id="alice", page=1, return_all=False, agent_id=None)
    assert [request.json() for request in server.requests] == [
        {"messages": [{"role": "user", "content": "Hi"}], "user_id": "alice"},
        {"query": "x", "filters": {"user_id": "alice"}, "top_k": 10},
        {"filters": {"user_id": "alice"}, "page": 1, "page_size": 10},
    ]
