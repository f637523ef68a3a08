"""Waiting until accepted work has ended: a poll that runs out of time, or fails, says nothing about the work."""

import re
import time
from typing import Any

import pytest

from modulex_mem0.runtime import Progress
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import Exchange, ScriptedServer
from tests.helpers.steps import hang, json_reply
from tests.mem0.client import Mem0

TEA: dict[str, Any] = {"user_id": "alice", "messages": "I like tea.", "wait_for_completion": True}
ADD, POLL = "/v3/memories/add/", "/v1/event/*"


async def test_the_status_is_the_final_one(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": ADD, "event_delay": 0.3})
    output = await mem0.ok("add_memories", **TEA)
    assert output["status"] == "SUCCEEDED"
    assert output["message"] == "Finished: 1 memory added, changed or deleted."
    assert await mem0.texts("alice") == {"I like tea"}


async def test_nothing_new_is_a_success(mem0: Mem0) -> None:
    await mem0.ok("add_memories", **TEA)
    output = await mem0.ok("add_memories", **TEA)
    assert output["status"] == "SUCCEEDED"
    assert output["message"] == "Finished: nothing new was worth remembering."


async def test_a_wait_that_runs_out_is_no_failure_of_the_add(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": ADD, "event_delay": 3600})
    output = await mem0.ok("add_memories", **TEA, wait_timeout=0.1)
    assert (output["status"], bool(output["event_id"])) == ("PENDING", True)
    assert output["message"].startswith("Accepted, but not finished within 0.1 s; it goes on.")
    assert "get_event" in output["message"]
    assert "do not add" in output["message"]
    followed = await mem0.ok("get_event", event_id=output["event_id"], user_id="alice")
    assert (followed["status"], followed["finished"]) == ("PENDING", False)


# One poll tries three times where a later try may fare better.
@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        ({"status": 500}, 3),
        ({"html": 502}, 3),
        ({"reset": "before"}, 3),
        ({"truncate": True}, 3),
        ({"status": 401, "body": {"detail": "Invalid API key."}}, 1),
        ({"status": 404, "body": {"error": "Event not found"}}, 1),
        ({"status": 429, "retry_after": 3000}, 1),
        ({"body": None}, 1),
        ({"body": []}, 1),
        ({"text": "<html>"}, 1),
    ],
    ids=str,
)
async def test_failed_polls_change_nothing(
    mem0: Mem0, sandbox: RunningSandbox, fault: dict[str, Any], tries: int
) -> None:
    sandbox.set_faults({"path": POLL, "calls": list(range(1, tries + 1)), **fault})
    output = await mem0.ok("add_memories", **TEA)
    assert output["status"] == "SUCCEEDED"
    assert await mem0.texts("alice") == {"I like tea"}


async def test_polls_that_all_fail_leave_the_add_accepted(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": POLL, "status": 401, "body": {"detail": "Invalid API key."}})
    output = await mem0.ok("add_memories", **TEA, wait_timeout=0.6)
    assert output["status"] == "PENDING"
    assert output["event_id"]


async def test_a_poll_that_hangs_does_not_outlast_the_wait(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"status": "PENDING", "event_id": "e-1"}), hang)
    started = time.monotonic()
    output = await scripted.ok("add_memories", **TEA, wait_timeout=0.2)
    assert time.monotonic() - started < 10  # the deadline of the whole call is thirty seconds later
    assert (output["status"], output["event_id"]) == ("PENDING", "e-1")


async def test_a_failed_event_is_a_failure_that_keeps_its_id(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": ADD, "event_error": "Extraction failed"})
    result = await mem0.call("add_memories", TEA)
    assert result.error is not None
    assert (result.error.code, result.error.message) == ("event_failed", "Extraction failed")
    assert not result.error.retryable
    assert result.output["status"] == "FAILED"
    event = await mem0.call("get_event", {"event_id": result.output["event_id"], "user_id": "alice"})
    assert event.error is not None
    assert event.error.code == "event_failed"


async def test_an_add_that_is_done_at_once_is_not_polled(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"status": "SUCCEEDED", "event_id": "e-1", "results": []}))
    assert (await scripted.ok("add_memories", **TEA))["status"] == "SUCCEEDED"
    assert len(server.requests) == 1


@pytest.mark.parametrize("event_id", ["../../v1/memories", "a/b", "x?y=1", "//elsewhere.invalid", "a b", "ä"])
async def test_the_id_of_an_event_cannot_lead_a_poll_elsewhere(
    scripted: Mem0, server: ScriptedServer, event_id: str
) -> None:
    def answer(exchange: Exchange) -> None:
        step = {"status": "PENDING", "event_id": event_id} if exchange.request.method == "POST" else {"status": None}
        json_reply(step)(exchange)

    server.script(answer)
    await scripted.ok("add_memories", **TEA, wait_timeout=0.3)
    for poll in server.requests[1:]:
        assert poll.target.startswith("/v1/event/")
        assert poll.target.count("/") == 4
        assert "?" not in poll.target


async def test_progress_is_reported_to_a_waiting_caller(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": ADD, "event_delay": 0.6})
    reported: list[Progress] = []
    assert (await mem0.call("add_memories", TEA, on_progress=reported.append)).success
    assert reported
    assert {progress.total for progress in reported} == {60}
    for progress in reported:
        assert re.fullmatch(r"waiting for event: (PENDING|RUNNING), \d+ s of 60 s", progress.message)
