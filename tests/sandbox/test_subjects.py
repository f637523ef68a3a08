from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox, running_sandbox

Remember = Callable[..., str]
Listed = Callable[..., list[str]]
ANYBODY = {"OR": [{"user_id": "*"}, {"agent_id": "*"}]}


def _event(client: httpx.Client, reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    assert reply.json()["message"] == "Delete in progress. This may take some time."
    event: dict[str, Any] = client.get(f"/v1/event/{reply.json()['event_id']}/").json()
    return event


# -- delete by filter


def test_a_deletion_by_filter_is_queued() -> None:
    with running_sandbox(delay=0.3) as box, httpx.Client(base_url=box.base_url, headers=box.headers) as client:
        body = {"messages": [{"role": "user", "content": "tea"}], "user_id": "alice", "infer": False}
        client.post("/v3/memories/add/", json=body)
        event_id = client.delete("/v1/memories/?user_id=alice").json()["event_id"]
        assert client.post("/v3/memories/", json={"filters": {"user_id": "alice"}}).json()["count"] == 1
        deadline = time.monotonic() + 10
        while client.get(f"/v1/event/{event_id}/").json()["status"] != "SUCCEEDED":
            assert time.monotonic() < deadline
        assert client.post("/v3/memories/", json={"filters": {"user_id": "alice"}}).json()["count"] == 0


def test_a_deletion_takes_what_its_filters_all_match(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    remember("a1", user_id="alice", run_id="r1")
    remember("a2", user_id="alice", run_id="r2", expiration_date="2001-01-01")
    remember("b1", user_id="bob", run_id="r1", metadata={"k": "v"})
    remember("x", agent_id="bot")
    event = _event(client, client.delete("/v1/memories/", params={"user_id": "alice", "run_id": "r1"}))
    assert (event["status"], event["event_type"], len(event["results"])) == ("SUCCEEDED", "DELETE_ALL", 1)
    assert listed(ANYBODY, show_expired=True) == ["a2", "b1", "x"]
    client.delete("/v1/memories/", params={"metadata": json.dumps({"k": "v"})})
    assert listed(ANYBODY, show_expired=True) == ["a2", "x"]
    client.delete("/v1/memories/", params={"user_id": "*"})
    assert listed(ANYBODY, show_expired=True) == ["x"]


@pytest.mark.parametrize("query", ["", "org_id=o&project_id=p", "user_id=", "metadata=", "metadata=x", "metadata=[]"])
def test_a_deletion_without_a_filter_is_refused(
    client: httpx.Client, remember: Remember, listed: Listed, query: str
) -> None:
    remember("tea")
    assert client.delete(f"/v1/memories/?{query}").status_code == 400
    assert listed() == ["tea"]


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
def test_an_entity_is_shown_and_deleted_by_name(
    client: httpx.Client, remember: Remember, listed: Listed, name: str
) -> None:
    remember("mine", user_id=name)
    remember("another's", user_id="bystander")
    path = f"/v2/entities/user/{quote(name, safe='')}/"
    [entity] = client.get(path).json()
    assert (entity["name"], entity["type"]) == (name, "user")
    event = _event(client, client.delete(path))
    assert (event["status"], event["event_type"]) == ("SUCCEEDED", "DELETE_USER")
    assert listed({"user_id": "*"}) == ["another's"]
    assert client.get(path).json() == []


def test_an_unknown_kind_of_entity_is_refused(client: httpx.Client) -> None:
    for method in ("GET", "DELETE"):
        reply = client.request(method, "/v2/entities/planet/mars/")
        assert (reply.status_code, reply.json()) == (400, {"message": "Invalid entity type"})


# -- feedback, exports, summary, project


def test_feedback_is_taken_for_a_memory_that_exists(client: httpx.Client, remember: Remember) -> None:
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


def test_an_export_holds_the_memories_of_its_time(client: httpx.Client, remember: Remember) -> None:
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


def test_a_wrong_export_is_refused(client: httpx.Client) -> None:
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
    for body in ({"filters": {"user_id": "nobody"}}, {"memory_export_id": "x"}):
        reply = client.post("/v1/exports/get/", json=body)
        assert (reply.status_code, reply.json()) == (404, {"error": "No memory export request found"})


def test_a_summary_is_the_memories_in_a_row(client: httpx.Client, remember: Remember) -> None:
    remember("I like tea")
    remember("I live in Oslo")
    for filters in ({"user_id": "alice"}, {"AND": [{"user_id": "alice"}]}):
        [summary] = client.post("/v1/summary/", json={"filters": filters}).json()
        assert summary["summary"] == "I like tea. I live in Oslo"
    assert client.post("/v1/summary/", json={}).status_code == 400


def test_a_project_is_read_and_changed(box: RunningSandbox, client: httpx.Client) -> None:
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
    foreign = client.get("/api/v1/orgs/organizations/other/projects/other/")
    assert (foreign.status_code, foreign.json()) == (404, {"message": "Organization or project not found"})
