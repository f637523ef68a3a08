"""What is added for a user and an agent stays within reach of that user, and of no other."""

from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import BY_NAME, Mem0

# The sandbox stores what the assistant says under the agent alone, as Mem0 does.
TALK = [
    {"role": "user", "content": "I keep a zebra."},
    {"role": "assistant", "content": "I recommended the book of tea."},
]
BOTH = {"user_id": "alice", "agent_id": "planner"}
FACT = "I recommended the book of tea"


async def add(mem0: Mem0, user_id: str, fact: str = "I recommended the book of tea.", **more: Any) -> None:
    said = [TALK[0], {"role": "assistant", "content": fact}]
    await mem0.ok("add_memories", user_id=user_id, agent_id="planner", messages=said, wait_for_completion=True, **more)


async def stored_id(mem0: Mem0, user_id: str = "alice") -> str:
    listed = await mem0.ok("get_memories", user_id=user_id, agent_id="planner")
    (memory_id,) = [memory["id"] for memory in listed["memories"] if memory["user_id"] is None]
    return str(memory_id)


async def test_the_user_and_the_agent_find_what_was_added_for_both(mem0: Mem0) -> None:
    await add(mem0, "alice", metadata={"source": "chat"})
    listed = await mem0.ok("get_memories", **BOTH)
    everything = await mem0.ok("get_memories", **BOTH, return_all=True)
    found = await mem0.ok("search_memories", **BOTH, query="book of tea")
    for memories in (listed["memories"], everything["memories"], found["search_results"]):
        (memory,) = memories
        assert (memory["memory"], memory["user_id"], memory["agent_id"]) == (FACT, None, "planner")
        assert memory["metadata"] == {"source": "chat", "for_user_id": "alice"}
    assert FACT in str(await mem0.ok("summarize_memories", **BOTH))
    # What the user said is the user's.
    assert await mem0.texts("alice") == {"I keep a zebra"}


async def test_without_inference_a_message_belongs_to_both(mem0: Mem0) -> None:
    await mem0.ok("add_memories", **BOTH, messages="I like tea.", infer=False)
    (memory,) = (await mem0.ok("get_memories", **BOTH))["memories"]
    assert (memory["user_id"], memory["agent_id"]) == ("alice", "planner")
    assert await mem0.texts("alice") == {"I like tea."}


async def test_by_id_it_is_read_changed_and_deleted(mem0: Mem0) -> None:
    await add(mem0, "alice")
    mine = {"user_id": "alice", "memory_id": await stored_id(mem0)}
    assert (await mem0.ok("get_memory", **mine))["memory"]["memory"] == FACT
    assert (await mem0.ok("get_memories", **mine))["ids"] == [mine["memory_id"]]
    changed = await mem0.ok("update_memory", **mine, text="I recommended tea.", metadata={"a": 1})
    assert changed["memory"]["metadata"] == {"a": 1, "for_user_id": "alice"}
    change = {"memory_id": mine["memory_id"], "metadata": {"a": 2}}
    await mem0.ok("batch_update_memories", user_id="alice", memories=[change])
    assert (await mem0.ok("get_memory", **mine))["memory"]["metadata"] == {"a": 2, "for_user_id": "alice"}
    await mem0.ok("submit_feedback", **mine, feedback="POSITIVE")
    await mem0.ok("delete_memory", **mine)
    history = (await mem0.ok("get_memory_history", **mine))["history"]
    assert [entry["event"] for entry in history] == ["ADD", "UPDATE", "UPDATE", "DELETE"]
    assert (await mem0.ok("get_memories", **BOTH))["memories"] == []


async def test_deletes_of_the_user_and_the_agent_reach_it(mem0: Mem0) -> None:
    await add(mem0, "alice")
    await add(mem0, "bob", "I recommended the book of gin.")
    assert (await mem0.ok("delete_memories", **BOTH, dry_run=True))["matched"] == 1
    assert (await mem0.ok("delete_memories", **BOTH, confirm=True))["deleted"] == 1
    assert (await mem0.ok("get_memories", **BOTH))["memories"] == []
    assert len((await mem0.ok("get_memories", user_id="bob", agent_id="planner"))["memories"]) == 1
    assert await mem0.texts("alice") == {"I keep a zebra"}
    await add(mem0, "alice")
    memory_id = await stored_id(mem0)
    assert (await mem0.ok("batch_delete_memories", user_id="alice", memory_ids=[memory_id]))["deleted"] == 1


async def test_everything_of_a_user_leaves_what_is_stored_for_an_agent_alone_as_its_description_says(
    mem0: Mem0,
) -> None:
    await add(mem0, "alice")
    deleted = await mem0.ok("delete_memories", user_id="alice", confirm=True, everything=True)
    await mem0.ok("get_event", event_id=deleted["event_id"], wait=True)
    assert await mem0.texts("alice") == set()
    assert [memory["memory"] for memory in (await mem0.ok("get_memories", **BOTH))["memories"]] == [FACT]
    described = BY_NAME["delete_memories"].describe().input_schema["properties"]["everything"]["description"]
    assert "stored for an agent alone" in described
    assert (await mem0.ok("delete_memories", **BOTH, confirm=True))["deleted"] == 1


def add_for_the_agent_alone(sandbox: RunningSandbox) -> None:
    """As the service's own clients can, for no user."""
    with httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers) as service:
        body = {"agent_id": "planner", "messages": [{"role": "user", "content": "I plan trips."}], "infer": False}
        service.post("/v3/memories/add/", json=body).raise_for_status()


async def test_it_is_out_of_reach_of_others(mem0: Mem0, sandbox: RunningSandbox) -> None:
    await add(mem0, "bob")
    add_for_the_agent_alone(sandbox)
    bobs = await stored_id(mem0, "bob")
    for more in ({}, {"filters": {"agent_id": "planner"}}, {"filters": {"metadata": {"for_user_id": "bob"}}}):
        assert (await mem0.ok("get_memories", **BOTH, **more))["memories"] == []
        assert (await mem0.ok("search_memories", **BOTH, query="tea", threshold=0, **more))["ids"] == []
        assert "tea" not in str((await mem0.ok("summarize_memories", **BOTH, **more))["items"])
    assert (await mem0.ok("delete_memories", **BOTH, confirm=True))["deleted"] == 0
    mine = {"user_id": "alice", "memory_id": bobs}
    for action, change in (
        ("get_memory", {}),
        ("get_memories", {}),
        ("update_memory", {"text": "x"}),
        ("delete_memory", {}),
        ("get_memory_history", {}),
        ("submit_feedback", {"feedback": "POSITIVE"}),
    ):
        assert (await mem0.fails(action, **mine, **change)).code == "not_found", action
    assert (await mem0.fails("batch_delete_memories", user_id="alice", memory_ids=[bobs])).code == "not_found"
    assert (await mem0.ok("get_memory", user_id="bob", memory_id=bobs))["memory"]["memory"] == FACT


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("add_memories", {"messages": "I like gin."}),
        ("add_memories", {"messages": "I like gin.", "agent_id": "planner"}),
        ("update_memory", {"memory_id": "m-1"}),
    ],
)
async def test_nobody_writes_a_memory_for_another_user(
    scripted: Mem0, server: ScriptedServer, action: str, more: dict[str, Any]
) -> None:
    server.script(json_reply({"id": "m-1", "user_id": "alice", "status": "PENDING"}))
    for forged in ("bob", ["bob"], None, {"in": ["alice", "bob"]}):
        message = await scripted.refuses(action, user_id="alice", metadata={"for_user_id": forged}, **more)
        assert message.startswith("metadata.for_user_id: ")
    change = {"memory_id": "m-1", "metadata": {"for_user_id": "bob"}}
    message = await scripted.refuses("batch_update_memories", user_id="alice", memories=[change])
    assert message.startswith("memories[0].metadata.for_user_id: ")
    assert server.requests == []
    # A memory's metadata may come back as it was read.
    await scripted.ok(action, user_id="alice", metadata={"for_user_id": "alice"}, **more)


async def test_what_the_service_lists_beyond_the_tag_is_left_out(scripted: Mem0, server: ScriptedServer) -> None:
    # As if the service had ignored the filter.
    agents = {"memory": "x", "agent_id": "planner", "user_id": None}
    listed = [
        {"id": "mine", **agents, "metadata": {"for_user_id": "alice"}},
        {"id": "bobs", **agents, "metadata": {"for_user_id": "bob"}},
        {"id": "nobodys", **agents, "metadata": None},
        {"id": "list", **agents, "metadata": {"for_user_id": ["alice"]}},
        {"id": "bobs-own", **agents, "user_id": "bob", "metadata": {"for_user_id": "alice"}},
    ]
    server.script(json_reply({"results": listed, "count": 5, "next": None}))
    assert (await scripted.ok("get_memories", **BOTH))["ids"] == ["mine"]
    assert (await scripted.ok("search_memories", **BOTH, query="x"))["ids"] == ["mine"]
    await scripted.ok("delete_memories", **BOTH, confirm=True)
    assert server.requests[-1].json() == {"memories": [{"memory_id": "mine"}]}
