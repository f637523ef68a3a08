"""Rating a memory."""

import pytest

from tests.helpers.scripted_server import ScriptedServer, Step
from tests.helpers.steps import hang, json_reply, reply, reset
from tests.mem0.client import Mem0

MINE = json_reply({"id": "m-1", "user_id": "alice"})
NOTED = json_reply({"id": "f-1", "feedback": "NEGATIVE", "feedback_reason": "She moved"})


@pytest.mark.parametrize("verdict", ["POSITIVE", "NEGATIVE", "VERY_NEGATIVE"])
async def test_a_verdict_is_recorded_with_its_reason(mem0: Mem0, verdict: str) -> None:
    (memory_id,) = await mem0.remember("alice", "I live in Rome.")
    output = await mem0.ok(
        "submit_feedback", user_id="alice", memory_id=memory_id, feedback=verdict, feedback_reason="She moved"
    )
    assert (output["feedback"], output["feedback_reason"]) == (verdict, "She moved")
    assert output["feedback_id"]


@pytest.mark.parametrize(("said", "sent"), [("very negative", "VERY_NEGATIVE"), (" positive ", "POSITIVE")])
async def test_a_verdict_may_be_spelt_as_people_do(
    scripted: Mem0, server: ScriptedServer, said: str, sent: str
) -> None:
    server.script(MINE, NOTED)
    await scripted.ok("submit_feedback", user_id="alice", memory_id="m-1", feedback=said)
    assert server.requests[1].json() == {"memory_id": "m-1", "feedback": sent}
    assert (server.requests[1].method, server.requests[1].target) == ("POST", "/v1/feedback/")


@pytest.mark.parametrize("verdict", ["", "GOOD", "VERY_POSITIVE", 1, None, ["POSITIVE"]], ids=repr)
async def test_another_verdict_is_refused(scripted: Mem0, server: ScriptedServer, verdict: object) -> None:
    server.script(MINE, NOTED)
    message = await scripted.refuses("submit_feedback", user_id="alice", memory_id="m-1", feedback=verdict)
    assert message.startswith("feedback: ")
    assert server.requests == []


async def test_another_users_memory_gets_none(mem0: Mem0, scripted: Mem0, server: ScriptedServer) -> None:
    (theirs,) = await mem0.remember("bob", "I like gin.")
    error = await mem0.fails("submit_feedback", user_id="alice", memory_id=theirs, feedback="NEGATIVE")
    assert error.code == "not_found"
    server.script(json_reply({"id": "m-1", "user_id": "bob"}))
    await scripted.fails("submit_feedback", user_id="alice", memory_id="m-1", feedback="NEGATIVE")
    assert [request.method for request in server.requests] == ["GET"]


@pytest.mark.parametrize(
    ("ending", "code"), [(reset, "outcome_unknown"), (hang, "outcome_unknown"), (reply(500), "service_error")]
)
async def test_feedback_is_sent_once(scripted: Mem0, server: ScriptedServer, ending: Step, code: str) -> None:
    server.script(MINE, ending, NOTED)
    given = {"user_id": "alice", "memory_id": "m-1", "feedback": "NEGATIVE"}
    result = await scripted.call("submit_feedback", given, timeout=0.5)
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == (code, False)
    assert [request.method for request in server.requests] == ["GET", "POST"]
