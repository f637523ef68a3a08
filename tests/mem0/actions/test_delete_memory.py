"""Deleting one memory."""

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply, reset
from tests.mem0.client import Mem0

MINE = json_reply({"id": "m-1", "user_id": "alice"})
GONE = json_reply({"error": "Memory not found!"}, 404)


async def test_one_memory_is_forgotten_and_the_others_stay(mem0: Mem0) -> None:
    tea, _ = await mem0.remember("alice", "I like tea.", "I like coffee.")
    output = await mem0.ok("delete_memory", user_id="alice", memory_id=tea)
    assert (output["message"], output["cascade_count"]) == ("Memory deleted successfully!", None)
    assert await mem0.texts("alice") == {"I like coffee."}


async def test_linked_memories_go_with_it_only_if_asked(mem0: Mem0) -> None:
    await mem0.ok("add_memories", user_id="alice", messages="I like tea. I like coffee. I like milk.")
    first, second, _ = (memory["id"] for memory in await mem0.memories("alice"))
    await mem0.ok("delete_memory", user_id="alice", memory_id=first)
    assert len(await mem0.memories("alice")) == 2
    output = await mem0.ok("delete_memory", user_id="alice", memory_id=second, delete_linked=True)
    assert output["cascade_count"] == 1
    assert await mem0.memories("alice") == []


@pytest.mark.parametrize(
    ("linked", "query"), [(False, ""), (True, "?delete_linked=true"), ("true", "?delete_linked=true")]
)
async def test_the_requests_are_a_check_and_a_delete(
    scripted: Mem0, server: ScriptedServer, linked: object, query: str
) -> None:
    server.script(MINE, json_reply({"message": "Memory deleted successfully!", "cascade_count": 2}))
    output = await scripted.ok("delete_memory", user_id="alice", memory_id="m-1", delete_linked=linked)
    assert output["cascade_count"] == 2
    sent = [(request.method, request.target) for request in server.requests]
    assert sent == [("GET", "/v1/memories/m-1/"), ("DELETE", f"/v1/memories/m-1/{query}")]


async def test_a_delete_whose_answer_was_lost_is_repeated_and_succeeds(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(MINE, reset, GONE)
    assert (await scripted.ok("delete_memory", user_id="alice", memory_id="m-1"))["message"] == "The memory is deleted."
    assert [request.method for request in server.requests] == ["GET", "DELETE", "DELETE"]


async def test_a_delete_that_always_fails_is_a_failure(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(MINE, reply(500))
    error = await scripted.fails("delete_memory", user_id="alice", memory_id="m-1")
    assert (error.code, error.retryable) == ("service_error", True)


async def test_what_was_never_there_is_not_found(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(GONE)
    assert (await scripted.fails("delete_memory", user_id="alice", memory_id="m-1")).code == "not_found"
    assert [request.method for request in server.requests] == ["GET"]


async def test_another_users_memory_is_not_found_and_stays(mem0: Mem0) -> None:
    (theirs,) = await mem0.remember("bob", "I like gin.")
    for linked in (False, True):
        error = await mem0.fails("delete_memory", user_id="alice", memory_id=theirs, delete_linked=linked)
        assert error.code == "not_found"
    assert await mem0.texts("bob") == {"I like gin."}
