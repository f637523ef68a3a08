"""Entities, feedback, exports, summaries and projects; and what every route ignores."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox

Remember = Callable[..., str]
Listed = Callable[..., list[str]]
ALICE = {"user_id": "alice"}
EXTRA: dict[str, Any] = {"source": "TEST", "output_format": "v1.1", "latest_only": True, "unknown": {"a": [1, None]}}
QUERY = {"source": "TEST", "unknown": "1"}


# -- entities


def test_entities_are_listed_with_totals(client: httpx.Client, remember: Remember) -> None:
    remember("a", user_id="alice", agent_id="bot", app_id="app", run_id="r1")
    remember("b", user_id="bob", run_id="r2")
    body = client.get("/v1/entities/").json()
    assert [(entity["type"], entity["name"]) for entity in body["results"]] == [
        ("user", "alice"), ("user", "bob"), ("agent", "bot"), ("app", "app"), ("run", "r1"), ("run", "r2"),
    ]  # fmt: skip
    assert body["count"] == 6
    assert {key: body[key] for key in body if key.startswith("total")} == {
        "total_users": 2, "total_agents": 1, "total_apps": 1, "total_runs": 2,
    }  # fmt: skip
    assert len({entity["id"] for entity in body["results"]}) == 6


@pytest.mark.parametrize("name", ["alice", "a/b", "/", "a\nb\n", "ünï cödé", "a%2Fb", "*", "a?b#c", "history"])
def test_an_entity_is_read_and_deleted_by_name(
    client: httpx.Client, remember: Remember, listed: Listed, name: str
) -> None:
    remember("mine", user_id=name)
    remember("another's", user_id="someone else")
    path = f"/v2/entities/user/{quote(name, safe='')}/"
    [entity] = client.get(path).json()
    assert (entity["name"], entity["type"]) == (name, "user")
    reply = client.delete(path)
    assert (reply.status_code, reply.json()["message"]) == (200, "Delete in progress. This may take some time.")
    event = client.get(f"/v1/event/{reply.json()['event_id']}/").json()
    assert (event["status"], event["event_type"]) == ("SUCCEEDED", "DELETE_USER")
    assert listed({"user_id": "*"}) == ["another's"]
    assert client.get(path).json() == []


def test_an_unknown_kind_of_entity_is_refused(client: httpx.Client) -> None:
    for method in ("GET", "DELETE"):
        reply = client.request(method, "/v2/entities/planet/mars/")
        assert (reply.status_code, reply.json()) == (400, {"message": "Invalid entity type"})


def test_a_path_below_an_entity_is_not_its_name(client: httpx.Client, remember: Remember) -> None:
    remember("tea", user_id="alice/facts")
    for method in ("GET", "DELETE"):
        assert client.request(method, "/v2/entities/user/alice/facts/").json() == {"detail": "Not found."}
    [entity] = client.get("/v2/entities/user/alice%2Ffacts/").json()
    assert entity["name"] == "alice/facts"


# -- feedback, exports, summary, project


def test_feedback_needs_a_memory_and_a_known_verdict(client: httpx.Client, remember: Remember) -> None:
    identifier = remember("tea")
    body = {"memory_id": identifier, "feedback": "NEGATIVE", "feedback_reason": "I drink coffee"}
    reply = client.post("/v1/feedback/", json=body).json()
    assert reply.pop("id")
    assert reply == {"feedback": "NEGATIVE", "feedback_reason": "I drink coffee"}
    assert client.post("/v1/feedback/", json={"memory_id": identifier}).json()["feedback"] is None
    assert client.post("/v1/feedback/", json={"feedback": "POSITIVE"}).status_code == 400
    wrong = client.post("/v1/feedback/", json={"memory_id": identifier, "feedback": "GREAT"})
    assert wrong.json() == {"feedback": ['"GREAT" is not a valid choice.']}
    unknown = {"memory_id": "00000000-0000-4000-8000-000000000000", "feedback": "POSITIVE"}
    assert client.post("/v1/feedback/", json=unknown).status_code == 400


def test_an_export_has_the_memories_of_the_time_it_was_made(client: httpx.Client, remember: Remember) -> None:
    remember("tea")
    request = {"schema": {"type": "object"}, "filters": {"AND": [{"user_id": "alice"}]}}
    made = client.post("/v1/exports/", json=request)
    assert made.status_code == 201
    remember("coffee")
    for body in ({"memory_export_id": made.json()["id"]}, {"filters": {"user_id": "alice"}}, {"user_id": "alice"}):
        found = client.post("/v1/exports/get/", json=body)
        assert [memory["memory"] for memory in found.json()["memories"]] == ["tea"]
    client.post("/v1/exports/", json=request)
    latest = client.post("/v1/exports/get/", json={"filters": {"user_id": "alice"}}).json()
    assert len(latest["memories"]) == 2


def test_an_invalid_export_is_refused(client: httpx.Client) -> None:
    filters = {"AND": [{"user_id": "alice"}]}
    no_schema = client.post("/v1/exports/", json={"schema": "x", "filters": filters})
    assert (no_schema.status_code, no_schema.json()) == (
        400,
        {"message": "Schema is required and must be a valid object"},
    )
    for flat in (None, {"user_id": "alice"}):
        reply = client.post("/v1/exports/", json={"schema": {"a": 1}, "filters": flat})
        assert (reply.status_code, list(reply.json())) == (400, ["error"])
    assert client.post("/v1/exports/get/", json={}).status_code == 400
    for body in ({"filters": {"user_id": "unknown"}}, {"memory_export_id": "x"}):
        reply = client.post("/v1/exports/get/", json=body)
        assert (reply.status_code, reply.json()) == (404, {"error": "No memory export request found"})


def test_a_summary_is_the_memories_one_after_another(client: httpx.Client, remember: Remember) -> None:
    remember("I like tea")
    remember("I live in Oslo")
    for filters in ({"user_id": "alice"}, {"AND": [{"user_id": "alice"}]}):
        [summary] = client.post("/v1/summary/", json={"filters": filters}).json()
        assert summary["summary"] == "I like tea. I live in Oslo"
    assert client.post("/v1/summary/", json={}).status_code == 400


def test_a_project_is_read_and_updated(box: RunningSandbox, client: httpx.Client) -> None:
    ping = client.get("/v1/ping/").json()
    path = f"/api/v1/orgs/organizations/{ping['org_id']}/projects/{ping['project_id']}/"
    assert client.get(path).json()["project_id"] == ping["project_id"]
    change = {"custom_categories": [{"riding": "horses"}], "custom_instructions": "Be brief.", "unknown": 1}
    assert client.patch(path, json=change).json() == {"message": "Project updated successfully"}
    details = client.get(path).json()
    assert (details["custom_instructions"], details["custom_categories"]) == ("Be brief.", [{"riding": "horses"}])
    assert "unknown" not in details
    assert set(client.get(path, params={"fields": ["name", "version"]}).json()) == {"name", "version"}
    body = {"messages": [{"role": "user", "content": "I ride horses"}], "user_id": "alice"}
    client.post("/v3/memories/add/", json=body)
    [memory] = client.post("/v3/memories/", json={"filters": {"user_id": "alice"}}).json()["results"]
    assert memory["categories"] == ["riding"]
    assert client.patch(path, json={"custom_categories": "riding"}).status_code == 400
    other = client.get("/api/v1/orgs/organizations/other/projects/other/")
    assert (other.status_code, other.json()) == (404, {"message": "Organization or project not found"})


@pytest.mark.parametrize(
    "change",
    [{"name": ["x"]}, {"multilingual": "perhaps"}, {"summary_batch_size": "many"}, {"custom_instructions": [1]}],
)
def test_a_project_setting_of_the_wrong_type_is_refused(client: httpx.Client, change: dict[str, Any]) -> None:
    account = client.get("/v1/ping/").json()
    path = f"/api/v1/orgs/organizations/{account['org_id']}/projects/{account['project_id']}/"
    before = client.get(path).json()
    reply = client.patch(path, json=change)
    assert (reply.status_code, list(reply.json())) == (400, list(change))
    assert client.get(path).json() == before
    lines = {"custom_instructions": ["Be brief.", "Be kind."]}
    assert client.patch(path, json=lines).status_code == 200
    assert client.get(path).json()["custom_instructions"] == "Be brief.\nBe kind."


# -- every route


def test_unknown_fields_of_a_body_or_query_are_ignored(
    client: httpx.Client, remember: Remember, listed: Listed
) -> None:
    identifier = remember("I like tea")
    text = {"messages": [{"role": "user", "content": "I like coffee.", "name": "al"}], **ALICE}
    memory = f"/v1/memories/{identifier}/"
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v3/memories/add/", text),
        ("POST", "/v3/memories/search/", {"query": "tea", "filters": ALICE}),
        ("POST", "/v3/memories/", {"filters": ALICE}),
        ("PUT", memory, {"text": "I like green tea"}),
        ("PUT", "/v1/batch/", {"memories": [{"memory_id": identifier, "text": "I like green tea", **EXTRA}]}),
        ("POST", "/v1/feedback/", {"memory_id": identifier, "feedback": "POSITIVE"}),
        ("POST", "/v1/summary/", {"filters": ALICE}),
    ]
    for method, path, body in requests:
        reply = client.request(method, path, json={**body, **EXTRA}, params=QUERY)
        assert reply.status_code == 200, (path, reply.text)
    for path in ("/v1/ping/", memory, f"{memory}history/", "/v1/events/", "/v1/entities/", "/v2/entities/user/alice/"):
        assert client.get(path, params=QUERY).status_code == 200, path
    assert listed() == ["I like coffee", "I like green tea"]
    assert "unknown" not in client.get(memory).json()
