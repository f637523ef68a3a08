"""Deleting a user's memories, or some of them: only with a confirmation, never by halves, never beyond the scope."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from modulex_mem0.mem0.actions.delete_memories import DeleteMemoriesInput
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import Exchange, ScriptedServer, Step
from tests.helpers.steps import json_reply, reply, reset
from tests.mem0.client import Mem0

DONE = json_reply({"message": "Delete in progress. This may take some time.", "event_id": "e-1"})
NEXT = "https://api.mem0.ai/v3/memories/?page=2"


def memory(memory_id: str, **changes: Any) -> dict[str, Any]:
    return {"id": memory_id, "user_id": "alice", "app_id": "chef", "metadata": {"done": True}, **changes}


def listing(*items: dict[str, Any], more: bool = False) -> Step:
    return json_reply({"count": len(items), "next": NEXT if more else None, "previous": None, "results": list(items)})


@pytest.mark.parametrize("given", [None, "alice", 5, ["alice"]], ids=repr)
def test_an_input_that_is_no_object_is_refused_as_pydantic_does(given: object) -> None:
    with pytest.raises(ValidationError, match="valid dictionary"):
        DeleteMemoriesInput.model_validate(given)


async def test_all_memories_of_a_user_are_deleted_and_no_others(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.")
    await mem0.remember("alice", "I like coffee.", app_id="chef", expiration_date="2999-01-01")
    await mem0.remember("bob", "I like gin.", app_id="chef")
    output = await mem0.ok("delete_memories", user_id="alice", confirm=True, everything=True)
    assert output["event_id"]
    assert output["deleted"] is None
    await mem0.ok("get_event", event_id=output["event_id"], wait=True)
    assert await mem0.texts("alice") == set()
    assert await mem0.texts("bob") == {"I like gin."}


@pytest.mark.parametrize("confirm", [None, False, "false", 0, "no"], ids=repr)
async def test_nothing_is_deleted_without_a_confirmation(
    scripted: Mem0, server: ScriptedServer, confirm: object
) -> None:
    server.script(DONE)
    for scope in ({}, {"app_id": "chef"}, {"metadata": {"a": 1}}):
        message = await scripted.refuses("delete_memories", user_id="alice", confirm=confirm, **scope)
        assert message.startswith("confirm: must be true")
    assert server.requests == []


@pytest.mark.parametrize("scope", [{"user_id": "*"}, {"agent_id": "*"}, {"app_id": " * "}, {"run_id": "*"}], ids=str)
async def test_a_wildcard_is_refused(scripted: Mem0, server: ScriptedServer, scope: dict[str, str]) -> None:
    server.script(DONE)
    for more in ({"confirm": True}, {"dry_run": True}):
        message = await scripted.refuses("delete_memories", **{"user_id": "alice", **scope, **more})
        assert "everyone" in message
    assert server.requests == []


@pytest.mark.parametrize("metadata", [{"a": None}, {"a": {"eq": 1}}, {"a": [1]}, "x", "[1]", '{"a": '], ids=repr)
async def test_metadata_that_a_memory_cannot_equal_is_refused(
    scripted: Mem0, server: ScriptedServer, metadata: object
) -> None:
    server.script(DONE)
    message = await scripted.refuses("delete_memories", user_id="alice", confirm=True, metadata=metadata)
    assert message.startswith("metadata")
    assert server.requests == []


async def test_a_dry_run_counts_and_deletes_nothing(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.", app_id="chef")
    await mem0.ok(
        "add_memories", user_id="alice", messages="I am ill.", infer=False, expiration_date="2020-01-01", run_id="r-1"
    )
    await mem0.remember("bob", "I like gin.", app_id="chef")
    for confirm in (False, True):
        for scope, count in (({}, 2), ({"app_id": "chef"}, 1), ({"app_id": "chef", "run_id": "r-1"}, 0)):
            output = await mem0.ok("delete_memories", user_id="alice", dry_run=True, confirm=confirm, **scope)
            assert (output["dry_run"], output["matched"], output["deleted"]) == (True, count, 0)
    assert len(await mem0.memories("alice")) == 2


@pytest.mark.parametrize("body", [{}, {"count": None, "results": []}, {"count": "2"}, {"results": []}], ids=str)
async def test_a_dry_run_without_a_count_is_no_answer(
    scripted: Mem0, server: ScriptedServer, body: dict[str, Any]
) -> None:
    server.script(json_reply(body))
    assert (await scripted.fails("delete_memories", user_id="alice", dry_run=True)).code == "bad_response"


async def test_a_compound_scope_is_anded(mem0: Mem0) -> None:
    await mem0.remember("alice", "Both.", app_id="chef", run_id="r-1")
    await mem0.remember("alice", "App alone.", app_id="chef")
    await mem0.remember("alice", "Run alone.", run_id="r-1")
    await mem0.remember("bob", "Bob's.", app_id="chef", run_id="r-1")
    output = await mem0.ok("delete_memories", user_id="alice", app_id="chef", run_id="r-1", confirm=True)
    assert (output["matched"], output["deleted"], output["event_id"]) == (1, 1, None)
    assert await mem0.texts("alice") == {"App alone.", "Run alone."}
    assert await mem0.texts("bob") == {"Bob's."}


async def test_metadata_narrows_the_delete(mem0: Mem0) -> None:
    await mem0.remember("alice", "True.", metadata={"done": True, "source": "chat"})
    await mem0.remember("alice", "One.", metadata={"done": 1, "source": "chat"})
    await mem0.remember("alice", "None.")
    output = await mem0.ok("delete_memories", user_id="alice", metadata={"done": True}, confirm=True)
    assert output["deleted"] == 1
    assert await mem0.texts("alice") == {"One.", "None."}


async def test_expired_memories_are_deleted_too(mem0: Mem0) -> None:
    await mem0.ok(
        "add_memories", user_id="alice", messages="I am ill.", infer=False, expiration_date="2020-01-01", app_id="chef"
    )
    assert (await mem0.ok("delete_memories", user_id="alice", app_id="chef", confirm=True))["deleted"] == 1
    assert await mem0.memories("alice") == []


async def test_a_scope_that_nothing_matches_deletes_nothing(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(listing())
    output = await scripted.ok("delete_memories", user_id="alice", app_id="chef", confirm=True)
    assert (output["matched"], output["deleted"], output["chunks"]) == (0, 0, [])
    assert [request.target for request in server.requests] == ["/v3/memories/"]


async def test_all_of_a_user_is_one_request_with_that_user_alone(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(DONE)
    await scripted.ok("delete_memories", user_id="alice & bob=*", confirm=True, everything=True)
    (request,) = server.requests
    assert (request.method, request.body) == ("DELETE", b"")
    assert (urlsplit(request.target).path, parse_qs(urlsplit(request.target).query)) == (
        "/v1/memories/",
        {"user_id": ["alice & bob=*"]},
    )


async def test_what_the_service_lists_beyond_the_scope_is_not_deleted(scripted: Mem0, server: ScriptedServer) -> None:
    # As if the service had ignored the filter.
    server.script(
        listing(
            memory("mine"),
            memory("bobs", user_id="bob"),
            memory("nobodys", user_id=None),
            memory("other-app", app_id="guide"),
            memory("no-app", app_id=None),
            memory("not-done", metadata={"done": False}),
            memory("one-is-not-true", metadata={"done": 1}),
            memory("no-metadata", metadata=None),
        ),
        json_reply({"message": "Successfully deleted 1 memories"}),
    )
    output = await scripted.ok("delete_memories", user_id="alice", app_id="chef", metadata={"done": True}, confirm=True)
    assert server.requests[-1].json() == {"memories": [{"memory_id": "mine"}]}
    assert (output["matched"], output["deleted"]) == (1, 1)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (reply(500), "service_error"),
        (reply(401), "unauthorized"),
        (reset, "connection_failed"),
        (reply(200, b"null"), "bad_response"),
        (json_reply({"results": None}), "bad_response"),
        (listing(memory("m-1"), more=True), "bad_response"),
    ],
    ids=["500", "401", "reset", "null", "no-list", "loop"],
)
async def test_nothing_is_deleted_unless_the_list_is_complete(
    scripted: Mem0, server: ScriptedServer, second: Step, code: str
) -> None:
    server.script(listing(memory("m-1"), more=True), second)
    error = await scripted.fails("delete_memories", user_id="alice", app_id="chef", confirm=True)
    assert error.code == code
    assert {request.method for request in server.requests} == {"POST"}


async def test_more_than_a_thousand_are_deleted_in_chunks_with_a_report_each(
    scripted: Mem0, server: ScriptedServer
) -> None:
    batches: list[int] = []

    def service(exchange: Exchange) -> None:
        body = exchange.request.json()
        if exchange.request.method == "POST":
            first = 200 * (body["page"] - 1)
            found = [memory(f"m-{number}") for number in range(first, min(first + 200, 1200))]
            listing(*found, more=first + 200 < 1200)(exchange)
            return
        batches.append(len(body["memories"]))
        (json_reply({"error": "Oops"}, 400) if len(batches) == 1 else json_reply({"message": "Deleted"}))(exchange)

    server.script(service)
    result = await scripted.call("delete_memories", {"user_id": "alice", "app_id": "chef", "confirm": True})
    assert result.error is not None
    assert (result.error.code, result.error.message) == ("invalid_input", "Oops")
    assert batches == [1000, 200]
    assert result.output["deleted"] == 200
    assert [(c["first"], c["size"], c["success"]) for c in result.output["chunks"]] == [
        (0, 1000, False),
        (1000, 200, True),
    ]


async def test_a_delete_that_fails_later_is_reported(mem0: Mem0, sandbox: RunningSandbox) -> None:
    sandbox.set_faults({"path": "/v1/memories/", "method": "DELETE", "event_error": "No capacity"})
    output = await mem0.ok("delete_memories", user_id="alice", confirm=True, everything=True)
    error = await mem0.fails("get_event", event_id=output["event_id"], user_id="alice", wait=True)
    assert (error.code, error.message) == ("event_failed", "No capacity")
