"""The actions that reach the whole project: its events, its entities, and the account of the key."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0


async def test_recent_events_come_latest_first_in_pages(mem0: Mem0) -> None:
    added = [
        (await mem0.ok("add_memories", user_id=u, messages="I like tea."))["event_id"] for u in ("alice", "bob", "eve")
    ]
    first = await mem0.ok("list_events", limit=2)
    second = await mem0.ok("list_events", limit=2, page=2)
    assert [event["id"] for event in first["events"] + second["events"]] == added[::-1]
    assert (first["count"], second["next"]) == (3, None)
    assert first["next"]
    assert {event["status"] for event in first["events"]} == {"SUCCEEDED"}
    assert first["events"][0]["results"][0]["memory"] == "I like tea"


async def test_events_show_the_metadata_of_their_request_also_where_nothing_was_stored(mem0: Mem0) -> None:
    await mem0.ok("add_memories", user_id="alice", messages="Hello!", metadata={"row": "7"})
    await mem0.ok("add_memories", user_id="alice", messages="Thanks!")
    without, with_metadata = (await mem0.ok("list_events"))["events"]
    assert (with_metadata["results"], with_metadata["metadata"]) == ([], {"row": "7"})
    assert without["metadata"] is None


async def test_entities_are_listed_with_totals(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.", app_id="chef")
    await mem0.remember("bob", "I like gin.", run_id="r-1")
    output = await mem0.ok("list_entities")
    assert {(entity["type"], entity["name"]) for entity in output["entities"]} == {
        ("user", "alice"), ("user", "bob"), ("app", "chef"), ("run", "r-1"),
    }  # fmt: skip
    assert (output["count"], output["total_users"], output["total_apps"], output["total_agents"]) == (4, 2, 1, 0)
    users = await mem0.ok("list_entities", entity_type="user")
    assert sorted(users["names"]) == ["alice", "bob"]
    assert users["count"] == 4


@pytest.mark.parametrize(
    ("action", "kind"),
    [(a, k) for k in ("users", "USER", "*", 5, "../users") for a in ("list_entities", "delete_entity")]
    + [("delete_entity", "")],
)
async def test_an_unknown_kind_of_entity_is_refused(
    scripted: Mem0, server: ScriptedServer, action: str, kind: object
) -> None:
    server.script(json_reply({"results": []}))
    more: dict[str, Any] = {"entity_id": "alice", "confirm": True} if action == "delete_entity" else {}
    assert (await scripted.refuses(action, entity_type=kind, **more)).startswith("entity_type: ")
    assert server.requests == []


async def test_odd_entities_do_not_raise(scripted: Mem0, server: ScriptedServer) -> None:
    odd = [{}, {"name": 5, "type": None, "metadata": "x"}, {"name": {"a": 1}, "id": True}]
    server.script(json_reply({"results": odd, "count": "3", "total_users": None}))
    output = await scripted.ok("list_entities")
    assert (output["names"], output["count"], output["total_users"]) == (["5"], None, None)


async def test_an_entity_is_deleted_with_its_memories(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.")
    await mem0.remember("bob", "I like gin.")
    output = await mem0.ok("delete_entity", entity_type="user", entity_id="alice", confirm=True)
    await mem0.ok("get_event", event_id=output["event_id"], wait=True)
    assert await mem0.texts("alice") == set()
    assert await mem0.texts("bob") == {"I like gin."}


@pytest.mark.parametrize("confirm", [None, False, "false", 0], ids=repr)
async def test_no_entity_is_deleted_without_a_confirmation(
    scripted: Mem0, server: ScriptedServer, confirm: object
) -> None:
    server.script(json_reply({}))
    message = await scripted.refuses("delete_entity", entity_type="user", entity_id="alice", confirm=confirm)
    assert message.startswith("confirm: must be true")
    assert server.requests == []


async def test_the_account_of_the_key_is_returned(mem0: Mem0) -> None:
    output = await mem0.ok("check_connection")
    assert output["organization_id"]
    assert output["project_id"]
    assert "@" in output["user_email"]


async def test_a_key_that_is_not_accepted_is_reported(mem0: Mem0) -> None:
    mem0.credential["api_key"] = "m0-of-nobody"
    error = await mem0.fails("check_connection")
    assert (error.code, error.http_status) == ("unauthorized", 401)
    assert "Invalid API key" in error.message


@pytest.mark.parametrize("body", [{}, {"status": "okay"}, {"status": None}, {"status": ["ok"]}], ids=str)
async def test_something_else_that_answers_is_not_taken_for_mem0(
    scripted: Mem0, server: ScriptedServer, body: dict[str, Any]
) -> None:
    server.script(json_reply(body))
    assert (await scripted.fails("check_connection")).code == "bad_response"


async def test_the_connection_test_of_the_credential_agrees(mem0: Mem0) -> None:
    good = await mem0.runtime.test_credential("mem0", credential=mem0.credential)
    bad = await mem0.runtime.test_credential("mem0", credential={**mem0.credential, "api_key": "m0-of-nobody"})
    assert good.success
    assert bad.error is not None
    assert bad.error.code == "unauthorized"
