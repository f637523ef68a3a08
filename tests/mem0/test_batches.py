"""Changing and deleting many memories: every owner is checked first, and each chunk has its report."""

import json
import threading
from typing import Any

import pytest

from modulex_mem0.mem0.profile import MEMORY_ID
from tests.helpers.scripted_server import PATIENCE, Exchange, ScriptedServer, Step
from tests.helpers.steps import hang, json_reply, reply
from tests.mem0.client import Mem0

BOTH = pytest.mark.parametrize("action", ["batch_update_memories", "batch_delete_memories"])


def given(action: str, *ids: str) -> dict[str, Any]:
    if action == "batch_delete_memories":
        return {"user_id": "alice", "memory_ids": list(ids)}
    return {"user_id": "alice", "memories": [{"memory_id": memory_id, "text": "New."} for memory_id in ids]}


def service(*answers: Step, foreign: str = "", check: Step | None = None) -> Step:
    """A Mem0 where all memories are Alice's but the foreign one; batches get the answers in turn."""
    left = list(answers)

    def step(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            memory_id = exchange.request.target.split("/")[3]
            (check or json_reply({"id": memory_id, "user_id": "bob" if memory_id == foreign else "alice"}))(exchange)
        else:
            left.pop(0)(exchange)

    return step


def batches(server: ScriptedServer) -> list[Any]:
    return [request.json()["memories"] for request in server.requests if request.method != "GET"]


async def test_many_are_updated(mem0: Mem0) -> None:
    tea, coffee, milk = await mem0.remember("alice", "I like tea.", "I like coffee.", "I like milk.")
    changes = [{"memory_id": tea, "text": "I hate tea."}, {"memory_id": coffee, "metadata": {"n": 1}}]
    output = await mem0.ok("batch_update_memories", user_id="alice", memories=changes)
    assert (output["updated"], [chunk["success"] for chunk in output["chunks"]]) == (2, [True])
    found = {memory["id"]: (memory["memory"], memory["metadata"]) for memory in await mem0.memories("alice")}
    assert found == {tea: ("I hate tea.", None), coffee: ("I like coffee.", {"n": 1}), milk: ("I like milk.", None)}


async def test_many_are_deleted(mem0: Mem0) -> None:
    tea, coffee, _ = await mem0.remember("alice", "I like tea.", "I like coffee.", "I like milk.")
    output = await mem0.ok("batch_delete_memories", user_id="alice", memory_ids=[tea, coffee])
    assert output["deleted"] == 2
    assert await mem0.texts("alice") == {"I like milk."}


async def test_lists_may_come_as_text_from_a_form(scripted: Mem0, server: ScriptedServer) -> None:
    fine = json_reply({"message": "Fine"})
    server.script(service(*[fine] * 3))
    await scripted.ok("batch_delete_memories", user_id="alice", memory_ids=" m-1, m-2 ")
    await scripted.ok("batch_delete_memories", user_id="alice", memory_ids='["m-1", "m-2"]')
    changes = [{"memory_id": "m-1", "text": "New."}]
    await scripted.ok("batch_update_memories", user_id="alice", memories=json.dumps(changes))
    both = [{"memory_id": "m-1"}, {"memory_id": "m-2"}]
    assert batches(server) == [both, both, changes]


@BOTH
@pytest.mark.parametrize("place", [0, 3])
async def test_nothing_is_changed_if_one_of_them_is_another_users(mem0: Mem0, action: str, place: int) -> None:
    mine = await mem0.remember("alice", "I like tea.", "I like coffee.", "I like milk.")
    (theirs,) = await mem0.remember("bob", "I like gin.")
    mine.insert(place, theirs)
    result = await mem0.call(action, given(action, *mine))
    assert result.error is not None
    assert result.error.code == "not_found"
    assert theirs in result.error.message
    assert "nothing was changed" in result.error.message
    assert await mem0.texts("alice") == {"I like tea.", "I like coffee.", "I like milk."}
    assert await mem0.texts("bob") == {"I like gin."}


@BOTH
async def test_an_unknown_id_changes_nothing(mem0: Mem0, action: str) -> None:
    (tea,) = await mem0.remember("alice", "I like tea.")
    unknown = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
    assert (await mem0.fails(action, **given(action, tea, unknown))).code == "not_found"
    assert await mem0.texts("alice") == {"I like tea."}


@BOTH
@pytest.mark.parametrize(
    ("check", "code"),
    [
        (reply(500), "service_error"),
        (reply(401), "unauthorized"),
        (reply(429, headers={"retry-after": "3000"}), "rate_limited"),
        (reply(200, b"null"), "bad_response"),
        (hang, "timeout"),
    ],
)
async def test_nothing_is_changed_if_an_owner_cannot_be_checked(
    scripted: Mem0, server: ScriptedServer, action: str, check: Step, code: str
) -> None:
    server.script(service(check=check))
    result = await scripted.call(action, given(action, "m-1", "m-2"), timeout=0.5)
    assert result.error is not None
    assert result.error.code == code
    assert {request.method for request in server.requests} == {"GET"}


@BOTH
@pytest.mark.parametrize(("number", "more"), [(1, ""), (5, ""), (6, " and 1 more"), (40, " and 35 more")])
async def test_foreign_ids_are_named_in_short(
    scripted: Mem0, server: ScriptedServer, action: str, number: int, more: str
) -> None:
    server.script(json_reply({"error": "Memory not found!"}, 404))
    ids = [f"m-{n}" for n in range(number)]
    error = await scripted.fails(action, **given(action, *ids))
    assert error.code == "not_found"
    start, colon, rest = error.message.partition(": this user has no memories with the ids ")
    assert colon
    assert start == ("memories" if "update" in action else "memory_ids")
    named, semicolon, end = rest.partition(f"{more};")
    assert semicolon
    assert end == " nothing was changed"
    # In the order in which the checks ended.
    assert len(named.split(", ")) == min(number, 5)
    assert set(named.split(", ")) <= set(ids)


@BOTH
async def test_the_owners_of_eight_memories_are_asked_for_at_once(
    scripted: Mem0, server: ScriptedServer, action: str
) -> None:
    waiting, full, most = 0, threading.Event(), 0
    lock = threading.Lock()

    def check(exchange: Exchange) -> None:
        nonlocal waiting, most
        with lock:
            waiting += 1
            most = max(most, waiting)
            if waiting == 8:
                full.set()
        assert full.wait(PATIENCE)
        with lock:
            waiting -= 1
        service()(exchange)

    fine = json_reply({"message": "Fine"})
    server.script(lambda exchange: (check if exchange.request.method == "GET" else fine)(exchange))
    result = await scripted.call(action, given(action, *(f"m-{n}" for n in range(30))))
    assert result.success
    assert most == 8


@BOTH
@pytest.mark.parametrize("said", ["memory_id: must be a UUID", "memory_id must be a UUID", "must be a UUID"])
async def test_an_id_that_the_service_refuses_is_named_with_its_place(
    scripted: Mem0, server: ScriptedServer, action: str, said: str
) -> None:
    fine, refusal = service(), json_reply({"error": said}, 400)
    server.script(lambda exchange: (refusal if exchange.request.target == "/v1/memories/m-2/" else fine)(exchange))
    message = await scripted.refuses(action, **given(action, "m-1", "m-2", "m-3"))
    place = "memories[1].memory_id" if "update" in action else "memory_ids[1]"
    assert message == f"{place}: must be a UUID"
    assert {request.method for request in server.requests} == {"GET"}


@BOTH
async def test_more_than_a_thousand_go_in_chunks_with_a_report_each(
    scripted: Mem0, server: ScriptedServer, action: str
) -> None:
    server.script(service(json_reply({"error": "One"}, 400), json_reply({"message": "Two"})))
    result = await scripted.call(action, given(action, *(f"m-{n}" for n in range(1001))))
    assert result.error is not None
    assert (result.error.code, result.error.message) == ("invalid_input", "One")
    assert [len(batch) for batch in batches(server)] == [1000, 1]
    assert batches(server)[1][0]["memory_id"] == "m-1000"
    assert result.output["chunks"] == [
        {"first": 0, "size": 1000, "success": False, "message": None, "error": "invalid_input: One"},
        {"first": 1000, "size": 1, "success": True, "message": "Two", "error": None},
    ]
    assert result.output["updated" if "update" in action else "deleted"] == 1


@BOTH
async def test_the_progress_of_a_long_batch_is_reported(scripted: Mem0, server: ScriptedServer, action: str) -> None:
    reported: list[tuple[str, float | None, float | None]] = []
    server.script(service(json_reply({"message": "Fine"})))
    result = await scripted.call(
        action, given(action, "m-1", "m-2"), on_progress=lambda p: reported.append((p.message, p.done, p.total))
    )
    assert result.success
    checks = [("checking whose memories these are", done, 2) for done in (1, 2)]
    assert [report for report in reported if report[0] != "sending chunks"] == checks
    assert reported[-1] == ("sending chunks", 2, 2)


async def test_an_id_that_is_named_twice_is_deleted_once_and_not_changed_twice(
    scripted: Mem0, server: ScriptedServer
) -> None:
    server.script(service(json_reply({"message": "Fine"})))
    message = await scripted.refuses("batch_update_memories", **given("batch_update_memories", "m-1", "m-2", "m-1"))
    assert "memories[2].memory_id: is named twice" in message
    assert server.requests == []
    await scripted.ok("batch_delete_memories", **given("batch_delete_memories", "m-1", "m-2", "m-1"))
    assert batches(server) == [[{"memory_id": "m-1"}, {"memory_id": "m-2"}]]


async def test_two_spellings_of_one_id_are_that_id_twice(scripted: Mem0, server: ScriptedServer) -> None:
    spellings = (MEMORY_ID, MEMORY_ID.upper().replace("-", ""))
    server.script(service(json_reply({"message": "Fine"})))
    message = await scripted.refuses("batch_update_memories", **given("batch_update_memories", *spellings))
    assert "memories[1].memory_id: is named twice" in message
    assert (await scripted.ok("batch_delete_memories", **given("batch_delete_memories", *spellings)))["deleted"] == 1


@pytest.mark.parametrize(
    "memories",
    [[], "", "m-1", None, [{}], [{"memory_id": "m-1"}], [{"memory_id": "m-1", "text": " "}], ["m-1"],
     [{"memory_id": "m-1", "text": "x", "user_id": "bob"}], {"memory_id": "m-1", "text": "x"}, '[{"memory_id":'],
    ids=repr,
)  # fmt: skip
async def test_unusable_changes_are_refused(scripted: Mem0, server: ScriptedServer, memories: object) -> None:
    server.script(json_reply({}))
    assert (await scripted.refuses("batch_update_memories", user_id="alice", memories=memories)).startswith("memories")
    assert server.requests == []


@pytest.mark.parametrize(
    "memory_ids",
    [[], "", ",", "*", ["*"], None, {}, [[]], [f"m-{n}" for n in range(10_001)]],
    ids=lambda v: repr(v)[:20],
)
async def test_unusable_lists_are_refused(scripted: Mem0, server: ScriptedServer, memory_ids: object) -> None:
    server.script(json_reply({}))
    message = await scripted.refuses("batch_delete_memories", user_id="alice", memory_ids=memory_ids)
    assert message.startswith("memory_ids")
    assert server.requests == []
