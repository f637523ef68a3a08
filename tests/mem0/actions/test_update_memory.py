"""Changing a memory: text, metadata, expiration date."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0

MINE = json_reply({"id": "m-1", "user_id": "alice"})


async def test_a_new_text_is_remembered(mem0: Mem0) -> None:
    (memory_id,) = await mem0.remember("alice", "I eat fish.")
    output = await mem0.ok("update_memory", user_id="alice", memory_id=memory_id, text="I am a vegan.")
    assert (output["memory"]["id"], output["memory"]["memory"]) == (memory_id, "I am a vegan.")
    assert await mem0.texts("alice") == {"I am a vegan."}


async def test_metadata_is_changed_and_the_text_stays(mem0: Mem0) -> None:
    (memory_id,) = await mem0.remember("alice", "I eat fish.")
    output = await mem0.ok("update_memory", user_id="alice", memory_id=memory_id, metadata={"source": "form"})
    assert (output["memory"]["memory"], output["memory"]["metadata"]) == ("I eat fish.", {"source": "form"})


async def test_only_an_explicit_word_clears_the_expiration_date(mem0: Mem0) -> None:
    (memory_id,) = await mem0.remember("alice", "I eat fish.", expiration_date="2999-12-31")
    mine = {"user_id": "alice", "memory_id": memory_id}
    for empty in ({}, {"expiration_date": None}, {"expiration_date": ""}, {"clear_expiration": None}):
        kept = await mem0.ok("update_memory", **mine, text="I eat meat.", **empty)
        assert kept["memory"]["expiration_date"] == "2999-12-31"
    moved = await mem0.ok("update_memory", **mine, expiration_date="2998-01-01")
    assert moved["memory"]["expiration_date"] == "2998-01-01"
    await mem0.refuses("update_memory", **mine, expiration_date="2998-01-01", clear_expiration=True)
    cleared = await mem0.ok("update_memory", **mine, expiration_date=None, clear_expiration=True)
    assert cleared["memory"]["expiration_date"] is None


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({"text": "x"}, {"text": "x"}),
        ({"text": "x", "metadata": None}, {"text": "x"}),
        ({"metadata": '{"a": 1}'}, {"metadata": {"a": 1}}),
        ({"text": "x", "metadata": {}, "expiration_date": "  "}, {"text": "x"}),
        ({"text": "x", "metadata": "{}"}, {"text": "x"}),
        ({"text": "", "metadata": {"a": 1}}, {"metadata": {"a": 1}}),
        ({"clear_expiration": True}, {"expiration_date": None}),
        ({"clear_expiration": "true", "expiration_date": None}, {"expiration_date": None}),
        ({"text": None, "expiration_date": "2030-01-01"}, {"expiration_date": "2030-01-01"}),
    ],
    ids=str,
)
async def test_only_what_changes_is_sent(
    scripted: Mem0, server: ScriptedServer, change: dict[str, Any], body: dict[str, Any]
) -> None:
    server.script(MINE)
    await scripted.ok("update_memory", user_id="alice", memory_id="m-1", **change)
    check, put = server.requests
    assert (check.method, check.target) == ("GET", "/v1/memories/m-1/")
    assert (put.method, put.target, put.json()) == ("PUT", "/v1/memories/m-1/", body)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"text": None},
        {"text": " "},
        {"text": 5},
        {"metadata": "x"},
        {"text": None, "metadata": None},
        {"metadata": {}},
        {"expiration_date": None},
        {"expiration_date": ""},
        {"clear_expiration": False},
        {"text": "", "metadata": "{}", "expiration_date": ""},
    ],
    ids=str,
)
async def test_a_change_of_nothing_is_refused(scripted: Mem0, server: ScriptedServer, change: dict[str, Any]) -> None:
    server.script(MINE)
    await scripted.refuses("update_memory", user_id="alice", memory_id="m-1", **change)
    assert server.requests == []


@pytest.mark.parametrize("owner", ["bob", None, 7, ["alice"], "Alice", "alice "])
async def test_nothing_is_changed_unless_the_memory_is_the_users(
    scripted: Mem0, server: ScriptedServer, owner: object
) -> None:
    server.script(json_reply({"id": "m-1", "memory": "secret of bob", "user_id": owner}))
    result = await scripted.call("update_memory", {"user_id": "alice", "memory_id": "m-1", "text": "x"})
    assert result.error is not None
    assert result.error.code == "not_found"
    assert "secret" not in str(result.output)
    assert [request.method for request in server.requests] == ["GET"]


async def test_an_unknown_memory_is_not_found(mem0: Mem0) -> None:
    unknown = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
    assert (await mem0.fails("update_memory", user_id="alice", memory_id=unknown, text="x")).code == "not_found"
