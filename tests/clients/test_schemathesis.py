"""Replies conform to Mem0's OpenAPI document, whatever is sent: schemathesis over every route that the sandbox serves.

`tests/data/mem0-openapi-subset.json` is the document without its prose. `mem0-openapi-differences.json` holds what the
sandbox does differently on purpose, each with its reason; they are applied to the document before anything is compared.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install --group clients")

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from modulex_mem0.sandbox import RunningSandbox

_DATA = Path(__file__).parents[1] / "data"
_DOCUMENT: dict[str, Any] = json.loads((_DATA / "mem0-openapi-subset.json").read_text("utf-8"))
_DIFFERENCES: list[dict[str, Any]] = json.loads((_DATA / "mem0-openapi-differences.json").read_text("utf-8"))
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_ALICE = {"user_id": "alice"}
_FILTERS: list[dict[str, Any]] = [
    _ALICE,
    {"AND": [_ALICE, {"created_at": {"gte": "2020-01-01"}}]},
    {"OR": [{"user_id": "*"}, {"agent_id": "bot"}]},
    {"user_id": "alice", "metadata": {"n": 1}},
    {"agent_id": "bot", "NOT": {"user_id": "bob"}},
    {"user_id": "nobody"},
]


def _with_differences() -> dict[str, Any]:
    document = copy.deepcopy(_DOCUMENT)
    for difference in _DIFFERENCES:
        *way, last = difference["at"]
        place = document
        for step in way:
            place = place[step]
        place[last] = difference["to"]
    return document


_SCHEMA = schemathesis.openapi.from_dict(_with_differences())
# Missing and wrong keys are tested elsewhere; here every request has a valid one.
_SCHEMA.config.generation.update(with_security_parameters=False)
_OPERATIONS = [result.ok() for result in _SCHEMA.get_all_operations() if isinstance(result, Ok)]
_HEALTH = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


class _Project:
    """A project with memories, whose ids are put into the generated requests."""

    def __init__(self, box: RunningSandbox) -> None:
        self.base_url = box.base_url
        self.headers = box.headers
        self._client = httpx.Client(base_url=box.base_url, headers=box.headers)
        self._add({"user_id": "alice", "agent_id": "bot", "metadata": {"n": 1}}, role="system")
        self._add({"agent_id": "bot"})
        box.set_faults({"path": "/v3/memories/add/", "event_delay": 3600})
        self.pending = self._add({"user_id": "alice"}, infer=True)["event_id"]
        box.set_faults()
        account = self._client.get("/v1/ping/").json()
        self.account = {"org_id": account["org_id"], "project_id": account["project_id"]}

    def close(self) -> None:
        self._client.close()

    def _add(self, extra: dict[str, Any], role: str = "user", *, infer: bool = False) -> dict[str, Any]:
        messages = [{"role": role, "content": "I like green tea."}]
        reply = self._client.post("/v3/memories/add/", json={"messages": messages, "infer": infer, **extra})
        answer: dict[str, Any] = reply.raise_for_status().json()
        return answer

    def memory(self, *, agent: bool) -> dict[str, Any]:
        """A new memory, which the request may change or delete, and its event."""
        return self._add({"agent_id": "bot"} if agent else _ALICE, "system" if agent else "user")

    def export(self) -> str:
        body = {"schema": {"type": "object"}, "filters": {"AND": [_ALICE]}}
        identifier: str = self._client.post("/v1/exports/", json=body).json()["id"]
        return identifier


@pytest.fixture
def project(sandbox: RunningSandbox) -> Iterator[_Project]:
    made = _Project(sandbox)
    yield made
    made.close()


def _use_ids_of(project: _Project, case: Any, *, agent: bool, filters: dict[str, Any]) -> None:
    """Replace the generated ids and filters of a request by those of the project."""
    added = project.memory(agent=agent)
    identifier = added["results"][0]["id"]
    known = {
        "memory_id": identifier,
        "event_id": project.pending if agent else added["event_id"],
        "entity_id": "bot" if agent else "alice",
        "entity_type": "agent" if agent else "user",
        **project.account,
    }
    for name in case.path_parameters or {}:
        case.path_parameters[name] = known[name]
    if "page" in (case.query or {}):
        case.query["page"] = 1
    body = case.body
    if not isinstance(body, dict):
        return
    if "filters" in body or case.operation.path.startswith("/v3/memories/s"):
        body["filters"] = {"AND": [filters]}
    if "schema" in body:
        body["schema"] = {"type": "object", **body["schema"]} if isinstance(body["schema"], dict) else body["schema"]
    if isinstance(body.get("memories"), list):
        items = [item for item in body["memories"] if isinstance(item, dict)] or [{}]
        body["memories"] = [{"text": "I like tea", **item, "memory_id": identifier} for item in items]
    if isinstance(body.get("messages"), list):
        body["messages"].append({"role": "user", "content": "I like tea."})
        body["user_id"] = "alice"
    if "memory_id" in body:
        body["memory_id"] = identifier
    if "memory_export_id" in body:
        body["memory_export_id"] = project.export()


def _examples(operation: Any, mode: Any, count: int, project: _Project) -> set[int]:
    """Send generated requests; returns the statuses that came back."""
    statuses: set[int] = set()

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=_HEALTH)
    @given(
        case=operation.as_strategy(generation_mode=mode),
        known=st.booleans(),
        agent=st.booleans(),
        filters=st.sampled_from(_FILTERS),
    )
    def send(case: Any, known: bool, agent: bool, filters: dict[str, Any]) -> None:
        if known:
            _use_ids_of(project, case, agent=agent, filters=filters)
        reply = case.call_and_validate(base_url=project.base_url, headers=project.headers, checks=_CHECKS)
        statuses.add(reply.status_code)

    send()
    return statuses


@pytest.mark.parametrize("operation", _OPERATIONS, ids=lambda operation: operation.label)
def test_what_the_document_allows_is_answered_as_it_says(operation: Any, project: _Project) -> None:
    statuses = _examples(operation, schemathesis.GenerationMode.POSITIVE, 25, project)
    assert statuses & {200, 201}, "no request was accepted, so nothing was tested"


@pytest.mark.parametrize(
    "operation", [each for each in _OPERATIONS if each.body or each.query], ids=lambda operation: operation.label
)
def test_what_the_document_forbids_breaks_nothing(operation: Any, project: _Project) -> None:
    _examples(operation, schemathesis.GenerationMode.NEGATIVE, 15, project)


def test_every_difference_is_one() -> None:
    for difference in _DIFFERENCES:
        *way, last = difference["at"]
        place = _DOCUMENT
        for step in way:
            place = place[step]
        assert place.get(last) != difference["to"], difference
        assert difference["reason"].endswith(".")


def test_every_route_of_the_document_was_tried() -> None:
    assert len(_OPERATIONS) == sum(len(set(item) - {"parameters"}) for item in _DOCUMENT["paths"].values()) == 22
