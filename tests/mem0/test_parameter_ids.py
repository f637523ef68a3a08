"""Ids: trimmed or refused before any request, since one is the privacy boundary and others become part of a path."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.helpers.kit import BY_NAME, Mem0, example_input, takes

SCOPES = [(name, action) for name in ("agent_id", "app_id", "run_id") for action in takes(name)]
NO_NAMES: list[Any] = ["", "   ", "\t\n", "*", " * ", "a\nb", "a\x00b", "a\x7f", None, 5, True, ["alice"], {"eq": "a"}]
NO_IDS: list[Any] = [
    "..", ".", "a/b", "a/../b", "%2e%2e", "%2F", "a b", " a", "a ", "", " ", "a?b", "a#b", "a\\b", "a\n", "ä", "*",
    "a" * 200, "-a", 5, True, ["a"], {"a": 1},
]  # fmt: skip


@pytest.mark.parametrize("user_id", NO_NAMES, ids=repr)
@pytest.mark.parametrize("action", [name for name in takes("user_id") if name != "get_event"])
async def test_a_user_id_that_names_nobody_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, user_id: object
) -> None:
    server.script(json_reply({}))
    assert "user_id: " in await scripted.refuses(action, **example_input(action, user_id=user_id))
    assert server.requests == []


@pytest.mark.parametrize("user_id", [name for name in NO_NAMES if name is not None], ids=repr)
async def test_an_optional_user_id_that_names_nobody_is_refused(
    scripted: Mem0, server: ScriptedServer, user_id: object
) -> None:
    server.script(json_reply({}))
    assert "user_id: " in await scripted.refuses("get_event", **example_input("get_event", user_id=user_id))
    assert server.requests == []


@pytest.mark.parametrize("value", ["", " ", "*", "a\nb", 5], ids=repr)
@pytest.mark.parametrize(("name", "action"), SCOPES)
async def test_a_narrower_scope_that_names_nothing_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, name: str, value: object
) -> None:
    server.script(json_reply({}))
    assert f"{name}: " in await scripted.refuses(action, **example_input(action, **{name: value}))
    assert server.requests == []


async def test_user_and_narrower_scopes_are_trimmed(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"results": []}))
    await scripted.ok("search_memories", user_id="  alice \n", agent_id=" planner ", query="x")
    assert server.requests[0].json()["filters"] == {"user_id": "alice", "agent_id": "planner"}


@pytest.mark.parametrize("user_id", ["alice@example.com", "user_123", "Åsa Öberg", "a/b", "../x", "**", "%2A", "张伟"])
async def test_a_user_id_may_hold_any_printable_characters(
    scripted: Mem0, server: ScriptedServer, user_id: str
) -> None:
    server.script(json_reply({"results": []}))
    await scripted.ok("search_memories", user_id=user_id, query="x")
    assert server.requests[0].json()["filters"] == {"user_id": user_id}


@pytest.mark.parametrize("memory_id", NO_IDS, ids=repr)
@pytest.mark.parametrize("action", takes("memory_id"))
async def test_only_a_plain_memory_id_becomes_a_part_of_a_path(
    scripted: Mem0, server: ScriptedServer, action: str, memory_id: object
) -> None:
    server.script(json_reply({}))
    assert "memory_id: " in await scripted.refuses(action, **example_input(action, memory_id=memory_id))
    assert server.requests == []


@pytest.mark.parametrize("event_id", [*NO_IDS, None], ids=repr)
async def test_only_a_plain_event_id_becomes_a_part_of_a_path(
    scripted: Mem0, server: ScriptedServer, event_id: object
) -> None:
    server.script(json_reply({}))
    assert "event_id: " in await scripted.refuses("get_event", event_id=event_id)
    assert server.requests == []


@pytest.mark.parametrize("memory_id", NO_IDS, ids=repr)
async def test_a_batch_names_the_id_that_is_none(scripted: Mem0, server: ScriptedServer, memory_id: object) -> None:
    server.script(json_reply({}))
    told = await scripted.refuses("batch_delete_memories", user_id="alice", memory_ids=["good", memory_id])
    assert told.startswith("memory_ids[1]: ")
    told = await scripted.refuses(
        "batch_update_memories", user_id="alice", memories=[{"memory_id": memory_id, "text": "x"}]
    )
    assert told.startswith("memories[0].memory_id: ")
    assert server.requests == []


@pytest.mark.parametrize(
    "entity_id",
    ["", " ", "*", ".", "..", "a/../b", "../users", "a/..", "..\\a", "a\\.\\b", "a\nb", None, 5],
    ids=repr,
)
async def test_an_entity_id_cannot_climb_out_of_its_path(
    scripted: Mem0, server: ScriptedServer, entity_id: object
) -> None:
    server.script(json_reply({}))
    told = await scripted.refuses("delete_entity", entity_type="user", entity_id=entity_id, confirm=True)
    assert told.startswith("entity_id: ")
    assert server.requests == []


@pytest.mark.parametrize(
    ("entity_id", "target"),
    [
        ("alice@example.com", "/v2/entities/user/alice%40example.com/"),
        ("a/b", "/v2/entities/user/a%2Fb/"),
        ("a..b", "/v2/entities/user/a..b/"),
        ("%2e%2e", "/v2/entities/user/%252e%252e/"),
        ("a?b#c", "/v2/entities/user/a%3Fb%23c/"),
        ("ä ö", "/v2/entities/user/%C3%A4%20%C3%B6/"),
    ],
)
async def test_an_entity_id_stays_one_segment_of_its_path(
    scripted: Mem0, server: ScriptedServer, entity_id: str, target: str
) -> None:
    server.script(json_reply({"message": "Delete in progress."}))
    await scripted.ok("delete_entity", entity_type="user", entity_id=entity_id, confirm=True)
    assert [request.target for request in server.requests] == [target]


@pytest.mark.parametrize("action", BY_NAME)
async def test_an_unknown_parameter_is_refused(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    server.script(json_reply({}))
    told = await scripted.refuses(action, **example_input(action, no_such_thing=1))
    assert told.startswith(f"no_such_thing: is not a parameter of {action}")
    assert server.requests == []


@pytest.mark.parametrize(
    ("action", "wrong", "right"),
    [
        ("search_memories", "user", "user_id"),
        ("search_memories", "limits", "limit"),
        ("get_memories", "memoryid", "memory_id"),
        ("get_memories", "startdate", "start_date"),
        ("add_memories", "message", "messages"),
        ("delete_memory", "memory", "memory_id"),
    ],
)
async def test_a_misspelt_parameter_gets_a_suggestion(scripted: Mem0, action: str, wrong: str, right: str) -> None:
    assert f"{right!r}" in await scripted.refuses(action, **example_input(action, **{wrong: "x"}))
