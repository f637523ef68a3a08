"""Replies conform to Mem0's OpenAPI document, whatever is sent: schemathesis over every operation of it.

`tests/data/mem0-openapi.json` is the document without its prose. `mem0-openapi-differences.json` holds what the
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
_DOCUMENT: dict[str, Any] = json.loads((_DATA / "mem0-openapi.json").read_text("utf-8"))
_DIFFERENCES: list[dict[str, Any]] = json.loads((_DATA / "mem0-openapi-differences.json").read_text("utf-8"))
_NAMES = {"entity_type": "user", "entity_id": "alice"}
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_ALICE = {"user_id": "alice"}
EMAIL = "member@example.test"
URL = "http://127.0.0.1:9/hook"
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
        self._orgs = "/api/v1/orgs/organizations/"

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

    def scratch(self) -> dict[str, str]:
        """An organisation and a project in it, which the request may change or delete."""
        organization: str = self._post(self._orgs, {"name": "scratch"})["org_id"]
        project: str = self._post(f"{self._orgs}{organization}/projects/", {"name": "scratch"})["project_id"]
        made = {"org_id": organization, "project_id": project}
        for group in (f"{organization}/members/", f"{organization}/projects/{project}/members/"):
            self._post(f"{self._orgs}{group}", {"email": EMAIL, "role": "READER"})
        return made

    def webhook(self) -> str:
        path = f"/api/v1/webhooks/projects/{self.account['project_id']}/"
        body = {"name": "hook", "url": URL, "event_types": ["memory_categorize"], "is_active": False}
        identifier: str = self._post(path, body)["webhook_id"]
        return identifier

    def number_of(self, kind: str, name: str) -> int:
        """The numeric id of an entity."""
        found = self._client.get("/v1/entities/").json()["results"]
        return next(int(entity["id"]) for entity in found if (entity["type"], entity["name"]) == (kind, name))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.post(path, json=body).raise_for_status().json()
        return answer

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
        **(project.scratch() if case.operation.path.startswith("/api/v1/orgs/") else project.account),
    }
    if "webhook_id" in (case.path_parameters or {}):
        known["webhook_id"] = project.webhook()
    if case.operation.path.startswith("/v1/entities/{"):
        known["entity_id"] = project.number_of(known["entity_type"], known["entity_id"])
    for name in case.path_parameters or {}:
        case.path_parameters[name] = known[name]
    _use_query_of(case, agent=agent)
    if isinstance(case.body, dict):
        _use_body_of(project, case, identifier, filters)


def _use_body_of(project: _Project, case: Any, identifier: str, filters: dict[str, Any]) -> None:
    body = case.body
    if "filters" in body or case.operation.path.startswith("/v3/memories/s"):
        body["filters"] = {"AND": [filters]}
    if "schema" in body:
        body["schema"] = {"type": "object", **body["schema"]} if isinstance(body["schema"], dict) else body["schema"]
    if isinstance(body.get("memories"), list):
        items = [item for item in body["memories"] if isinstance(item, dict)] or [{}]
        body["memories"] = [{"text": "I like tea", **item, "memory_id": identifier} for item in items]
    if case.operation.label in {"POST /v1/memories/", "POST /v3/memories/add/"}:
        body["messages"] = [{"role": "user", "content": "I like tea."}]
        body["user_id"] = "alice"
    if case.operation.path == "/v1/memories/search/":
        body["user_id"] = "alice"
    _use_account_of(body)
    if "memory_id" in body:
        body["memory_id"] = identifier
    if "memory_export_id" in body:
        body["memory_export_id"] = project.export()


def _use_query_of(case: Any, *, agent: bool) -> None:
    query = case.query or {}
    if "page" in query:
        query["page"] = 1
    if case.operation.label == "GET /v1/memories/":
        query.clear()
        query.update({"agent_id": "bot"} if agent else {"user_id": "alice", "page": 1, "page_size": 5})
    if (
        "members" in case.operation.path
        and case.operation.method.upper() == "DELETE"
        and not isinstance(case.body, dict)
    ):
        query["email"] = EMAIL
    case.query = query


def _use_account_of(body: dict[str, Any]) -> None:
    """Replace generated addresses of members and webhooks by valid ones."""
    valid = {"email": EMAIL, "role": "OWNER", "url": URL}
    body.update({field: value for field, value in valid.items() if field in body})
    for field in ("name", "agent_id", "app_id", "run_id"):
        if isinstance(body.get(field), str) and not body[field].strip():
            body[field] = "a name"


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
    assert len(_OPERATIONS) == sum(len(set(item) - {"parameters"}) for item in _DOCUMENT["paths"].values()) == 55


@pytest.mark.parametrize("path", _DOCUMENT["paths"])
def test_a_method_that_the_document_lacks_is_answered_with_those_it_has(path: str, project: _Project) -> None:
    known = {name.upper() for name in _DOCUMENT["paths"][path]} - {"PARAMETERS"}
    filled = path.format_map({**project.account, "memory_id": "x", "event_id": "x", "webhook_id": "x"} | _NAMES)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
        reply = httpx.request(method, f"{project.base_url}{filled}", headers=project.headers)
        assert reply.status_code == 405, (method, path)
        assert set(reply.headers["allow"].split(", ")) - {"HEAD"} == known, (method, path)
