"""The changes of a memory."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0

NOBODYS = {"memory_id": "m-1"}
ALICES = {**NOBODYS, "user_id": "alice"}


async def test_every_change_is_listed_in_order(mem0: Mem0) -> None:
    await mem0.ok("add_memories", user_id="alice", messages="I eat fish.", metadata={"source": "chat"})
    (memory_id,) = [memory["id"] for memory in await mem0.memories("alice")]
    mine = {"user_id": "alice", "memory_id": memory_id}
    await mem0.ok("update_memory", **mine, text="I am a vegan.")
    await mem0.ok("delete_memory", **mine)
    history = (await mem0.ok("get_memory_history", **mine))["history"]
    assert [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in history] == [
        ("ADD", None, "I eat fish"),
        ("UPDATE", "I eat fish", "I am a vegan."),
        ("DELETE", "I am a vegan.", ""),
    ]
    assert {entry["memory_id"] for entry in history} == {memory_id}
    assert history[0]["input"] == [{"role": "user", "content": "I eat fish."}]


async def test_another_users_history_is_not_found(mem0: Mem0) -> None:
    (theirs,) = await mem0.remember("bob", "I like gin.")
    unknown = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
    errors = [await mem0.fails("get_memory_history", user_id="alice", memory_id=i) for i in (theirs, unknown)]
    assert {error.code for error in errors} == {"not_found"}
    assert not [error for error in errors if "gin" in error.message]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ([{"id": "h-1", **ALICES}, {"id": "h-2", **ALICES, "user_id": "bob"}, {"id": "h-3", **NOBODYS}], ["h-1"]),
        ({"results": [{"id": 1, **ALICES, "input": "text", "categories": None}]}, ["1"]),
        ([{"id": "h-1", **ALICES, "input": [None, {"role": 5}], "metadata": "x"}], ["h-1"]),
    ],
    ids=["others", "envelope", "odd-types"],
)
async def test_only_the_users_own_entries_are_returned(
    scripted: Mem0, server: ScriptedServer, body: Any, kept: list[str]
) -> None:
    server.script(json_reply(body))
    output = await scripted.ok("get_memory_history", user_id="alice", memory_id="m-1")
    assert [entry["id"] for entry in output["history"]] == kept


@pytest.mark.parametrize("body", [{}, {"results": {}}, [None], ["x"], "x", 5], ids=str)
async def test_a_reply_without_a_list_is_a_bad_response(scripted: Mem0, server: ScriptedServer, body: Any) -> None:
    server.script(json_reply(body))
    assert (await scripted.fails("get_memory_history", user_id="alice", memory_id="m-1")).code == "bad_response"


async def test_an_empty_history_is_not_found(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply([]))
    assert (await scripted.fails("get_memory_history", user_id="alice", memory_id="m-1")).code == "not_found"
    assert [(r.method, r.target) for r in server.requests] == [("GET", "/v1/memories/m-1/history/")]
