"""Filters: which are accepted, and which memories they match."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modulex_mem0.sandbox import RunningSandbox

Remember = Callable[..., str]
Listed = Callable[..., list[str]]
ALICE = {"user_id": "alice"}


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ({**ALICE, "colour": "red"}, "colour"),
        ({**ALICE, "session_id": "r"}, "session_id"),
        ({"user_id": {"nin": ["a"]}}, "nin"),
        ({"user_id": {"contains": "a"}}, "contains"),
        ({"user_id": {"gt": "a"}}, "gt"),
        ({"user_id": {}}, "user_id"),
        ({"user_id": None}, "user_id"),
        ({"user_id": ["alice"]}, "user_id"),
        ({"user_id": {"in": "alice"}}, "user_id"),
        ({"user_id": {"in": []}}, "user_id"),
        ({"user_id": {"in": [True]}}, "user_id"),
        ({**ALICE, "created_at": {"eq": "2024-01-01"}}, "eq"),
        ({**ALICE, "updated_at": {"eq": "2024-01-01"}}, "eq"),
        ({**ALICE, "created_at": {">=": "2024-01-01"}}, ">="),
        ({**ALICE, "created_at": {"contains": "2024"}}, "contains"),
        ({**ALICE, "created_at": {"gte": "last week"}}, "created_at"),
        ({**ALICE, "created_at": "2024-13-01"}, "created_at"),
        ({**ALICE, "timestamp": {"gte": 10**400}}, "timestamp"),
        ({**ALICE, "categories": {"eq": "food"}}, "eq"),
        ({**ALICE, "categories": {"ne": "food"}}, "ne"),
        ({**ALICE, "metadata": {"n": {"gt": 1}}}, "gt"),
        ({**ALICE, "metadata": {"n": {"in": [1]}}}, "in"),
        ({**ALICE, "metadata": "x"}, "metadata"),
        ({**ALICE, "metadata": {}}, "metadata"),
        ({**ALICE, "text": {"eq": "x"}}, "eq"),
        ({**ALICE, "keywords": 1}, "keywords"),
        ({**ALICE, "memory_ids": "x"}, "memory_ids"),
        ({"AND": []}, "AND"),
        ({"AND": "x"}, "AND"),
        ({"OR": [1]}, "object"),
        ({"AND": [ALICE], "OR": [{"colour": 1}]}, "colour"),
        ({"AND": [ALICE] * 201}, "200"),
        ({**ALICE, "created_at": {"in": ["2024-01-01"] * 101}}, "100"),
    ],
)
def test_an_unsupported_filter_is_refused_with_the_reason(
    client: httpx.Client, filters: dict[str, Any], reason: str
) -> None:
    for path in ("/v3/memories/", "/v3/memories/search/"):
        reply = client.post(path, json={"query": "x", "filters": filters})
        assert reply.status_code == 400
        assert reason in reply.json()["details"]["message"]


def test_a_filter_nested_too_deeply_is_refused(client: httpx.Client) -> None:
    filters: dict[str, Any] = ALICE
    for _ in range(25):
        filters = {"AND": [filters]}
    assert client.post("/v3/memories/", json={"filters": filters}).status_code == 400


@pytest.mark.parametrize(
    "filters",
    [
        {"categories": {"in": ["food"]}},
        {"created_at": {"gte": "2024-01-01"}},
        {"NOT": [ALICE]},
        {"AND": [{"NOT": ALICE}]},
        {"user_id": {"ne": "bob"}},
        {"AND": [{"text": "x"}], "OR": [ALICE]},
    ],
)
def test_a_filter_must_name_an_entity_positively(client: httpx.Client, filters: dict[str, Any]) -> None:
    reply = client.post("/v3/memories/", json={"filters": filters})
    assert reply.status_code == 400
    assert reply.json() == {"error": "One of the filters: app_id, user_id, agent_id, run_id is required!"}


def test_entities(remember: Remember, listed: Listed) -> None:
    remember("a", user_id="alice")
    remember("b", user_id="bob", agent_id="bot")
    remember("c", agent_id="bot", run_id="7")
    assert listed({"user_id": "alice"}) == ["a"]
    assert listed({"user_id": {"eq": "alice"}}) == ["a"]
    assert listed({"user_id": {"in": ["alice", "bob", "carol"]}}) == ["a", "b"]
    assert listed({"user_id": "*"}) == ["a", "b"]
    assert listed({"user_id": {"in": ["*"]}}) == ["a", "b"]
    assert listed({"agent_id": "*", "user_id": {"ne": "bob"}}) == ["c"]
    assert listed({"run_id": 7}) == ["c"]
    assert listed({"OR": [{"user_id": "alice"}, {"agent_id": "bot"}]}) == ["a", "b", "c"]
    assert listed({"user_id": "*", "NOT": {"user_id": "alice"}}) == ["b"]
    assert listed({"user_id": "Alice"}) == []


def test_an_or_next_to_an_and_is_ignored(remember: Remember, listed: Listed) -> None:
    remember("a")
    remember("b")
    both = {"AND": [ALICE], "OR": [{"text": {"contains": "b"}}]}
    assert listed(both) == ["a", "b"]
    assert listed({"AND": [ALICE, {"OR": [{"text": {"contains": "b"}}]}]}) == ["b"]
    assert listed({**ALICE, "OR": [{"text": {"contains": "b"}}]}) == ["b"]


def test_dates(remember: Remember, listed: Listed) -> None:
    noon = int(datetime(2024, 5, 10, 12, tzinfo=UTC).timestamp())
    remember("noon", timestamp=noon)
    remember("next", timestamp=noon + 86400, expiration_date="2999-01-01")
    assert listed({**ALICE, "created_at": {"gt": "2024-05-10T12:00:00Z"}}) == ["next"]
    assert listed({**ALICE, "created_at": {"gte": "2024-05-10T14:00:00+02:00"}}) == ["next", "noon"]
    assert listed({**ALICE, "created_at": {"gte": "2024-05-10", "lt": "2024-05-11"}}) == ["noon"]
    assert listed({**ALICE, "timestamp": {"lte": noon}}) == ["noon"]
    assert listed({**ALICE, "created_at": "2024-05-10"}) == ["noon"]
    assert listed({**ALICE, "created_at": "2024-05-10T12:00:00Z"}) == ["noon"]
    assert listed({**ALICE, "created_at": {"ne": "2024-05-10"}}) == ["next"]
    assert listed({**ALICE, "created_at": {"in": ["2024-05-11", "1999-01-01"]}}) == ["next"]
    assert listed({**ALICE, "updated_at": {"lt": "2025-01-01"}}) == []
    assert listed({**ALICE, "expiration_date": {"gte": "2998-12-31"}}) == ["next"]
    assert listed({**ALICE, "expiration_date": {"in": ["2999-01-01"]}}) == ["next"]
    assert listed({**ALICE, "expiration_date": {"ne": "2999-01-01"}}) == ["noon"]


def test_texts_categories_ids(remember: Remember, listed: Listed) -> None:
    pizza = remember("Pizza of ÉMILE")
    remember("my guitar")
    assert listed({**ALICE, "text": {"contains": "Pizza"}}) == ["Pizza of ÉMILE"]
    assert listed({**ALICE, "text": {"contains": "pizza"}}) == []
    assert listed({**ALICE, "keywords": {"icontains": "pizza of émile"}}) == ["Pizza of ÉMILE"]
    assert listed({**ALICE, "keywords_search": "GUITAR"}) == ["my guitar"]
    assert listed({**ALICE, "text": {"icontains": "%"}}) == []
    assert listed({**ALICE, "categories": {"in": ["food", "music"]}}) == ["Pizza of ÉMILE", "my guitar"]
    assert listed({**ALICE, "categories": {"contains": "usi"}}) == ["my guitar"]
    assert listed({**ALICE, "categories": "food"}) == ["Pizza of ÉMILE"]
    assert listed({**ALICE, "NOT": {"categories": {"in": ["food"]}}}) == ["my guitar"]
    assert listed({**ALICE, "memory_ids": [pizza, "unknown"]}) == ["Pizza of ÉMILE"]
    assert listed({**ALICE, "memory_ids": {"in": [pizza] * 2000}}) == ["Pizza of ÉMILE"]


def test_metadata(remember: Remember, listed: Listed) -> None:
    remember("one", metadata={"n": 1, "source": "e-mail", "tags": ["x", "y"], "o": {"k": [1]}})
    remember("yes", metadata={"n": True, "source": "form"})
    remember("none")
    assert listed({**ALICE, "metadata": {"n": 1}}) == ["one"]
    assert listed({**ALICE, "metadata": {"n": 1.0}}) == ["one"]
    assert listed({**ALICE, "metadata": {"n": True}}) == ["yes"]
    assert listed({**ALICE, "metadata": {"n": 2**70}}) == []
    assert listed({**ALICE, "metadata": {"n": 1, "source": "form"}}) == []
    assert listed({**ALICE, "metadata": {"source": {"eq": "form"}}}) == ["yes"]
    assert listed({**ALICE, "metadata": {"source": {"ne": "form"}}}) == ["none", "one"]
    assert listed({**ALICE, "metadata": {"source": {"contains": "mail"}}}) == ["one"]
    assert listed({**ALICE, "metadata": {"tags": {"contains": "y"}}}) == ["one"]
    assert listed({**ALICE, "metadata": {"contains": {"source": "mail"}}}) == ["one"]
    assert listed({**ALICE, "metadata": {"o": {"k": [1]}}}) == ["one"]
    assert listed({**ALICE, "metadata": {"missing": None}}) == []


# -- any filter, compared with a plain Python reading of it

PEOPLE = ("ann", "ben", None)
WORLD: list[dict[str, Any]] = [
    {
        "user_id": user,
        "agent_id": agent,
        "run_id": "r",
        "text": f"{user} {agent} {word}",
        "timestamp": 1_700_000_000 + 86_400 * index,
        "metadata": None if index % 3 == 0 else {"n": index % 2, "w": word},
    }
    for index, (user, agent, word) in enumerate(
        (user, agent, word) for user in PEOPLE for agent in PEOPLE for word in ("tea", "Tee")
    )
]

_entity = st.tuples(
    st.sampled_from(["user_id", "agent_id"]),
    st.one_of(
        st.sampled_from(["ann", "ben", "zoe", "*"]),
        st.sampled_from(["ann", "*"]).map(lambda name: {"ne": name}),
        st.sampled_from(["ann", "ben"]).map(lambda name: {"eq": name}),
        st.lists(st.sampled_from(["ann", "ben", "zoe"]), min_size=1).map(lambda names: {"in": names}),
    ),
)
_moment = st.integers(-1, 19).map(lambda day: 1_700_000_000 + 86_400 * day)
_date = st.tuples(
    st.sampled_from(["created_at", "timestamp"]),
    st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte", "ne"]), _moment, min_size=1),
)
_text = st.tuples(
    st.sampled_from(["text", "keywords", "keywords_search"]),
    st.tuples(st.sampled_from(["contains", "icontains"]), st.sampled_from(["tea", "TE", "ann"])).map(
        lambda pair: {pair[0]: pair[1]}
    ),
)
_metadata = st.tuples(
    st.just("metadata"),
    st.one_of(
        st.dictionaries(st.just("n"), st.sampled_from([0, 1, True, None]), min_size=1),
        st.tuples(st.sampled_from(["eq", "ne", "contains"]), st.sampled_from(["tea", "e", 1])).map(
            lambda pair: {"w": {pair[0]: pair[1]}}
        ),
    ),
)
_leaf = st.lists(st.one_of(_entity, _date, _text, _metadata), min_size=1, max_size=2).map(dict)
_tree = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.dictionaries(
            st.sampled_from(["AND", "OR", "NOT"]), st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=2
        ),
        inner.map(lambda part: {"NOT": part}),
    ),
    max_leaves=6,
)


def _matches(memory: dict[str, Any], filters: dict[str, Any]) -> bool:
    return all(_part(memory, key, value) for key, value in filters.items() if not (key == "OR" and "AND" in filters))


def _part(memory: dict[str, Any], key: str, value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    match key:
        case "AND":
            return all(_matches(memory, part) for part in parts)
        case "OR":
            return any(_matches(memory, part) for part in parts)
        case "NOT":
            return not any(_matches(memory, part) for part in parts)
        case "metadata":
            return all(_of_metadata(memory["metadata"] or {}, name, wanted) for name, wanted in value.items())
    held = memory["text" if key.startswith(("text", "keyw")) else "timestamp" if key == "created_at" else key]
    if not isinstance(value, dict):
        return held is not None if value == "*" else bool(held == value)
    return all(_compared(held, operator, wanted) for operator, wanted in value.items())


def _compared(held: Any, operator: str, wanted: Any) -> bool:
    match operator:
        case "eq":
            return bool(held == wanted)
        case "ne":
            return held is None if wanted == "*" else bool(held != wanted)
        case "in":
            return held in wanted
        case "contains":
            return wanted in held
        case "icontains":
            return wanted.lower() in held.lower()
        case "gt":
            return bool(held > wanted)
        case "gte":
            return bool(held >= wanted)
        case "lt":
            return bool(held < wanted)
    return bool(held <= wanted)


def _of_metadata(metadata: dict[str, Any], name: str, wanted: Any) -> bool:
    held = metadata.get(name, "missing")
    if not isinstance(wanted, dict):
        return type(held) is type(wanted) and held == wanted
    [(operator, value)] = wanted.items()
    same = type(held) is type(value) and held == value
    if operator == "contains":
        return name in metadata and isinstance(held, str) and isinstance(value, str) and value in held
    return same if operator == "eq" else not same


@pytest.fixture(scope="module")
def world(server: RunningSandbox) -> Iterator[httpx.Client]:
    box = server.with_fresh_project()
    with httpx.Client(base_url=box.base_url, headers=box.headers) as opened:
        for memory in WORLD:
            body = {name: value for name, value in memory.items() if name != "text" and value is not None}
            body |= {"messages": [{"role": "user", "content": memory["text"]}], "infer": False}
            assert opened.post("/v3/memories/add/", json=body).status_code == 200
        yield opened


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=_tree)
def test_any_filter_matches_what_plain_python_does(world: httpx.Client, tree: dict[str, Any]) -> None:
    # All memories have the run "r": with it, any tree is an accepted filter.
    reply = world.post("/v3/memories/?page_size=200", json={"filters": {"AND": [{"run_id": "r"}, tree]}})
    assert reply.status_code == 200, reply.text
    found = sorted(record["memory"] for record in reply.json()["results"])
    assert found == sorted(memory["text"] for memory in WORLD if _matches(memory, tree))
