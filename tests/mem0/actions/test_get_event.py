"""The event of an accepted add: status, results, failure and owner."""

from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import Mem0

ADD = "/v3/memories/add/"


async def add(mem0: Mem0, user_id: str = "alice") -> str:
    output = await mem0.ok("add_memories", user_id=user_id, messages="I like tea.")
    return str(output["event_id"])


async def test_a_finished_event_has_its_results(mem0: Mem0) -> None:
    output = await mem0.ok("get_event", event_id=await add(mem0), user_id="alice")
    assert (output["status"], output["finished"]) == ("SUCCEEDED", True)
    (memory,) = await mem0.memories("alice")
    assert output["event"]["results"] == [{"id": memory["id"], "memory": "I like tea", "event": "ADD"}]


@pytest.mark.parametrize("wait", [False, True])
async def test_an_unfinished_event_is_reported_as_such(mem0: Mem0, sandbox: RunningSandbox, *, wait: bool) -> None:
    sandbox.set_faults({"path": ADD, "event_delay": 3600})
    output = await mem0.ok("get_event", event_id=await add(mem0), wait=wait, wait_timeout=0.1)
    assert (output["status"], output["finished"]) == ("PENDING", False)


async def test_waiting_ends_when_the_event_does(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": ADD, "event_delay": 0.3})
    output = await mem0.ok("get_event", event_id=await add(mem0), user_id="alice", wait=True)
    assert (output["status"], output["finished"]) == ("SUCCEEDED", True)


async def test_a_failed_event_is_a_failure_with_the_event(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": ADD, "event_error": "Extraction failed"})
    event_id = await add(mem0)
    for given in ({}, {"wait": True}, {"user_id": "alice"}):
        result = await mem0.call("get_event", {"event_id": event_id, **given})
        assert result.error is not None
        assert (result.error.code, result.error.message) == ("event_failed", "Extraction failed")
        assert (result.output["status"], result.output["finished"]) == ("FAILED", True)
        assert result.output["event"]["id"] == event_id


async def test_another_users_event_and_an_unknown_one_are_not_found(mem0: Mem0) -> None:
    theirs = await add(mem0, "bob")
    errors = [
        await mem0.fails("get_event", event_id=event_id, user_id="alice", wait=wait)
        for event_id in (theirs, "2c4d1f44-4f7b-4b2f-9f6e-7b5b4f5a1234")
        for wait in (False, True)
    ]
    assert {error.code for error in errors} == {"not_found"}


async def test_without_a_user_the_service_says_that_an_event_is_unknown(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"error": "Event not found"}, 404))
    error = await scripted.fails("get_event", event_id="e-1")
    assert error.line == "not_found: Event not found (HTTP 404)"


async def test_an_event_without_an_owner_is_not_found_for_a_user(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"id": "e-1", "status": "SUCCEEDED"}))
    assert (await scripted.fails("get_event", event_id="e-1", user_id="alice")).code == "not_found"
    assert (await scripted.ok("get_event", event_id="e-1"))["status"] == "SUCCEEDED"


@pytest.mark.parametrize("body", [{}, {"id": "e-1"}, {"status": None}, {"status": ["PENDING"]}], ids=str)
async def test_an_event_without_a_status_is_a_bad_response(
    scripted: Mem0, server: ScriptedServer, body: dict[str, Any]
) -> None:
    server.script(json_reply(body))
    assert (await scripted.fails("get_event", event_id="e-1")).code == "bad_response"


async def test_a_delete_of_everything_can_be_followed(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.")
    event_id = (await mem0.ok("delete_memories", user_id="alice", confirm=True, everything=True))["event_id"]
    assert (await mem0.ok("get_event", event_id=event_id, user_id="alice", wait=True))["status"] == "SUCCEEDED"
    assert (await mem0.fails("get_event", event_id=event_id, user_id="bob")).code == "not_found"
