"""One memory in full."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0, data

MINE = {"id": "m-1", "user_id": "alice", "memory": "I like tea."}


async def test_a_memory_comes_with_its_expiration_date(mem0: Mem0) -> None:
    (memory_id,) = await mem0.remember(
        "alice", "I like tea.", expiration_date="2999-12-31", metadata={"source": "chat"}, run_id="r-1"
    )
    memory = (await mem0.ok("get_memory", user_id="alice", memory_id=memory_id))["memory"]
    assert (memory["id"], memory["memory"], memory["expiration_date"]) == (memory_id, "I like tea.", "2999-12-31")
    assert (memory["run_id"], memory["metadata"]) == ("r-1", {"source": "chat"})
    assert memory["created_at"].endswith("Z")


async def test_another_users_memory_and_an_unknown_one_are_not_found(mem0: Mem0) -> None:
    (theirs,) = await mem0.remember("bob", "I like gin.")
    for memory_id in (theirs, "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"):
        error = await mem0.fails("get_memory", user_id="alice", memory_id=memory_id)
        assert error.code == "not_found"
        assert "gin" not in error.message


async def test_every_documented_field_is_returned_and_others_too(scripted: Mem0, server: ScriptedServer) -> None:
    paths = data("mem0-openapi.json")["paths"]
    reply = paths["/v1/memories/{memory_id}/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    sent: dict[str, Any] = {
        name: {"string": "2030-01-01", "boolean": True, "array": ["food"], "object": {"year": 2030}}[shown["type"]]
        for name, shown in reply["properties"].items()
    }
    sent |= {"id": "m-1", "user_id": "alice", "links": ["m-2"], "score": 0.5}
    server.script(json_reply(sent))
    memory = (await scripted.ok("get_memory", user_id="alice", memory_id="m-1"))["memory"]
    assert memory["other"] == {"links": ["m-2"], "score": 0.5}
    for name, value in sent.items():
        read = memory["run_id"] if name == "session_id" else memory.get(name, memory["other"].get(name))
        assert read == value, name


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-01-15T10:30:00Z", "2026-01-15T10:30:00Z"),
        ("2026-01-15T10:30:00.123456-07:00", "2026-01-15T17:30:00.123456Z"),
        ("2026-01-15T10:30:00", "2026-01-15T10:30:00Z"),
        ("yesterday", "yesterday"),
        ("2026-01-15", "2026-01-15"),
        (1735689599, "1735689599"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        (None, None),
        (["x"], None),
    ],
)
async def test_times_are_in_utc(scripted: Mem0, server: ScriptedServer, sent: object, read: str | None) -> None:
    server.script(json_reply({**MINE, "created_at": sent}))
    assert (await scripted.ok("get_memory", user_id="alice", memory_id="m-1"))["memory"]["created_at"] == read


@pytest.mark.parametrize(
    "odd", [{"metadata": "x"}, {"synthesized": "yes"}, {"categories": None}, {"structured_attributes": [1]}], ids=str
)
async def test_a_field_of_another_type_does_not_raise(
    scripted: Mem0, server: ScriptedServer, odd: dict[str, Any]
) -> None:
    server.script(json_reply({**MINE, **odd}))
    memory = (await scripted.ok("get_memory", user_id="alice", memory_id="m-1"))["memory"]
    assert not memory[next(iter(odd))]
