"""Replies are read as far as they make sense, in one pass where they are as documented, and never raise."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.mem0.memories import memory_page, memory_record, search_result, search_results
from modulex_mem0.mem0.ownership import Owner
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.redaction import Redactor
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply
from tests.mem0.client import Mem0, example_input

ALICE: dict[str, Any] = {"id": "m-1", "memory": "User likes tea", "user_id": "alice"}


async def listed(mem0: Mem0, server: ScriptedServer, item: dict[str, Any]) -> dict[str, Any]:
    server.script(json_reply({"count": 1, "next": None, "previous": None, "results": [item]}))
    (memory,) = (await mem0.ok("get_memories", user_id="alice"))["memories"]
    assert isinstance(memory, dict)
    return memory


async def test_a_listed_session_id_arrives_as_run_id(scripted: Mem0, server: ScriptedServer) -> None:
    assert (await listed(scripted, server, {**ALICE, "session_id": "s-1"}))["run_id"] == "s-1"
    assert (await listed(scripted, server, {**ALICE, "run_id": "r-1"}))["run_id"] == "r-1"
    assert (await listed(scripted, server, {**ALICE, "run_id": None, "session_id": "s-1"}))["run_id"] == "s-1"


async def test_a_single_memorys_session_id_arrives_as_run_id(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({**ALICE, "session_id": "s-1"}))
    output = await scripted.ok("get_memories", user_id="alice", memory_id="m-1")
    assert output["memories"][0]["run_id"] == "s-1"
    assert output["ids"] == ["m-1"]
    server.script(json_reply({**ALICE, "session_id": "s-1"}))
    output = await scripted.ok("update_memory", user_id="alice", memory_id="m-1", text="x")
    assert output["memory"]["run_id"] == "s-1"


async def test_a_found_run_id_arrives_as_run_id(mem0: Mem0) -> None:
    await mem0.ok("add_memories", user_id="alice", messages="I like tea.", run_id="trip-1")
    for action, kind in (("search_memories", "search_results"), ("get_memories", "memories")):
        given = {"query": "tea"} if action == "search_memories" else {}
        output = await mem0.ok(action, user_id="alice", **given)
        assert [record["run_id"] for record in output[kind]] == ["trip-1"]


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("id", 42, "42"),
        ("id", None, None),
        ("id", ["m"], None),
        ("memory", 7, "7"),
        ("memory", {"a": 1}, None),
        ("categories", None, []),
        ("categories", "food", []),
        ("categories", ["food", 5, None, {"a": 1}], ["food", "5"]),
        ("metadata", None, None),
        ("metadata", "text", None),
        ("metadata", {"deep": {"er": [1, None]}}, {"deep": {"er": [1, None]}}),
        ("created_at", 1735689599, "1735689599"),
        ("created_at", True, None),
        ("hash", False, None),
        ("agent_id", 5.5, "5.5"),
    ],
)
async def test_a_field_of_another_type_does_not_raise(
    scripted: Mem0, server: ScriptedServer, field: str, sent: object, read: object
) -> None:
    assert (await listed(scripted, server, {**ALICE, field: sent}))[field] == read


async def test_further_fields_are_left_out_and_missing_ones_are_null(scripted: Mem0, server: ScriptedServer) -> None:
    memory = await listed(scripted, server, {"id": "m-1", "structured_attributes": {"day": 1}, "replaced_by": None})
    assert memory["id"] == "m-1"
    assert memory["memory"] is None
    assert "replaced_by" not in memory


async def test_a_user_id_that_is_a_number_is_the_users(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({**ALICE, "user_id": 7}))
    assert (await scripted.ok("get_memories", user_id="7", memory_id="m-1"))["memories"][0]["user_id"] == "7"


@pytest.mark.parametrize(
    ("sent", "read"), [(0.5, 0.5), (1, 1.0), (None, None), ("0.5", None), (True, None), ([], None), (10**400, None)]
)
async def test_a_score_is_a_number_or_null(
    scripted: Mem0, server: ScriptedServer, sent: object, read: float | None
) -> None:
    server.script(json_reply({"results": [{**ALICE, "score": sent}]}))
    output = await scripted.ok("search_memories", user_id="alice", query="x")
    assert output["search_results"][0]["score"] == read


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" * 4300], ids=["too-large", "too-small", "long"])
async def test_an_enormous_number_does_not_raise(scripted: Mem0, server: ScriptedServer, number: bytes) -> None:
    item = b'{"id": %b, "memory": %b, "score": %b, "user_id": "alice"}' % (number, number, number)
    server.script(reply(200, b'{"results": [%b]}' % item, content_type="application/json"))
    await scripted.ok("search_memories", user_id="alice", query="x")


@pytest.mark.parametrize("number", [b"1e999", b"-1e999"])
@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("get_memories", b'{"results": [{"id": "m-1", "user_id": "alice", "metadata": {"n": [%b]}}]}'),
        ("get_memory_history", b'[{"id": "h-1", "user_id": "alice", "metadata": {"n": %b}}]'),
        ("list_entities", b'{"results": [{"name": "alice", "metadata": {"n": %b}}]}'),
        ("get_memory_export", b'{"n": %b}'),
        ("summarize_memories", b'[{"summary": "x", "n": %b}]'),
    ],
)
async def test_a_number_that_json_cannot_hold_does_not_reach_an_output(
    scripted: Mem0, server: ScriptedServer, action: str, body: bytes, number: bytes
) -> None:
    server.script(reply(200, body % number, content_type="application/json"))
    await scripted.call(action, example_input(action))  # checks that the output is JSON


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("count", "7", None),
        ("count", 7, 7),
        ("count", True, None),
        ("next", 5, "5"),
        ("next", {}, None),
        ("previous", [], None),
    ],
)
async def test_the_page_fields_of_another_type_do_not_raise(
    scripted: Mem0, server: ScriptedServer, field: str, sent: object, read: object
) -> None:
    server.script(json_reply({"results": [ALICE], field: sent}))
    assert (await scripted.ok("get_memories", user_id="alice"))[field] == read


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": None},
        {"results": {}},
        {"results": "none"},
        {"results": [None]},
        {"results": ["m-1"]},
        {"memories": []},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("search_memories", {"user_id": "alice", "query": "x"}),
        ("get_memories", {"user_id": "alice"}),
        ("get_memories", {"user_id": "alice", "return_all": True}),
        ("list_events", {}),
        ("list_entities", {}),
    ],
)
async def test_a_reply_without_a_list_is_not_an_empty_list(
    scripted: Mem0, server: ScriptedServer, action: str, given: dict[str, Any], body: dict[str, Any]
) -> None:
    server.script(json_reply(body))
    assert (await scripted.fails(action, **given)).code == "bad_response"


async def test_what_names_another_user_is_left_out(scripted: Mem0, server: ScriptedServer) -> None:
    results = [ALICE, {"id": "m-2", "memory": "User likes gin", "user_id": "bob"}]
    server.script(json_reply({"results": results, "count": 2}))
    assert (await scripted.ok("get_memories", user_id="alice"))["ids"] == ["m-1"]
    assert (await scripted.ok("get_memories", user_id="alice", return_all=True))["ids"] == ["m-1"]
    assert (await scripted.ok("search_memories", user_id="alice", query="x"))["ids"] == ["m-1"]


texts = st.text(max_size=8)
documented = st.fixed_dictionaries(
    {"id": texts, "memory": texts},
    optional={
        "user_id": st.none() | st.just("alice") | texts,
        "run_id": st.none() | texts,
        "session_id": st.none() | texts,
        "metadata": st.none() | st.dictionaries(texts, st.none() | texts | st.integers() | st.booleans(), max_size=3),
        "categories": st.none() | st.lists(texts, max_size=3),
        "score": st.none() | st.floats(0, 1) | st.integers(0, 1),
        "created_at": texts,
        "score_breakdown": st.just({"semantic": 0.5}),
    },
)
odd_values = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.lists(texts, max_size=2)
odd = st.dictionaries(
    st.sampled_from(["id", "memory", "user_id", "session_id", "run_id", "metadata", "categories", "score", "hash"]),
    odd_values,
    max_size=6,
)


ALICE_ALONE = Owner("alice")


def as_reply(body: object) -> HttpReply:
    return HttpReply(200, httpx.Headers().get, json.dumps(body).encode(), Redactor(()))


@given(items=st.lists(documented | odd, max_size=4))
@example(items=[{"metadata": {"x": 1}, "categories": None, "session_id": "s-1"}])
def test_both_ways_of_reading_agree(items: list[dict[str, Any]]) -> None:
    try:
        json.dumps(items, allow_nan=False)
    except ValueError:
        # What is no JSON is refused as a whole, whichever way it is read.
        for read in (search_results, memory_page):
            with pytest.raises(ActionError) as refused:
                read(as_reply({"results": items}), ALICE_ALONE, 10)
            assert refused.value.code is ErrorCode.BAD_RESPONSE
        return
    # Both judge whose a record is, the one from what was read and the other from what arrived.
    seen = [item for item in items if ALICE_ALONE.may_see(item)]
    assert search_results(as_reply({"results": items}), ALICE_ALONE, 10) == [search_result(item) for item in seen]
    page = memory_page(as_reply({"results": items, "count": 1}), ALICE_ALONE, 10)
    assert page.records == [memory_record(item) for item in seen]


async def test_records_without_categories_have_an_empty_list(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"results": [{**ALICE, "categories": None}, ALICE]}))
    output = await scripted.ok("search_memories", user_id="alice", query="tea")
    assert [found["categories"] for found in output["search_results"]] == [[], []]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("memory", ["I like tea", "IN" * 2000])
async def test_a_number_that_json_does_not_have_is_refused(
    scripted: Mem0, server: ScriptedServer, number: str, memory: str
) -> None:
    record = {**ALICE, "memory": memory, "metadata": {"x": "number"}}
    body = json.dumps({"results": [record]}).replace('"number"', number)
    server.script(reply(200, body.encode()))
    error = await scripted.fails("search_memories", user_id="alice", query="tea")
    assert error.code is ErrorCode.BAD_RESPONSE


async def test_the_words_for_such_numbers_are_only_words_in_a_text(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"results": [{**ALICE, "memory": "NaN and Infinity are not numbers"}]}))
    output = await scripted.ok("search_memories", user_id="alice", query="numbers")
    assert output["search_results"][0]["memory"] == "NaN and Infinity are not numbers"


@pytest.mark.parametrize(("field", "code"), [("error", ErrorCode.SERVICE_ERROR), ("status", ErrorCode.EVENT_FAILED)])
async def test_a_failure_reported_beside_results_is_a_failure(
    scripted: Mem0, server: ScriptedServer, field: str, code: ErrorCode
) -> None:
    server.script(json_reply({"results": [ALICE], field: "FAILED"}))
    for action, more in (("search_memories", {"query": "tea"}), ("get_memories", {})):
        assert (await scripted.fails(action, user_id="alice", **more)).code is code
