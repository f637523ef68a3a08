"""Empty fields: outside deletes they were left out, and nothing empty ever deletes, clears or widens a delete."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import BY_NAME, NAMES, Mem0, example_input

BLANKS: list[Any] = ["", "  ", "\t\n", {}, [], "{}", "[]", ' "" ', '"{}"', [""], [None, " "], "{ }", "[\n]", '[""]']
DELETES = ("delete_memories", "delete_memory", "delete_entity", "batch_delete_memories")


def optional(action: str) -> list[str]:
    schema = BY_NAME[action].describe().input_schema
    return [name for name in schema["properties"] if name not in schema.get("required", ())]


OUTSIDE = [(action, name) for action in NAMES if action not in DELETES for name in optional(action)]
# What a change needs beside the blank.
EVERY: dict[str, Any] = {
    "id": example_input("update_memory")["memory_id"], "user_id": "alice", "status": "ok", "event_id": "e-1",
    "results": [], "payload": {"user_id": "alice"}, "memory_id": example_input("update_memory")["memory_id"],
}  # fmt: skip


@pytest.mark.parametrize(("action", "name"), OUTSIDE)
async def test_outside_deletes_a_blank_was_left_out(
    scripted: Mem0, server: ScriptedServer, action: str, name: str
) -> None:
    reply = (
        [EVERY]
        if action == "get_memory_history"
        else {**EVERY, "id": example_input(action).get("event_id", EVERY["id"])}
    )
    given = {key: value for key, value in example_input(action).items() if key != name}
    if action == "update_memory" and name == "text":
        given["metadata"] = {"a": 1}
    server.script(json_reply(reply))
    await scripted.ok(action, **given)
    without = [(request.method, request.target, request.body) for request in server.requests]
    for blank in [None, *BLANKS]:
        server.script(json_reply(reply))
        await scripted.ok(action, **given, **{name: blank})
        assert [(request.method, request.target, request.body) for request in server.requests] == without, blank


@pytest.mark.parametrize("blank", BLANKS, ids=repr)
@pytest.mark.parametrize("action", NAMES)
async def test_a_blank_for_a_required_parameter_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, blank: object
) -> None:
    server.script(json_reply(EVERY))
    for name in BY_NAME[action].describe().input_schema.get("required", ()):
        if name == "query" and isinstance(blank, str) and blank.strip():
            # One may search for brackets.
            continue
        assert name in await scripted.refuses(action, **example_input(action, **{name: blank}))
    assert server.requests == []


@pytest.mark.parametrize("blank", [None, *BLANKS], ids=repr)
@pytest.mark.parametrize("name", ["agent_id", "app_id", "run_id", "metadata"])
async def test_a_blank_scope_deletes_nothing(mem0: Mem0, name: str, blank: object) -> None:
    await mem0.remember("alice", "I like tea.", app_id="chef")
    message = await mem0.refuses("delete_memories", user_id="alice", confirm=True, **{name: blank})
    assert message.startswith("everything: must be true to delete all memories of the user")
    assert await mem0.texts("alice") == {"I like tea."}


@pytest.mark.parametrize("blank", BLANKS, ids=repr)
async def test_a_blank_scope_does_not_widen_another(mem0: Mem0, blank: object) -> None:
    await mem0.remember("alice", "Run one.", app_id="chef", run_id="r-1")
    await mem0.remember("alice", "Run two.", app_id="chef", run_id="r-2")
    for more in ({"confirm": True}, {"dry_run": True}):
        message = await mem0.refuses("delete_memories", user_id="alice", app_id="chef", run_id=blank, **more)
        assert message.startswith("run_id: is blank beside app_id")
    assert len(await mem0.texts("alice")) == 2
    # A null is what a language model in strict mode sends for every parameter that it does not use.
    output = await mem0.ok("delete_memories", user_id="alice", app_id="chef", run_id=None, confirm=True)
    assert output["deleted"] == 2


@pytest.mark.parametrize("blank", [None, *BLANKS], ids=repr)
@pytest.mark.parametrize("word", ["confirm", "everything"])
async def test_a_blank_is_not_the_word_that_a_delete_needs(mem0: Mem0, word: str, blank: object) -> None:
    await mem0.remember("alice", "I like tea.")
    given = {"user_id": "alice", "confirm": True, "everything": True, word: blank}
    assert (await mem0.refuses("delete_memories", **given)).startswith(f"{word}: ")
    if word == "confirm":
        await mem0.refuses("delete_entity", entity_type="user", entity_id="alice", confirm=blank)
    assert await mem0.texts("alice") == {"I like tea."}


@pytest.mark.parametrize("blank", [None, *BLANKS], ids=repr)
async def test_everything_in_so_many_words_is_deleted(mem0: Mem0, blank: object) -> None:
    # A form sends its empty fields, too.
    await mem0.remember("alice", "I like tea.")
    output = await mem0.ok(
        "delete_memories", user_id="alice", confirm=True, everything=True, run_id=blank, metadata=blank
    )
    await mem0.ok("get_event", event_id=output["event_id"], wait=True)
    assert await mem0.texts("alice") == set()


async def test_everything_contradicts_a_scope(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.", app_id="chef")
    message = await mem0.refuses("delete_memories", user_id="alice", confirm=True, everything=True, app_id="chef")
    assert message.startswith("everything: is for all memories of the user")
    assert await mem0.texts("alice") == {"I like tea."}


@pytest.mark.parametrize("empty", [None, *BLANKS], ids=repr)
async def test_a_change_with_empty_fields_clears_nothing(mem0: Mem0, empty: object) -> None:
    (memory_id,) = await mem0.remember("alice", "I eat fish.", metadata={"a": 1}, expiration_date="2999-12-31")
    mine = {"user_id": "alice", "memory_id": memory_id}
    blank = {"metadata": empty, "expiration_date": empty, "clear_expiration": empty}
    changed = (await mem0.ok("update_memory", **mine, text="I eat meat.", **blank))["memory"]
    assert (changed["metadata"], changed["expiration_date"]) == ({"a": 1}, "2999-12-31")
    change = {"memory_id": memory_id, "text": "I eat rice.", "metadata": empty}
    await mem0.ok("batch_update_memories", user_id="alice", memories=[change])
    change = {"memory_id": memory_id, "text": empty, "metadata": {"a": 2}}
    await mem0.ok("batch_update_memories", user_id="alice", memories=[change])
    (memory,) = await mem0.memories("alice")
    assert (memory["memory"], memory["metadata"]) == ("I eat rice.", {"a": 2})


@pytest.mark.parametrize("metadata", ['"\\"{}\\""', '"\\"{ }\\""'])
async def test_an_empty_object_is_no_new_metadata_however_it_is_encoded(
    scripted: Mem0, server: ScriptedServer, metadata: str
) -> None:
    server.script(json_reply(EVERY))
    change = {"memory_id": EVERY["id"], "text": "I eat meat.", "metadata": metadata}
    assert (await scripted.refuses("update_memory", user_id="alice", **change)).startswith(
        "metadata: must not be empty"
    )
    message = await scripted.refuses("batch_update_memories", user_id="alice", memories=[change])
    assert message.startswith("memories[0].metadata: must not be empty")
    assert server.requests == []


@pytest.mark.parametrize("lost", [{}, *({"user_id": blank} for blank in [None, *BLANKS])], ids=str)
async def test_a_lost_user_does_not_show_the_memories_of_others(mem0: Mem0, lost: dict[str, Any]) -> None:
    event_id = (await mem0.ok("add_memories", user_id="bob", messages="I like gin."))["event_id"]
    output = await mem0.ok("get_event", event_id=event_id, **lost)
    assert (output["status"], output["finished"]) == ("SUCCEEDED", True)
    assert "gin" not in str(output)
    assert "gin" in str(await mem0.ok("get_event", event_id=event_id, user_id="bob"))
