"""A failure is told as one whatever its shape: a 200 is not yet a success, and every error body yields a short line."""

from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply
from tests.mem0.helpers.kit import BY_NAME, Mem0, example_input

ACTIONS = list(BY_NAME)
# What these answer is a list.
LISTS = ("get_memory_history", "summarize_memories")
# An event tells of a failure that is not the request's.
EVENTS = ("get_event",)
ALICE = {"id": "m-1", "user_id": "alice"}

BODIES: list[tuple[int, Any, str, str]] = [
    (400, {"error": "Bad filter"}, "invalid_input", "Bad filter"),
    (400, {"message": "Bad filter"}, "invalid_input", "Bad filter"),
    (400, {"error": "Invalid filters", "details": {"message": "no nin"}}, "invalid_input", "Invalid filters: no nin"),
    (400, {"messages": ["This field is required."]}, "invalid_input", "messages: This field is required."),
    (400, {"detail": "Malformed"}, "invalid_input", "Malformed"),
    (400, {"detail": ["one", "two"]}, "invalid_input", "one; two"),
    (401, {"detail": "Invalid API key."}, "unauthorized", "Invalid API key."),
    (403, {"error": "Not yours"}, "forbidden", "Not yours"),
    (403, None, "forbidden", "the reply has no body"),
    (404, {"error": "Nothing here"}, "not_found", "Nothing here"),
    (404, {"detail": "Nothing here"}, "not_found", "Nothing here"),
    (404, {"message": "Nothing here"}, "not_found", "Nothing here"),
    (413, {"error": "Quota used up"}, "quota_exceeded", "Quota used up"),
    (429, {"detail": "Slow down"}, "rate_limited", "Slow down"),
    (500, {"error": "Oops"}, "service_error", "Oops"),
    (503, None, "service_error", "the reply has no body"),
]


@pytest.mark.parametrize(("status", "body", "code", "told"), BODIES, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("action", ["add_memories", "search_memories", "get_memories"])
async def test_every_shape_of_an_error_yields_its_code_and_a_short_line(
    scripted: Mem0, server: ScriptedServer, *, action: str, status: int, body: Any, code: str, told: str
) -> None:
    server.script(reply(status) if body is None else json_reply(body, status))
    error = await scripted.fails(action, **example_input(action))
    assert (error.code, error.http_status, error.message) == (code, status, told)
    assert error.line == f"{code}: {told} (HTTP {status})"


async def test_a_long_error_is_cut(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"error": "word " * 10_000}, 400))
    assert len((await scripted.fails("search_memories", user_id="alice", query="x")).message) <= 300


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("error", ["Quota used up", {"reason": "Quota used up"}, ["Quota used up"]], ids=str)
async def test_an_error_under_200_is_a_failure(
    scripted: Mem0, server: ScriptedServer, action: str, error: object
) -> None:
    server.script(json_reply({"error": error}))
    told = await scripted.fails(action, **example_input(action))
    if action in EVENTS:
        assert told.code in ("bad_response", "not_found")  # an event without an owner or a status is none
    else:
        assert told.code == "service_error"
        assert "Quota used up" in told.message


async def test_a_long_error_under_200_is_cut_and_of_one_line(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply(ALICE), json_reply({"error": "line one\nline two\n" * 1000}))
    result = await scripted.call("batch_delete_memories", {"user_id": "alice", "memory_ids": ["m-1"]})
    (chunk,) = result.output["chunks"]
    assert chunk["error"].startswith("service_error: the service reports: line one line two")
    assert len(chunk["error"]) < 400


@pytest.mark.parametrize("action", [name for name in ACTIONS if name not in EVENTS])
async def test_a_failed_status_under_200_is_a_failure(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    server.script(json_reply({"status": "FAILED", "message": "No capacity", "event_id": "e-1"}))
    error = await scripted.fails(action, **example_input(action))
    assert (error.code, error.message) == ("event_failed", "No capacity")


@pytest.mark.parametrize("action", ["add_memories", "delete_memories", "delete_entity"])
async def test_the_id_of_a_failed_event_is_kept(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    server.script(json_reply({"status": "FAILED", "error": "No capacity", "event_id": "e-1"}))
    result = await scripted.call(action, example_input(action))
    assert result.error is not None
    assert (result.error.code, result.error.message) == ("event_failed", "No capacity")
    assert result.output["event_id"] == "e-1"


NO_ANSWERS = [
    ("null", reply(200, b"null")),
    ("text", json_reply("ok")),
    ("number", json_reply(5)),
    ("true", json_reply(True)),
    ("nothing", reply(200)),
    ("no content", reply(204)),
    ("html", reply(200, b"<html><body>Sign in</body></html>", content_type="text/html")),
    ("truncated", reply(200, b'{"results": [{"id": "m-1"')),
    ("two values", reply(200, b"{}{}")),
    ("not text", reply(200, b"\xff\xfe\x00")),
    ("too deep", reply(200, b"[" * 10_000 + b"]" * 10_000)),
]


@pytest.mark.parametrize("step", [pytest.param(step, id=name) for name, step in NO_ANSWERS])
@pytest.mark.parametrize("action", ACTIONS)
async def test_a_200_without_an_answer_is_a_bad_response(
    scripted: Mem0, server: ScriptedServer, action: str, step: Any
) -> None:
    server.script(step)
    error = await scripted.fails(action, **example_input(action))
    assert error.code == "bad_response"
    assert "<" not in error.message


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_null_is_told_as_such(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    server.script(reply(200, b"null"))
    assert (
        await scripted.fails(action, **example_input(action))
    ).message == "the service answered with null where an object is due"


@pytest.mark.parametrize("body", [[], [ALICE], [1, None]], ids=str)
@pytest.mark.parametrize("action", [name for name in ACTIONS if name not in LISTS])
async def test_a_bare_list_where_an_object_is_due_is_a_bad_response(
    scripted: Mem0, server: ScriptedServer, action: str, body: list[Any]
) -> None:
    server.script(json_reply(body))
    error = await scripted.fails(action, **example_input(action))
    assert (error.code, error.message) == ("bad_response", "the service answered with a list where an object is due")


@pytest.mark.parametrize(
    "body", [{}, {"results": []}, {"status": None}, {"message": ["stored"]}, {"detail": "stored"}], ids=str
)
async def test_an_add_without_a_status_or_an_event_is_not_taken_as_accepted(
    scripted: Mem0, server: ScriptedServer, body: dict[str, Any]
) -> None:
    server.script(json_reply(body))
    error = await scripted.fails("add_memories", user_id="alice", messages="Hi")
    assert (error.code, error.retryable) == ("bad_response", False)
    assert len(server.requests) == 1
