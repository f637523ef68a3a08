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


@pytest.mark.parametrize(("filters", "reason", "fix"), REFUSED, ids=lambda value: str(value)[:50])
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_a_filter_that_would_mislead_is_refused_with_the_fix(
    scripted: Mem0, server: ScriptedServer, *, action: str, filters: Any, reason: str, fix: str
) -> None:
    server.script(EMPTY)
    message = await scripted.refuses(action, **with_filters(action, filters))
    assert message.startswith("filters: ")
    assert reason in message
    assert fix in message
    assert server.requests == []


@pytest.mark.parametrize("filters", ["x", "[", "{", "[1]", [1], 5, True, '{"app_id": '], ids=repr)
@pytest.mark.parametrize("action", EVERYWHERE)
async def test_filters_that_are_no_object_are_refused(
    scripted: Mem0, server: ScriptedServer, action: str, filters: object
) -> None:
    server.script(EMPTY)
    assert (await scripted.refuses(action, **with_filters(action, filters))).startswith("filters: ")
    assert server.requests == []


@pytest.mark.parametrize("filters", ["{ }", json.dumps(json.dumps("{}"))])
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
    for filters in ({"keywords": "tea"}, {"OR": [{"app_id": "a"}, {"keywords": {"contains": "tea"}}]}):
        message = await scripted.refuses("search_memories", **with_filters("search_memories", filters))
        assert "Mem0 fails on keywords in a search" in message
        assert "use the query, or text with contains" in message
        await scripted.ok("get_memories", **with_filters("get_memories", filters))


@pytest.mark.parametrize("levels", [17, 100, 5000])
async def test_filters_without_end_are_refused(scripted: Mem0, server: ScriptedServer, levels: int) -> None:
    filters = '{"NOT":' * levels + '{"app_id": "a"}' + "}" * levels
    server.script(EMPTY)
    for action in EVERYWHERE:
        assert (await scripted.refuses(action, **with_filters(action, filters))).startswith("filters: ")
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
    message = await scripted.refuses(action, **with_filters(action, filters))
    assert "the user is set by the parameter user_id; leave it out of the filters" in message
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
