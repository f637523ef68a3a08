"""Hostile requests: every answer is JSON, and none is a 5xx."""

import json
import socket
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modulex_mem0.sandbox import RunningSandbox

ROUTES = [
    ("POST", "/v3/memories/add/"),
    ("POST", "/v3/memories/search/"),
    ("POST", "/v3/memories/"),
    ("PUT", "/v1/memories/00000000-0000-4000-8000-000000000000/"),
    ("PUT", "/v1/batch/"),
    ("DELETE", "/v1/batch/"),
    ("POST", "/v1/feedback/"),
    ("POST", "/v1/exports/"),
    ("POST", "/v1/exports/get/"),
    ("POST", "/v1/summary/"),
]
NAMES = [
    "messages", "role", "content", "user_id", "agent_id", "run_id", "filters", "AND", "OR", "NOT", "query", "metadata",
    "in", "eq", "ne", "contains", "gte", "created_at", "categories", "memory_ids", "memories", "memory_id", "text",
    "expiration_date", "timestamp", "page", "page_size", "top_k", "threshold", "fields", "schema", "infer",
    "custom_categories", "start_date", "reference_date", "memory_export_id", "feedback", "includes",
]  # fmt: skip

ALICE = {"user_id": "alice"}
NO_MEMORY = "00000000-0000-4000-8000-000000000000"
# A valid request to each route, and the fields that it may have besides.
VALID: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "POST",
        "/v3/memories/add/",
        {"messages": [{"role": "user", "content": "I like tea."}], **ALICE},
        [
            "agent_id", "metadata", "infer", "expiration_date", "immutable", "timestamp", "custom_categories",
            "includes", "excludes", "custom_instructions", "enable_graph",
        ],
    ),
    (
        "POST",
        "/v3/memories/search/",
        {"query": "tea", "filters": ALICE},
        [
            "top_k", "threshold", "rerank", "fields", "categories", "metadata", "show_expired", "reference_date",
            "user_id",
        ],
    ),
    (
        "POST",
        "/v3/memories/",
        {"filters": ALICE},
        ["page", "page_size", "fields", "categories", "keywords", "start_date", "end_date", "show_expired", "run_id"],
    ),
    ("PUT", f"/v1/memories/{NO_MEMORY}/", {"text": "I like tea"}, ["metadata", "expiration_date", "timestamp"]),
    ("PUT", "/v1/batch/", {"memories": [{"memory_id": NO_MEMORY, "text": "tea"}]}, []),
    ("DELETE", "/v1/batch/", {"memories": [{"memory_id": NO_MEMORY}]}, []),
    ("POST", "/v1/feedback/", {"memory_id": NO_MEMORY}, ["feedback", "feedback_reason"]),
    ("POST", "/v1/exports/", {"schema": {"a": 1}, "filters": {"AND": [ALICE]}}, []),
    ("POST", "/v1/exports/get/", {"filters": ALICE}, ["memory_export_id", "user_id"]),
    ("POST", "/v1/summary/", {"filters": ALICE}, []),
]  # fmt: skip
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "x", "*", "--5", "-", "9" * 30, "\u0663", "2024-13-01", [], [None], [{}],
    [[]], ["a", 1], {}, {"a": 1}, {"": None}, {"a": {"b": []}},
]  # fmt: skip

_scalar = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["*", "user", "2024-01-01", "a"])
)
_any = st.recursive(
    _scalar,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text()), inner, max_size=4)
    ),
    max_leaves=12,
)
_bodies = st.dictionaries(st.sampled_from(NAMES), _any, max_size=6)


def _is_json_below_500(reply: httpx.Response) -> None:
    assert reply.status_code < 500, reply.text
    assert reply.headers["content-type"] == "application/json"
    reply.json()


@pytest.mark.parametrize(("method", "path", "body", "others"), VALID, ids=[f"{case[0]} {case[1]}" for case in VALID])
def test_no_field_of_a_valid_request_breaks_its_route(
    client: httpx.Client, method: str, path: str, body: dict[str, Any], others: list[str]
) -> None:
    for field in (*body, *others):
        for value in ODD:
            _is_json_below_500(client.request(method, path, json={**body, field: value}))
            for inner in body.get(field, ()) if isinstance(body.get(field), dict) else ():
                _is_json_below_500(client.request(method, path, json={**body, field: {**body[field], inner: value}}))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(route=st.sampled_from(ROUTES), body=st.one_of(_bodies, _any))
def test_no_body_breaks_a_route(client: httpx.Client, route: tuple[str, str], body: Any) -> None:
    if "keywords" not in json.dumps(body):
        _is_json_below_500(
            client.request(*route, content=json.dumps(body), headers={"content-type": "application/json"})
        )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(route=st.sampled_from(ROUTES), body=st.binary(max_size=200))
def test_no_bytes_break_a_route(client: httpx.Client, route: tuple[str, str], body: bytes) -> None:
    _is_json_below_500(client.request(*route, content=body))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.dictionaries(st.sampled_from([*NAMES, "delete_linked", "app_id"]), st.text(), max_size=4))
def test_no_query_breaks_a_route(client: httpx.Client, names: dict[str, str]) -> None:
    identifier = "00000000-0000-4000-8000-000000000000"
    for method, path in (
        ("GET", "/v1/events/"),
        ("GET", "/v1/entities/"),
        ("DELETE", "/v1/memories/"),
        ("DELETE", f"/v1/memories/{identifier}/"),
    ):
        _is_json_below_500(
            client.request(method, path, params={key: value.encode("utf-8", "replace") for key, value in names.items()})
        )


TEXT = b'{"messages": [{"role": "user", "content": "%s"}], "user_id": "a", "infer": false}'


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"metadata": ' + b"[" * 200 + b"]" * 200 + b"}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        TEXT % rb"\u0000",
        TEXT % rb"\ud800",
        b'{"\\udfff": 1}',
        TEXT % b"\xc3\x28",
    ],
)
def test_an_invalid_body_is_refused_as_json(client: httpx.Client, body: bytes) -> None:
    for method, path in ROUTES:
        reply = client.request(method, path, content=body)
        assert reply.status_code == 400
        assert isinstance(reply.json(), dict)


def test_an_escaped_backslash_before_u0000_is_text(client: httpx.Client) -> None:
    reply = client.post("/v3/memories/add/", content=TEXT % rb"\\u0000")
    assert reply.json()["results"][0]["data"]["memory"] == "\\u0000"


def test_a_body_over_the_limit_is_refused(client: httpx.Client) -> None:
    reply = client.post("/v3/memories/add/", content=b" " * (10 * 1024 * 1024 + 1))
    assert reply.status_code == 413


@pytest.mark.parametrize("path", ["/v1/memories/%00/", "/v1/memories/%ff%fe/", "/v2/entities/user/%00/", "/%2e%2e/"])
def test_no_path_breaks_a_route(client: httpx.Client, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        _is_json_below_500(client.request(method, path))


def test_the_server_survives_a_broken_request_line(box: RunningSandbox, client: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", int(box.base_url.rpartition(":")[2]))) as raw:
        raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert client.get("/v1/ping/").status_code == 200
