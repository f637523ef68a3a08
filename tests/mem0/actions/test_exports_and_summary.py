"""All of a user's memories at once: exports in the form of a schema, and a summary."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0

SCHEMA = {"type": "object", "properties": {"diet": {"type": "string"}}}


async def test_an_export_is_created_and_fetched(mem0: Mem0) -> None:
    await mem0.remember("alice", "I am a vegan.")
    created = await mem0.ok("create_memory_export", user_id="alice", export_schema=SCHEMA)
    assert created["export_id"]
    fetched = await mem0.ok("get_memory_export", user_id="alice")
    assert "I am a vegan." in str(fetched["export"])


async def test_without_an_export_there_is_none_to_fetch(mem0: Mem0) -> None:
    assert (await mem0.fails("get_memory_export", user_id="alice")).code == "not_found"


async def test_exports_hold_the_users_own_memories_only(mem0: Mem0) -> None:
    await mem0.remember("alice", "I am a vegan.")
    await mem0.remember("bob", "I like gin.")
    await mem0.ok("create_memory_export", user_id="bob", export_schema=SCHEMA)
    assert (await mem0.fails("get_memory_export", user_id="alice")).code == "not_found"
    await mem0.ok("create_memory_export", user_id="alice", export_schema=SCHEMA)
    await mem0.ok("create_memory_export", user_id="bob", export_schema=SCHEMA)
    assert "gin" not in str((await mem0.ok("get_memory_export", user_id="alice"))["export"])


async def test_the_requests_name_the_user_and_the_scopes(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"id": "x-1", "message": "Received."}))
    own = {"user_id": "alice", "agent_id": "planner", "app_id": "chef", "run_id": "r-1"}
    narrower = {name: value for name, value in own.items() if name != "user_id"}
    either = {"OR": [{"user_id": "alice"}, {"metadata": {"for_user_id": "alice"}}]}
    await scripted.ok("create_memory_export", **own, export_schema='{"type": "object"}')
    await scripted.ok("get_memory_export", **own)
    await scripted.ok("summarize_memories", **own)
    await scripted.ok("summarize_memories", user_id="alice", filters={"NOT": [{"app_id": "old"}]})
    assert [(request.method, request.target, request.json()) for request in server.requests] == [
        ("POST", "/v1/exports/", {"schema": {"type": "object"}, "filters": {"AND": [own]}}),
        ("POST", "/v1/exports/get/", {"filters": own}),
        ("POST", "/v1/summary/", {"filters": {"AND": [either, narrower]}}),
        ("POST", "/v1/summary/", {"filters": {"AND": [{"user_id": "alice"}, {"NOT": [{"app_id": "old"}]}]}}),
    ]


@pytest.mark.parametrize("schema", [{}, None, "x", "[]", "{", 5, ["type"]], ids=repr)
async def test_an_unusable_schema_is_refused(scripted: Mem0, server: ScriptedServer, schema: object) -> None:
    server.script(json_reply({"id": "x-1"}))
    message = await scripted.refuses("create_memory_export", user_id="alice", export_schema=schema)
    assert message.startswith("export_schema")
    assert server.requests == []


async def test_an_export_without_an_id_is_a_bad_response(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"message": "Received."}))
    error = await scripted.fails("create_memory_export", user_id="alice", export_schema=SCHEMA)
    assert error.code == "bad_response"


async def test_a_summary_is_of_the_users_own_memories(mem0: Mem0) -> None:
    await mem0.remember("alice", "I am a vegan.", "I hike.")
    await mem0.remember("bob", "I like gin.")
    output = await mem0.ok("summarize_memories", user_id="alice")
    assert "I am a vegan" in output["summary"]
    assert "I hike" in output["summary"]
    assert "gin" not in str(output)


async def test_nothing_to_summarize_is_a_success(mem0: Mem0) -> None:
    output = await mem0.ok("summarize_memories", user_id="alice")
    assert (output["summary"], output["items"]) == (None, [])


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        ([{"summary": "One."}, {"memory": "Two."}, {"text": "Three."}], "One.\nTwo.\nThree."),
        (["One.", "Two."], "One.\nTwo."),
        ({"summary": "One."}, "One."),
        ([{"summary": None}, {"n": 1}], None),
        ([None, True, []], None),
        ([{"memory": "Mine.", "user_id": "alice"}, {"memory": "Secret.", "user_id": "bob"}], "Mine."),
    ],
    ids=str,
)
async def test_a_summary_is_read_in_every_form(
    scripted: Mem0, server: ScriptedServer, body: Any, summary: str | None
) -> None:
    server.script(json_reply(body))
    output = await scripted.ok("summarize_memories", user_id="alice")
    assert output["summary"] == summary
    assert "Secret" not in str(output)
