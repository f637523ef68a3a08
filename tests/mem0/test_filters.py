"""Filters in Mem0's language: what its server drops or misreads is refused, and no filter reaches beyond the user."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modulex_mem0.runtime import Runtime
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.client import KEY, Mem0

EMPTY = json_reply({"results": [], "count": 0})
EVERYWHERE = ["search_memories", "get_memories", "summarize_memories"]


def with_filters(action: str, filters: object) -> dict[str, Any]:
    return {"user_id": "alice", "filters": filters, **({"query": "x"} if action == "search_memories" else {})}


KNOWN = (
    "known: AND, OR, NOT, agent_id, app_id, categories, created_at, expiration_date, keywords, keywords_search,"
    " memory_ids, metadata, run_id, text, timestamp, updated_at, user_id"
)
SIDE_BY_SIDE = "has AND and OR side by side, of which Mem0 drops the OR; put the OR into the AND's list"
ONE_ENTITY = "must be a single value, or an object with one of eq, ne, in"
AN_OBJECT = 'must be a non-empty object such as {"agent_id": "planner"}'
NEEDS_OPERATOR = 'needs an operator, as in {"in": ["…"]}'
NO_EQ = "Mem0 refuses eq on dates; give the bare value, or gte and lte"
NOT_IN = 'NOT with in, as in {"NOT": [{"agent_id": {"in": ["a", "b"]}}]}'
TEMPLATE = "'{{x}}' is a template that was not filled in; pass the id itself"

REFUSED: list[tuple[Any, str]] = [
    # Unknown keys, with the word that Mem0 has for it where there is one.
    ({"colour": "red"}, f"colour is not a filter of Mem0; {KNOWN}"),
    ({"score": {"gt": 1}}, f"score is not a filter of Mem0; {KNOWN}"),
    ({"OR": [{"app_id": "a"}, {"NOT": {"x": 1}}]}, f"OR[1].NOT.x is not a filter of Mem0; {KNOWN}"),
    ({"k" * 201: 1}, f"{'k' * 200} is not a filter of Mem0; {KNOWN}"),
    ({"gt": 1}, f"gt is not a filter of Mem0; {KNOWN}"),
    ({">": 1}, f"> is not a filter of Mem0; {KNOWN}"),
    ({"session_id": "s"}, "session_id is not a filter of Mem0; write run_id"),
    ({"and": [{"app_id": "a"}]}, "and is not a filter of Mem0; write AND"),
    ({"Or": [{"app_id": "a"}]}, "Or is not a filter of Mem0; write OR"),
    ({"$or": [{"app_id": "a"}]}, "$or is not a filter of Mem0; write OR"),
    ({"AND": [{"app_id": "a"}, {"$not": {}}]}, "AND[1].$not is not a filter of Mem0; write NOT"),
    # Operators of other languages.
    ({"agent_id": {"nin": ["a"]}}, f"agent_id: nin is not an operator here; write {NOT_IN}"),
    ({"agent_id": {"not in": ["a"]}}, "agent_id: not in is not an operator here; write NOT with in"),
    ({"created_at": {">=": "2024-01-01"}}, "created_at: >= is not an operator here; write gte"),
    ({"created_at": {"<": "2024-01-01"}}, "created_at: < is not an operator here; write lt"),
    ({"app_id": {"!=": "a"}}, "app_id: != is not an operator here; write ne"),
    ({"app_id": {"=": "a"}}, "app_id: = is not an operator here; write the bare value"),
    ({"text": {"like": "%tea%"}}, "text: like is not an operator here; write contains"),
    ({"text": {"LIKE": "%tea%"}}, "text: LIKE is not an operator here; write contains"),
    ({"created_at": {"between": ["a", "b"]}}, "created_at: between is not an operator here; write gte and lte"),
    ({"app_id": {"$in": ["a"]}}, "app_id: $in is not an operator here; write in"),
    ({"app_id": {"o" * 41: "a"}}, f"app_id: {'o' * 40} is not an operator here; use eq, ne, in"),
    # Operators that Mem0 has for other fields.
    ({"metadata": {"n": {"gt": 5}}}, "metadata.n: gt is not an operator here; use eq, ne, contains"),
    ({"categories": {"eq": "food"}}, "categories: eq is not an operator here; use in, contains"),
    ({"memory_ids": {"ne": "m-1"}}, "memory_ids: ne is not an operator here; use in"),
    ({"app_id": {"contains": "a"}}, "app_id: contains is not an operator here; use eq, ne, in"),
    ({"text": {"in": ["a"]}}, "text: in is not an operator here; use eq, ne, contains, icontains"),
    ({"timestamp": {"contains": "2"}}, "timestamp: contains is not an operator here; use gt, gte, lt, lte, ne, in"),
    # What Mem0 drops or refuses.
    ({"AND": [{"app_id": "a"}], "OR": [{"app_id": "b"}]}, f"the top level {SIDE_BY_SIDE}"),
    ({"NOT": [{"AND": [{"app_id": "a"}], "OR": [{"app_id": "b"}]}]}, f"NOT[0] {SIDE_BY_SIDE}"),
    ({"created_at": {"eq": "2024-01-01"}}, f"created_at: {NO_EQ}"),
    ({"OR": [{"expiration_date": {"eq": "2024-01-01"}}]}, f"OR[0].expiration_date: {NO_EQ}"),
    # Values that do not fit.
    ({"AND": []}, "AND must be a non-empty list of objects"),
    ({"OR": {"app_id": "a"}}, "OR must be a non-empty list of objects"),
    ({"AND": [{"OR": "app_id"}]}, "AND[0].OR must be a non-empty list of objects"),
    ({"AND": ["app_id"]}, f"AND[0] {AN_OBJECT}"),
    ({"OR": [{"app_id": "a"}, {}]}, f"OR[1] {AN_OBJECT}"),
    ({"NOT": {}}, f"NOT {AN_OBJECT}"),
    ({"NOT": "app_id"}, f"NOT {AN_OBJECT}"),
    ({"NOT": []}, "NOT must be a non-empty list of objects"),
    ({"app_id": ["a"]}, f"app_id {ONE_ENTITY}"),
    ({"app_id": None}, f"app_id {ONE_ENTITY}"),
    ({"app_id": ""}, f"app_id {ONE_ENTITY}"),
    ({"NOT": {"run_id": ""}}, f"NOT.run_id {ONE_ENTITY}"),
    ({"NOT": [{"run_id": ""}]}, f"NOT[0].run_id {ONE_ENTITY}"),
    ({"updated_at": []}, "updated_at must be a single value, or an object with one of gt, gte, lt, lte, ne, in"),
    ({"keywords_search": []},
     "keywords_search must be a single value, or an object with one of eq, ne, contains, icontains"),
    ({"app_id": {}}, "app_id has no operator; use eq, ne, in"),
    ({"app_id": {"in": "a"}}, "app_id.in must be a non-empty list of values"),
    ({"app_id": {"in": []}}, "app_id.in must be a non-empty list of values"),
    ({"app_id": {"in": ["a", ""]}}, "app_id.in must be a non-empty list of values"),
    ({"app_id": {"in": ["a", ["b"]]}}, "app_id.in must be a non-empty list of values"),
    ({"app_id": {"ne": ["a"]}}, "app_id.ne must be a single value"),
    ({"app_id": {"in": ["a"], "ne": ""}}, "app_id.ne must be a single value"),
    ({"categories": "food"}, f"categories {NEEDS_OPERATOR}"),
    ({"categories": ["food"]}, f"categories {NEEDS_OPERATOR}"),
    ({"memory_ids": "m-1"}, f"memory_ids {NEEDS_OPERATOR}"),
    ({"memory_ids": []}, f"memory_ids {NEEDS_OPERATOR}"),
    ({"memory_ids": ["m-1", ""]}, f"memory_ids {NEEDS_OPERATOR}"),
    ({"metadata": "x"}, "metadata must be an object of keys and values"),
    ({"metadata": {}}, "metadata must be an object of keys and values"),
    ({"metadata": {"n": [5]}}, "metadata.n must be a single value, or an object with one of eq, ne, contains"),
    ({"metadata": {"n": {}}}, "metadata.n has no operator; use eq, ne, contains"),
    # Ids of nobody.
    ({"app_id": "{{x}}"}, f"app_id: {TEMPLATE}"),
    ({"NOT": {"run_id": {"ne": "{{x}}"}}}, f"NOT.run_id: {TEMPLATE}"),
    ({"agent_id": {"in": ["a", "{{x}}"]}}, f"agent_id: {TEMPLATE}"),
    ({"memory_ids": {"in": ["{{x}}"]}}, f"memory_ids: {TEMPLATE}"),
    ({"memory_ids": ["m-1", "{{x}}"]}, f"memory_ids: {TEMPLATE}"),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "reason"), REFUSED, ids=[repr(filters)[:60] for filters, _ in REFUSED])
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_a_filter_that_would_mislead_is_refused_with_the_fix(
    scripted: Mem0, server: ScriptedServer, action: str, filters: Any, reason: str
) -> None:
    server.script(EMPTY)
    assert await scripted.refuses(action, **with_filters(action, filters)) == f"filters: {reason}"
    assert server.requests == []


OPERATORS = [
    ({"text": "ilike"}, "write icontains"),
    ({"metadata": "regex"}, "write contains"),
    ({"metadata": "not"}, "write ne"),
    ({"metadata": "=="}, "write the bare value"),
    ({"app_id": "<>"}, "write ne"),
    ({"app_id": "$ne"}, "write ne"),
    ({"app_id": "$not"}, "write ne"),
    ({"app_id": "$eq"}, "write the bare value"),
    ({"categories": "$in"}, "write in"),
    ({"memory_ids": "NIN"}, f"write {NOT_IN}"),
    *(({"timestamp": f"${operator}"}, f"write {operator}") for operator in ("gt", "gte", "lt", "lte")),
    ({"timestamp": ">"}, "write gt"),
    ({"timestamp": "<="}, "write lte"),
    # Mem0 has a word, but not for this field.
    ({"metadata": "ilike"}, "use eq, ne, contains"),
    ({"metadata": ">"}, "use eq, ne, contains"),
    ({"metadata": "between"}, "use eq, ne, contains"),
    ({"metadata": "$in"}, "use eq, ne, contains"),
    ({"metadata": "nin"}, "use eq, ne, contains"),
    ({"text": "not in"}, "use eq, ne, contains, icontains"),
    ({"app_id": "like"}, "use eq, ne, in"),
    ({"app_id": "$or"}, "use eq, ne, in"),
    ({"categories": "="}, "use in, contains"),
    ({"memory_ids": "$eq"}, "use in"),
    ({"memory_ids": "!="}, "use in"),
]  # fmt: skip


@pytest.mark.parametrize(("used", "fix"), OPERATORS, ids=str)
async def test_an_operator_of_another_language_is_translated_where_mem0_takes_the_translation(
    scripted: Mem0, used: dict[str, str], fix: str
) -> None:
    ((field, operator),) = used.items()
    here = "metadata.n" if field == "metadata" else field
    filters = {field: {"n": {operator: 1}} if field == "metadata" else {operator: 1}}
    message = await scripted.refuses("get_memories", **with_filters("get_memories", filters))
    assert message == f"filters: {here}: {operator} is not an operator here; {fix}"


@pytest.mark.parametrize("filters", ["x", "[", "{", "[1]", [1], 5, True, '{"app_id": '], ids=repr)
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_filters_that_are_no_object_are_refused(
    scripted: Mem0, server: ScriptedServer, action: str, filters: object
) -> None:
    server.script(EMPTY)
    assert (await scripted.refuses(action, **with_filters(action, filters))).startswith("filters: ")
    assert server.requests == []


@pytest.mark.parametrize("filters", [json.dumps(json.dumps("{}")), json.dumps(json.dumps("{ }"))])
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_filters_that_turn_out_to_be_empty_are_refused(
    scripted: Mem0, server: ScriptedServer, action: str, filters: str
) -> None:
    server.script(EMPTY)
    message = await scripted.refuses(action, **with_filters(action, filters))
    assert message == "filters: must not be empty; leave the parameter out instead"
    assert server.requests == []


async def test_keywords_are_refused_in_a_search_alone(scripted: Mem0, server: ScriptedServer) -> None:
    server.script(EMPTY)
    for filters, place in (
        ({"keywords": "tea"}, "keywords"),
        ({"OR": [{"app_id": "a"}, {"keywords": {"contains": "tea"}}]}, "OR[1].keywords"),
        ({"NOT": {"keywords": "tea"}}, "NOT.keywords"),
    ):
        assert await scripted.refuses("search_memories", **with_filters("search_memories", filters)) == (
            f"filters: {place}: Mem0 fails on keywords in a search; use the query, or text with contains"
        )
        for action in ("get_memories", "summarize_memories"):
            await scripted.ok(action, **with_filters(action, filters))


def deep(word: str, levels: int) -> dict[str, Any]:
    filters: dict[str, Any] = {"app_id": "a"}
    for _ in range(levels - 1):
        filters = {"NOT": filters} if word == "NOT" else {word.removesuffix("[]"): [filters]}
    return filters


@pytest.mark.parametrize("word", ["AND", "OR", "NOT", "NOT[]"])
async def test_sixteen_levels_are_the_most(scripted: Mem0, server: ScriptedServer, word: str) -> None:
    server.script(EMPTY)
    await scripted.ok("get_memories", **with_filters("get_memories", deep(word, 16)))
    message = await scripted.refuses("get_memories", **with_filters("get_memories", deep(word, 17)))
    assert message == "filters: nested more than 16 levels deep"


@pytest.mark.parametrize("levels", [17, 100, 5000])
async def test_filters_without_end_are_refused(scripted: Mem0, server: ScriptedServer, levels: int) -> None:
    filters = '{"NOT":' * levels + '{"app_id": "a"}' + "}" * levels
    server.script(EMPTY)
    for action in EVERYWHERE:
        assert (await scripted.refuses(action, **with_filters(action, filters))).startswith("filters: ")
    assert server.requests == []


ANOTHERS: list[tuple[dict[str, Any], str]] = [
    ({"user_id": "bob"}, "user_id"),
    ({"user_id": "*"}, "user_id"),
    ({"user_id": "Alice"}, "user_id"),
    ({"user_id": 5}, "user_id"),
    ({"user_id": True}, "user_id"),
    ({"user_id": {"eq": "bob"}}, "user_id"),
    ({"user_id": {"ne": "alice"}}, "user_id"),
    ({"user_id": {"in": ["alice", "bob"]}}, "user_id"),
    # A condition that says the same would be one more way to say something else.
    ({"user_id": {"eq": "alice"}}, "user_id"),
    ({"app_id": "chef", "user_id": "bob"}, "user_id"),
    ({"metadata": {"a": "b"}, "user_id": "bob"}, "user_id"),
    ({"OR": [{"user_id": "bob"}, {"app_id": "chef"}]}, "OR[0].user_id"),
    ({"NOT": [{"app_id": "chef"}, {"user_id": "bob"}]}, "NOT[1].user_id"),
    ({"NOT": {"AND": [{"OR": [{"user_id": "bob"}]}]}}, "NOT.AND[0].OR[0].user_id"),
    ({"AND": [{"app_id": "chef"}, {"NOT": {"user_id": {"ne": "bob"}}}]}, "AND[1].NOT.user_id"),
    ({"AND": [{"user_id": "alice"}, {"user_id": "bob"}]}, "AND[1].user_id"),
]


@pytest.mark.parametrize(("filters", "place"), ANOTHERS, ids=repr)
@pytest.mark.parametrize("agent", [{}, {"agent_id": "planner"}], ids=["user", "user and agent"])
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_filters_that_name_another_user_are_refused(
    scripted: Mem0, server: ScriptedServer, *, action: str, agent: dict[str, str], filters: Any, place: str
) -> None:
    server.script(EMPTY)
    message = await scripted.refuses(action, **with_filters(action, filters), **agent)
    assert message == (f"filters.{place}: the user is set by the parameter user_id; leave it out of the filters")
    assert server.requests == []


# For a user and an agent, also what was added for both, which Mem0 stores under the agent with the user's tag.
EITHER = {"OR": [{"user_id": "alice"}, {"metadata": {"for_user_id": "alice"}}]}
NARROWER = {"app_id": "chef", "run_id": "r-1"}
AGENT = {"agent_id": "planner"}
CHEF = {"app_id": "chef"}


@pytest.mark.parametrize(
    ("given_scope", "filters", "sent"),
    [
        ({}, None, {"user_id": "alice"}),
        (NARROWER, None, {"user_id": "alice", **NARROWER}),
        (NARROWER, CHEF, {"AND": [{"user_id": "alice", **NARROWER}, CHEF]}),
        (AGENT, None, {"AND": [EITHER, AGENT]}),
        ({**AGENT, **NARROWER}, None, {"AND": [EITHER, {**AGENT, **NARROWER}]}),
        (AGENT, CHEF, {"AND": [EITHER, AGENT, CHEF]}),
        (AGENT, {"user_id": "alice"}, {"AND": [EITHER, AGENT, {"user_id": "alice"}]}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_a_request_is_limited_to_the_user_and_what_is_named_beside(
    scripted: Mem0, server: ScriptedServer, *, action: str, given_scope: dict[str, str], filters: Any, sent: Any
) -> None:
    server.script(EMPTY)
    await scripted.ok(action, **with_filters(action, filters), **given_scope)
    assert server.requests[0].json()["filters"] == sent


@pytest.mark.parametrize(
    ("action", "start", "end"),
    [("search_memories", "created_after", "created_before"), ("get_memories", "start_date", "end_date")],
)
async def test_moments_are_a_condition_beside_the_user(
    scripted: Mem0, server: ScriptedServer, action: str, start: str, end: str
) -> None:
    server.script(EMPTY)
    moments = {start: "2024-01-01T00:00:00Z", end: "2024-02-01T00:00:00Z"}
    created = {"created_at": {"gte": "2024-01-01T00:00:00Z", "lte": "2024-02-01T00:00:00Z"}}
    for scope, sent in (
        ({}, {"AND": [{"user_id": "alice", **created}, CHEF]}),
        (AGENT, {"AND": [EITHER, {**AGENT, **created}, CHEF]}),
    ):
        await scripted.ok(action, **with_filters(action, CHEF), **scope, **moments)
        assert server.requests[-1].json()["filters"] == sent


@pytest.mark.parametrize(
    ("filters", "sent"),
    [
        ({"app_id": 5}, {"app_id": "5"}),
        ({"app_id": {"in": [5, "a"]}, "run_id": {"ne": 0}}, {"app_id": {"in": ["5", "a"]}, "run_id": {"ne": "0"}}),
        ({"OR": [{"agent_id": 5}, {"NOT": {"run_id": 7}}]}, {"OR": [{"agent_id": "5"}, {"NOT": {"run_id": "7"}}]}),
        ({"NOT": [{"AND": [{"user_id": 12}]}]}, {"NOT": [{"AND": [{"user_id": "12"}]}]}),
        # What is no id, and what is no whole number, is sent as it is.
        ({"app_id": True}, {"app_id": True}),
        ({"app_id": 1.5}, {"app_id": 1.5}),
        ({"created_at": {"gte": 5}}, {"created_at": {"gte": 5}}),
        ({"metadata": {"app_id": 5, "run_id": {"ne": 5}}}, {"metadata": {"app_id": 5, "run_id": {"ne": 5}}}),
        ({"OR": [{"metadata": {"app_id": 5}}]}, {"OR": [{"metadata": {"app_id": 5}}]}),
    ],
    ids=repr,
)  # fmt: skip
async def test_a_number_for_an_id_is_sent_as_its_text(
    scripted: Mem0, server: ScriptedServer, filters: Any, sent: Any
) -> None:
    server.script(EMPTY)
    for action in EVERYWHERE:
        await scripted.ok(action, **{**with_filters(action, filters), "user_id": 12})
        assert server.requests[-1].json()["filters"] == {"AND": [{"user_id": "12"}, sent]}


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
    await scripted.ok(action, **with_filters(action, filters))
    await scripted.ok(action, **with_filters(action, json.dumps(filters)))
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
            await mem0.ok(action, **with_filters(action, filters))


VALUES = st.sampled_from(["alice", "bob", "*", "planner", "chef", "r-1", "", "%", "'"])
DAYS = st.sampled_from(["2024-01-01", "2999-01-01", "1970-01-01T00:00:00Z", 0, 1])
ENTITIES = st.sampled_from(["user_id", "agent_id", "app_id", "run_id"])


def operated(values: st.SearchStrategy[Any], *operators: str) -> st.SearchStrategy[Any]:
    return values | st.dictionaries(st.sampled_from(operators), values | st.lists(values, max_size=3), max_size=2)


CONDITIONS = st.one_of(
    st.dictionaries(ENTITIES, operated(VALUES, "eq", "ne", "in", "nin"), max_size=2),
    st.fixed_dictionaries({"created_at": operated(DAYS, "gt", "gte", "lt", "lte", "ne", "in")}),
    st.fixed_dictionaries({"metadata": st.dictionaries(VALUES, operated(VALUES, "eq", "ne", "contains"), max_size=2)}),
    st.fixed_dictionaries({"text": operated(VALUES, "contains", "icontains")}),
    st.fixed_dictionaries({"categories": st.fixed_dictionaries({"in": st.lists(VALUES, min_size=1, max_size=2)})}),
    # Sure to be accepted and to match the other user's too, so that much of what is generated reaches the service.
    st.sampled_from([{"app_id": "chef"}, {"agent_id": {"ne": "x"}}, {"created_at": {"gte": "1970-01-01"}}]),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"AND": some}),
        st.fixed_dictionaries({"OR": some}),
        st.fixed_dictionaries({"NOT": some | inner}),
        st.builds(lambda words, more: {**more, **words}, st.fixed_dictionaries({"OR": some}), CONDITIONS),
        st.fixed_dictionaries({"AND": some, "OR": some}),
    )


FILTERS = st.recursive(CONDITIONS, nested, max_leaves=8)


@pytest.fixture(scope="module")
def shared_project(mem0_sandbox_server: RunningSandbox) -> RunningSandbox:
    """Two users who have as much in common as two users can."""
    project = mem0_sandbox_server.with_fresh_project()
    for user in ("alice", "bob"):
        for scope in ({"app_id": "chef", "run_id": "r-1"}, {"agent_id": "planner"}, {}):
            body = {
                "user_id": user,
                "messages": [{"role": "user", "content": f"{user} likes tea."}],
                "infer": False,
                "metadata": {"alice": "bob"},
                **scope,
            }
            httpx.post(f"{project.base_url}/v3/memories/add/", json=body, headers=project.headers).raise_for_status()
    return project


# The action that a filter goes through, and what is needed beside it.
CALLS = [("search_memories", {"query": "likes tea", "threshold": 0}), ("get_memories", {}), ("summarize_memories", {})]


@pytest.mark.parametrize(("action", "more"), CALLS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(filters=FILTERS)
def test_an_accepted_filter_stays_a_term_of_an_and_with_the_user(
    host: Runtime,
    lasting_server: ScriptedServer,
    shared_project: RunningSandbox,
    *,
    action: str,
    more: dict[str, Any],
    filters: dict[str, Any],
) -> None:
    lasting_server.script(json_reply({"results": [], "count": 0}))
    credential = {"api_key": KEY, "base_url": lasting_server.url}
    result = host.call_sync("mem0", action, {"user_id": "alice", "filters": filters, **more}, credential=credential)
    if not result.success:
        assert result.error is not None
        assert result.error.code == "invalid_input"
        assert lasting_server.requests == []
        return
    (request,) = lasting_server.requests
    assert request.json()["filters"] == ({"AND": [{"user_id": "alice"}, filters]} if filters else {"user_id": "alice"})
    # The very same request, without anything that the connector does to the answer.
    answer = httpx.request(
        request.method, shared_project.base_url + request.target, content=request.body, headers=shared_project.headers
    )
    assert answer.status_code in (200, 400)
    assert "bob likes" not in answer.text


@pytest.mark.parametrize(("action", "more"), CALLS)
def test_the_same_requests_do_find_the_users_own(
    host: Runtime, shared_project: RunningSandbox, action: str, more: dict[str, Any]
) -> None:
    credential = {"api_key": shared_project.api_key, "base_url": shared_project.base_url}
    given_input = {"user_id": "alice", "filters": {"metadata": {"alice": "bob"}}, **more}
    result = host.call_sync("mem0", action, given_input, credential=credential)
    assert "alice likes" in str(result.output)
