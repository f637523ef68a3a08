"""Filters in Mem0's language: what its server drops or misreads is refused, with the reason and the mend."""

import json
from typing import Any

import pytest

from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.helpers.kit import Mem0

EMPTY = json_reply({"results": [], "count": 0})
EVERYWHERE = ["search_memories", "get_memories", "summarize_memories"]


def given(action: str, filters: object) -> dict[str, Any]:
    return {"user_id": "alice", "filters": filters, **({"query": "x"} if action == "search_memories" else {})}


REFUSED: list[tuple[Any, str, str]] = [
    # Unknown keys, with the word that Mem0 has for it where there is one.
    ({"colour": "red"}, "colour is not a filter of Mem0", "known: AND, OR, NOT, agent_id"),
    ({"session_id": "s"}, "session_id is not a filter", "write run_id"),
    ({"and": [{"app_id": "a"}]}, "and is not a filter", "write AND"),
    ({"$or": [{"app_id": "a"}]}, "$or is not a filter", "write OR"),
    ({"AND": [{"app_id": "a"}, {"$not": {}}]}, "AND[1].$not is not a filter", "write NOT"),
    ({"score": {"gt": 1}}, "score is not a filter", "known: "),
    # Operators of other languages.
    ({"agent_id": {"nin": ["a"]}}, "agent_id: nin is not an operator", "write NOT with in"),
    ({"agent_id": {"not in": ["a"]}}, "agent_id: not in is not an operator", "NOT with in"),
    ({"created_at": {">=": "2024-01-01"}}, "created_at: >= is not an operator", "write gte"),
    ({"created_at": {"<": "2024-01-01"}}, "created_at: < is not an operator", "write lt"),
    ({"app_id": {"!=": "a"}}, "app_id: != is not an operator", "write ne"),
    ({"app_id": {"=": "a"}}, "app_id: = is not an operator", "write the bare value"),
    ({"text": {"like": "%tea%"}}, "text: like is not an operator", "write contains"),
    ({"text": {"LIKE": "%tea%"}}, "text: LIKE is not an operator", "write contains"),
    ({"created_at": {"between": ["a", "b"]}}, "created_at: between is not an operator", "write gte and lte"),
    ({"app_id": {"$in": ["a"]}}, "app_id: $in is not an operator", "write in"),
    ({"metadata": {"n": {"gt": 5}}}, "metadata.n: gt is not an operator", "use eq, ne, contains"),
    ({"categories": {"eq": "food"}}, "categories: eq is not an operator", "use in, contains"),
    ({"app_id": {"contains": "a"}}, "app_id: contains is not an operator", "use eq, ne, in"),
    # What Mem0 drops, fails on or refuses.
    ({"AND": [{"app_id": "a"}], "OR": [{"app_id": "b"}]}, "AND and OR side by side", "put the OR into the AND's list"),
    ({"NOT": [{"AND": [{"app_id": "a"}], "OR": [{"app_id": "b"}]}]}, "NOT[0] has AND and OR", "put the OR into"),
    ({"created_at": {"eq": "2024-01-01"}}, "Mem0 refuses eq on dates", "give the bare value, or gte and lte"),
    ({"OR": [{"expiration_date": {"eq": "2024-01-01"}}]}, "OR[0].expiration_date: Mem0 refuses eq", "bare value"),
    # Values that do not fit.
    ({}, "must not be empty", "leave the parameter out"),
    ({"AND": []}, "AND must be a non-empty list", "of objects"),
    ({"OR": {"app_id": "a"}}, "OR must be a non-empty list", "of objects"),
    ({"AND": ["app_id"]}, "AND[0] must be a non-empty object", "such as"),
    ({"NOT": {}}, "NOT must be a non-empty object", "such as"),
    ({"NOT": []}, "NOT must be a non-empty list", "of objects"),
    ({"app_id": ["a"]}, "app_id must be a single value", "or an object with one of eq, ne, in"),
    ({"app_id": None}, "app_id must be a single value", "object"),
    ({"app_id": {}}, "app_id has no operator", "use eq, ne, in"),
    ({"app_id": {"in": "a"}}, "app_id.in must be a non-empty list", "of values"),
    ({"app_id": {"in": []}}, "app_id.in must be a non-empty list", "of values"),
    ({"app_id": {"ne": ["a"]}}, "app_id.ne must be a single value", ""),
    ({"app_id": ""}, "app_id must be a single value", ""),
    ({"categories": "food"}, "categories needs an operator", 'as in {"in"'),
    ({"metadata": "x"}, "metadata must be an object of keys", "and values"),
    ({"metadata": {}}, "metadata must be an object of keys", "and values"),
    ({"memory_ids": "m-1"}, "memory_ids needs an operator", 'as in {"in"'),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "reason", "mend"), REFUSED, ids=lambda value: str(value)[:50])
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_a_filter_that_would_mislead_is_refused_with_the_mend(
    scripted: Mem0, server: ScriptedServer, *, action: str, filters: Any, reason: str, mend: str
) -> None:
    server.script(EMPTY)
    told = await scripted.refuses(action, **given(action, filters))
    assert told.startswith("filters: ")
    assert reason in told
    assert mend in told
    assert server.requests == []


@pytest.mark.parametrize("filters", ["", "x", "[", "{", "[]", [], 5, True, '{"app_id": '], ids=repr)
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_filters_that_are_no_object_are_refused(
    scripted: Mem0, server: ScriptedServer, action: str, filters: object
) -> None:
    server.script(EMPTY)
    assert (await scripted.refuses(action, **given(action, filters))).startswith("filters: ")
    assert server.requests == []


async def test_keywords_are_refused_in_a_search_alone(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(EMPTY)
    for filters in ({"keywords": "tea"}, {"OR": [{"app_id": "a"}, {"keywords": {"contains": "tea"}}]}):
        told = await scripted.refuses("search_memories", **given("search_memories", filters))
        assert "Mem0 fails on keywords in a search" in told
        assert "use the query, or text with contains" in told
        await scripted.ok("get_memories", **given("get_memories", filters))


@pytest.mark.parametrize("levels", [17, 100, 5000])
async def test_filters_without_end_are_refused(scripted: Mem0, server: ScriptedServer, levels: int) -> None:
    filters = '{"NOT":' * levels + '{"app_id": "a"}' + "}" * levels
    server.script(EMPTY)
    for action in EVERYWHERE:
        assert (await scripted.refuses(action, **given(action, filters))).startswith("filters: ")
    assert server.requests == []


@pytest.mark.parametrize(
    "filters",
    [
        {"user_id": "bob"},
        {"user_id": "*"},
        {"user_id": {"eq": "bob"}},
        {"user_id": {"ne": "alice"}},
        {"user_id": {"in": ["alice", "bob"]}},
        {"OR": [{"user_id": "bob"}, {"app_id": "chef"}]},
        {"NOT": [{"user_id": "bob"}]},
        {"NOT": {"AND": [{"OR": [{"user_id": "bob"}]}]}},
        {"AND": [{"app_id": "chef"}, {"NOT": {"user_id": {"ne": "bob"}}}]},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_filters_that_name_another_user_are_refused(
    scripted: Mem0, server: ScriptedServer, action: str, filters: Any
) -> None:
    server.script(EMPTY)
    told = await scripted.refuses(action, **given(action, filters))
    assert "the user is set by the parameter user_id; leave it out of the filters" in told
    assert server.requests == []


@pytest.mark.parametrize(
    "filters",
    [
        {"user_id": "alice"},
        {"agent_id": "*"},
        {"app_id": {"in": ["a", "b"]}},
        {"created_at": {"gte": "2024-01-01", "lt": "2025-01-01"}},
        {"created_at": "2024-01-01"},
        {"categories": {"in": ["food"]}},
        {"categories": {"contains": "food"}},
        {"metadata": {"user_id": "bob"}},
        {"metadata": {"source": {"ne": "chat"}, "done": True, "n": 5}},
        {"memory_ids": ["m-1"]},
        {"text": {"icontains": "tea"}},
        {"NOT": [{"agent_id": {"in": ["a", "b"]}}]},
        {"AND": [{"app_id": "a"}, {"OR": [{"run_id": "r"}, {"NOT": {"app_id": "b"}}]}]},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_sound_filters_are_sent_as_a_term_beside_the_user(
    scripted: Mem0, server: ScriptedServer, action: str, filters: Any
) -> None:
    server.script(EMPTY)
    await scripted.ok(action, **given(action, filters))
    await scripted.ok(action, **given(action, json.dumps(filters)))
    assert [request.json()["filters"] for request in server.requests] == [{"AND": [{"user_id": "alice"}, filters]}] * 2


async def test_every_operator_that_is_let_through_is_one_that_the_service_takes(mem0: Mem0) -> None:
    await mem0.remember("alice", "I like tea.")
    for filters in (
        *({field: {op: "a"}} for field in ("agent_id", "app_id", "run_id") for op in ("eq", "ne")),
        *({field: {"in": ["a"]}} for field in ("agent_id", "app_id", "run_id")),
        *({"created_at": {op: "2024-01-01"}} for op in ("gt", "gte", "lt", "lte", "ne")),
        *({field: {"in": ["2024-01-01"]}} for field in ("created_at", "updated_at", "timestamp", "expiration_date")),
        *({"metadata": {"source": {op: "chat"}}} for op in ("eq", "ne", "contains")),
        {"categories": {"in": ["food"]}},
        {"categories": {"contains": "food"}},
        {"text": {"contains": "tea"}},
        {"text": {"icontains": "tea"}},
        {"keywords_search": "tea"},
        {"memory_ids": {"in": ["m-1"]}},
        {"memory_ids": ["m-1"]},
        {"created_at": "2024-01-01"},
    ):
        for action in EVERYWHERE:
            await mem0.ok(action, **given(action, filters))
