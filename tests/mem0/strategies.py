"""Strategies for inputs and replies of every action: valid ones, broken ones and nonsense."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.mem0.client import BY_NAME, example_input

TEXT = st.text(max_size=8) | st.sampled_from(
    ["", " ", "*", "..", "a/b", "%2e%2e", "alice", "bob", "\x00", "ä\n", "//x/"]
)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats() | st.sampled_from([0, 1, -1, 1e308, True])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
DAYS = st.sampled_from(["2024-01-15", "2024-12-31", "2024-01-15T10:00:00Z", "2024-02-30", "now", 20240115])
IDS = st.sampled_from(["m-1", "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11", "..", "a/b", "", " m-1", "x" * 200])
NAMES = st.sampled_from(["alice", " alice ", "bob", "*", "", "a/../b", "Åsa", "%2F", "alice\n"])
FILTERS = st.recursive(
    st.dictionaries(
        st.sampled_from(["user_id", "app_id", "metadata", "created_at", "keywords", "nin"]), NAMES | JSON, max_size=2
    ),
    lambda inner: st.dictionaries(
        st.sampled_from(["AND", "OR", "NOT"]), st.lists(inner, max_size=2) | inner, max_size=2
    ),
    max_leaves=5,
)
# By the name of a parameter; others are generated from the type in their schema.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "user_id": NAMES,
    "agent_id": NAMES,
    "app_id": NAMES,
    "run_id": NAMES,
    "entity_id": NAMES,
    "entity_type": st.sampled_from(["user", "agent", "app", "run", "users"]),
    "memory_id": IDS,
    "event_id": IDS,
    "memory_ids": st.lists(IDS, max_size=4) | st.just("m-1, m-2"),
    "memories": st.lists(
        st.fixed_dictionaries({"memory_id": IDS}, optional={"text": TEXT, "metadata": JSON}), max_size=3
    ),
    "messages": st.lists(
        st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "bot"]), "content": TEXT}), max_size=3
    )
    | st.sampled_from(["I like tea.", '[{"role": "user", "content": "x"}]', "[oops"]),
    "filters": FILTERS | FILTERS.map(lambda value: json.dumps(value, allow_nan=True)),
    "feedback": st.sampled_from(["POSITIVE", "very negative", "GOOD"]),
    "export_schema": st.just({"type": "object"}) | JSON,
    "wait_timeout": st.sampled_from([0.01, 0, -1, "0.01", 1e9]),
    "start_date": DAYS,
    "end_date": DAYS,
    "created_after": DAYS,
    "created_before": DAYS,
    "expiration_date": DAYS,
    "reference_date": DAYS,
}
BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "integer": st.integers(-2, 300) | st.sampled_from(["10", "x", True]),
    "number": NUMBERS | st.sampled_from([0.5, "0.5"]),
    "boolean": st.booleans() | st.sampled_from(["true", "no", 5]),
    "object": st.dictionaries(TEXT, JSON, max_size=3),
    "array": st.lists(JSON, max_size=3),
}


def inputs(action: str) -> st.SearchStrategy[dict[str, Any]]:
    """Inputs of an action: the example with up to two parameters changed, or with nonsense in it."""
    properties: dict[str, Any] = BY_NAME[action].describe().input_schema["properties"]
    names = st.sampled_from([*properties, "no_such"])
    fitting = {name: VALUES.get(name, BY_TYPE.get(shown.get("type", ""), JSON)) for name, shown in properties.items()}
    fitting["no_such"] = JSON

    def changed(chosen: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({name: fitting[name] for name in chosen})

    changes = st.lists(names, max_size=2, unique=True).flatmap(changed)
    odd = st.dictionaries(names, JSON, min_size=1, max_size=2)
    # Short, so that no example waits for long.
    base = example_input(action, **({"wait_timeout": 0.01} if "wait_timeout" in properties else {}))
    # Mostly the former, so that many examples get as far as a request.
    return (changes | changes | changes | odd).map(lambda change: {**base, **change})


KEYS = st.sampled_from(
    ["results", "id", "memory", "user_id", "metadata", "categories", "next", "previous", "count", "status", "event_id",
     "message", "error", "detail", "details", "payload", "filters", "data", "event", "score", "input", "total_users",
     "summary", "session_id", "created_at", "latency", "name", "type", "cascade_count", "org_id"]
)  # fmt: skip
WORDS = st.sampled_from(["alice", "PENDING", "SUCCEEDED", "FAILED", "ok", "ADD", "bob", "m-1"]) | TEXT
REPLY_VALUES = st.recursive(
    SCALARS | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=10
)
# A success for any action but one, which wants its status to be "ok".
GOOD = {
    "id": "m-1",
    "user_id": "alice",
    "memory": "User likes tea",
    "status": "SUCCEEDED",
    "event_id": "e-1",
    "message": "Fine",
    "count": 1,
    "next": None,
    "results": [{"id": "m-1", "user_id": "alice", "memory": "User likes tea"}],
    "payload": {"user_id": "alice"},
}
CHANGED = st.dictionaries(KEYS | st.sampled_from(["results", "status", "user_id", "id"]), REPLY_VALUES, max_size=2)
PLAUSIBLE = CHANGED.map(lambda change: {**GOOD, **change}) | st.just({**GOOD, "status": "ok"})


def _bytes(value: Any) -> bytes:
    return json.dumps(value, allow_nan=True).encode()


GOOD_BODIES = PLAUSIBLE.map(_bytes) | PLAUSIBLE.map(lambda value: _bytes([value]))
ODD_BODIES = (
    REPLY_VALUES.map(_bytes)
    | st.binary(max_size=40)
    | st.sampled_from([b"", b"null", b"[]", b"{}", b"<html>", b'{"results": [', b"1e999", b"[" * 5000, b'"\\ud800"'])
)
STATUSES = st.sampled_from([200] * 20 + [201, 204, 301, 302, 304, 400, 401, 403, 404, 413, 429, 500, 503, 600, 999]) | (
    st.integers(200, 999)
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Retry-After", "X-RateLimit-Reset", "Content-Type", "Location", "Set-Cookie", "Content-Encoding", "X-Odd"]
    ),
    st.sampled_from(
        [
            "0",
            "-1",
            "soon",
            "99999999999",
            "1e999",
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "text/html",
            "identity",
            "gzip",
            "a=b",
        ]
    ),
    max_size=3,
)
