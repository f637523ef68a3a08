"""A list is read from its bytes in one pass where all is as documented, and else says what reading by pieces would."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.mem0.replies import memory_page, memory_record, search_result, search_results
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.redaction import Redactor
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply
from tests.mem0.helpers.kit import Mem0

ALICE: dict[str, Any] = {"id": "m-1", "memory": "User likes tea", "user_id": "alice"}

texts = st.text(max_size=8)
documented = st.fixed_dictionaries(
    {"id": texts, "memory": texts},
    optional={
        "user_id": st.none() | texts,
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


def as_reply(body: object) -> HttpReply:
    return HttpReply(200, httpx.Headers(), json.dumps(body).encode(), Redactor(()))


@given(items=st.lists(documented | odd, max_size=4))
@example(items=[{"metadata": {"x": 1}, "categories": None, "session_id": "s-1"}])
def test_both_ways_of_reading_agree(items: list[dict[str, Any]]) -> None:
    try:
        json.dumps(items, allow_nan=False)
    except ValueError:
        # What is no JSON is refused as a whole, whichever way it is read.
        for read in (search_results, memory_page):
            with pytest.raises(ActionError) as refused:
                read(as_reply({"results": items}))
            assert refused.value.code is ErrorCode.BAD_RESPONSE
        return
    assert search_results(as_reply({"results": items})) == [search_result(item) for item in items]
    assert memory_page(as_reply({"results": items, "count": 1})).records == [memory_record(item) for item in items]


async def test_records_without_categories_have_an_empty_list(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"results": [{**ALICE, "categories": None}, ALICE]}))
    output = await scripted.ok("search_memories", user_id="alice", query="tea")
    assert [found["categories"] for found in output["search_results"]] == [[], []]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_json_does_not_have_is_refused(scripted: Mem0, server: ScriptedServer, number: str) -> None:
    body = json.dumps({"results": [{**ALICE, "metadata": {"x": "number"}}]}).replace('"number"', number)
    server.script(reply(200, body.encode()))
    error = await scripted.fails("search_memories", user_id="alice", query="tea")
    assert error.code is ErrorCode.BAD_RESPONSE


async def test_the_words_for_such_numbers_are_only_words_in_a_text(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(json_reply({"results": [{**ALICE, "memory": "NaN and Infinity are not numbers"}]}))
    output = await scripted.ok("search_memories", user_id="alice", query="numbers")
    assert output["search_results"][0]["memory"] == "NaN and Infinity are not numbers"


@pytest.mark.parametrize(("field", "code"), [("error", ErrorCode.SERVICE_ERROR), ("status", ErrorCode.EVENT_FAILED)])
async def test_a_failure_told_beside_results_is_a_failure(
    scripted: Mem0, server: ScriptedServer, field: str, code: ErrorCode
) -> None:
    server.script(json_reply({"results": [ALICE], field: "FAILED"}))
    for action, more in (("search_memories", {"query": "tea"}), ("get_memories", {})):
        assert (await scripted.fails(action, user_id="alice", **more)).code is code
