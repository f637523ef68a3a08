"""Organisations, projects, members, profiles, statistics, and entities that were registered."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox

Remember = Callable[..., str]
Listed = Callable[..., list[str]]
ORGS = "/api/v1/orgs/organizations/"
EMAIL = "member@example.test"


@pytest.fixture
def account(client: httpx.Client) -> dict[str, str]:
    answer: dict[str, str] = client.get("/v1/ping/").json()
    return answer


def _names(members: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(member["email"], member["role"]) for member in members]


def test_an_organization_is_created_listed_and_deleted(client: httpx.Client, account: dict[str, str]) -> None:
    made = client.post(ORGS, json={"name": "Acme"})
    assert (made.status_code, made.json()["message"]) == (201, "Organization created successfully.")
    identifier = made.json()["org_id"]
    names = {entry["org_id"]: entry["name"] for entry in client.get(ORGS).json()}
    assert list(names.items()) == [(account["org_id"], "Sandbox"), (identifier, "Acme")]
    assert client.get(f"{ORGS}{identifier}/").json()["user_role"] == "OWNER"
    project = client.post(f"{ORGS}{identifier}/projects/", json={"name": "Web"}).json()["project_id"]
    assert client.delete(f"{ORGS}{identifier}/").json() == {"message": "Organization deleted successfully!"}
    for path in (f"{ORGS}{identifier}/", f"{ORGS}{identifier}/projects/{project}/"):
        assert client.get(path).status_code == 404
    assert client.delete(f"{ORGS}{account['org_id']}/").status_code == 403
    assert client.post(ORGS, json={"name": " "}).json() == {"errors": {"name": ["This field may not be blank."]}}


def test_a_project_is_created_configured_and_deleted(client: httpx.Client, account: dict[str, str]) -> None:
    projects = f"{ORGS}{account['org_id']}/projects/"
    made = client.post(projects, json={"name": "Web", "description": "of the web"})
    identifier = made.json()["project_id"]
    assert [entry["project_id"] for entry in client.get(projects).json()] == [account["project_id"], identifier]
    one = f"{projects}{identifier}/"
    client.patch(one, json={"custom_instructions": "Be brief."})
    shown = client.get(one).json()
    assert (shown["name"], shown["description"], shown["custom_instructions"], shown["is_default"]) == (
        "Web", "of the web", "Be brief.", False,
    )  # fmt: skip
    assert client.get(f"{projects}{account['project_id']}/").json()["custom_instructions"] == ""
    assert client.delete(one).json() == {"message": "Project and related data deleted successfully."}
    assert client.get(one).status_code == 404
    assert client.post(f"{ORGS}org-of-others/projects/", json={"name": "x"}).status_code == 403
    assert client.post(projects, json={}).json()["message"] == "Project could not be created."


def test_deleting_the_own_project_empties_it(
    client: httpx.Client, box: RunningSandbox, account: dict[str, str], remember: Remember, listed: Listed
) -> None:
    remember("tea")
    client.post("/v1/users/", json={"user_id": "carl"})
    client.delete(f"{ORGS}{account['org_id']}/projects/{account['project_id']}/")
    assert listed() == []
    assert client.get("/v1/entities/").json()["count"] == client.get("/v1/events/").json()["count"] == 0
    remember("coffee")
    assert listed() == ["coffee"]


def test_nothing_of_another_key_is_seen(client: httpx.Client, box: RunningSandbox, account: dict[str, str]) -> None:
    organization = client.post(ORGS, json={"name": "Acme"}).json()["org_id"]
    project = client.post(f"{ORGS}{organization}/projects/", json={"name": "Web"}).json()["project_id"]
    hooks = f"/api/v1/webhooks/projects/{project}/"
    body = {"name": "hook", "url": "http://127.0.0.1:9/", "event_types": ["memory_add"]}
    webhook = client.post(hooks, json=body).json()["webhook_id"]
    other = box.with_fresh_project()
    with httpx.Client(base_url=other.base_url, headers=other.headers) as stranger:
        assert [entry["name"] for entry in stranger.get(ORGS).json()] == ["Sandbox"]
        for method, path, status in (
            ("GET", f"{ORGS}{organization}/", 404),
            ("DELETE", f"{ORGS}{organization}/", 404),
            ("GET", f"{ORGS}{organization}/projects/", 404),
            ("GET", f"{ORGS}{organization}/projects/{project}/", 404),
            ("DELETE", f"{ORGS}{account['org_id']}/projects/{account['project_id']}/", 404),
            ("GET", f"{ORGS}{organization}/members/", 404),
            ("GET", hooks, 403),
            ("PUT", f"/api/v1/webhooks/{webhook}/", 403),
            ("DELETE", f"/api/v1/webhooks/{webhook}/", 403),
        ):
            assert stranger.request(method, path).status_code == status, path
    assert client.get(f"{ORGS}{organization}/projects/{project}/").status_code == 200


@pytest.mark.parametrize("kind", ["organization", "project"])
def test_members_come_and_go(client: httpx.Client, account: dict[str, str], kind: str) -> None:
    path = f"{ORGS}{account['org_id']}/"
    path += "members/" if kind == "organization" else f"projects/{account['project_id']}/members/"
    owner = (account["user_email"], "OWNER")
    assert _names(client.get(path).json()["members"]) == [owner]
    added = client.post(path, json={"email": EMAIL, "role": "READER"})
    assert added.status_code == (201 if kind == "organization" else 200)
    assert client.put(path, json={"email": EMAIL, "role": "OWNER"}).status_code == 200
    assert _names(client.get(path).json()["members"]) == [owner, (EMAIL, "OWNER")]
    for method, body in (
        ("POST", {"email": "x", "role": "READER"}),
        ("POST", {"email": EMAIL, "role": "KING"}),
        ("POST", {"role": "READER"}),
        ("PUT", {"email": EMAIL}),
    ):
        assert client.request(method, path, json=body).status_code == 400
    assert client.put(path, json={"email": "nobody@example.test", "role": "OWNER"}).status_code == 404
    refused = client.put(path, json={"email": account["user_email"], "role": "READER"})
    assert refused.status_code == (400 if kind == "organization" else 403)
    assert client.delete(path, params={"email": EMAIL}).status_code == 200
    assert _names(client.get(path).json()["members"]) == [owner]


@pytest.mark.parametrize("kind", ["user", "agent", "app", "run"])
def test_an_entity_can_be_registered_without_memories(client: httpx.Client, remember: Remember, kind: str) -> None:
    field = f"{kind}_id"
    body = {field: "someone", "name": "Some One", "metadata": {"plan": "free"}}
    made = client.post(f"/v1/{kind}s/", json=body)
    assert (made.status_code, made.json()[field], made.json()["metadata"]) == (201, "someone", {"plan": "free"})
    [entity] = client.get("/v1/entities/").json()["results"]
    assert (entity["name"], entity["type"], entity["total_memories"]) == ("someone", kind, 0)
    assert entity["metadata"] == {"plan": "free"}
    assert int(entity["id"]) == made.json()["id"]
    remember("tea", **{field: "someone"})
    [entity] = client.get(f"/v2/entities/{kind}/someone/").json()
    assert entity["total_memories"] == 1
    deleted = client.delete(f"/v1/entities/{kind}/{entity['id']}/")
    assert deleted.status_code == 200
    assert client.get("/v1/entities/").json()["count"] == 0
    assert client.post(f"/v1/{kind}s/", json={"name": "x"}).status_code == 400


def test_the_first_delete_of_entities_takes_a_number(client: httpx.Client, remember: Remember) -> None:
    remember("tea")
    refused = client.delete("/v1/entities/user/alice/")
    assert (refused.status_code, refused.json()) == (400, {"error": "Invalid entity ID. Must be an integer."})
    assert client.delete("/v1/entities/user/1/").status_code == 404
    assert client.get("/v1/entities/").json()["count"] == 1


def test_the_memories_of_an_entity_have_their_origin(client: httpx.Client, remember: Remember) -> None:
    identifier = remember("tea", user_id="a/b")
    client.put(f"/v1/memories/{identifier}/", json={"text": "green tea"})
    page = client.get("/v1/memories/user/a%2Fb/").json()
    [shown] = page["results"]
    assert (page["count"], shown["memory"], shown["is_updated"]) == (1, "green tea", True)
    assert shown["input"] == [{"role": "user", "content": "tea"}]
    assert client.get("/v1/memories/user/history/").json()["count"] == 0
    assert client.get("/v1/memories/planet/mars/").json() == {"error": "Invalid entity type"}
    assert client.get("/v1/memories/user/alice/?page=2").status_code == 404


def test_all_changes_are_listed_in_pages(client: httpx.Client, remember: Remember) -> None:
    first = remember("tea")
    client.put(f"/v1/memories/{first}/", json={"text": "coffee"})
    client.delete(f"/v1/memories/{first}/")
    page = client.get("/v1/memories/events/?limit=2").json()
    assert (page["count"], [entry["event"] for entry in page["results"]]) == (3, ["DELETE", "UPDATE"])
    assert [entry["event"] for entry in client.get(page["next"]).json()["results"]] == ["ADD"]


def test_searches_are_events_and_counted(client: httpx.Client, remember: Remember) -> None:
    remember("I drink tea", agent_id="bot", user_id="alice")
    body = {"query": "tea", "filters": {"user_id": "alice"}}
    [found] = client.post("/v3/memories/search/", json=body).json()["results"]
    event = client.get("/v1/events/").json()["results"][0]
    assert (event["event_type"], event["status"], event["payload"]["query"]) == ("SEARCH", "SUCCEEDED", "tea")
    assert event["results"] == [{"id": found["id"], "memory": "I drink tea", "score": found["score"]}]
    assert event["latency"] >= 0
    assert client.get(f"/v1/event/{event['id']}/").json() == event
    stats = client.get("/v1/stats/").json()
    assert (stats["total_memories"], stats["total_add_events"], stats["total_retrieval_events"]) == (1, 1, 1)
    assert (stats["total_users_with_memories"], stats["memories_per_agent"], stats["memories_per_run"]) == (1, 1, 0)


def test_the_filters_of_a_dashboard(client: httpx.Client, remember: Remember) -> None:
    remember("I drink tea")
    shown = client.get("/v1/entities/filters/").json()
    assert (shown["users"], shown["categories"]) == (["alice"], ["food"])
    assert "SEARCH" in shown["event_type"]


SCHEMA = {"type": "object", "properties": {"food": {"type": "string", "description": "what the person likes to drink"}}}


def test_a_profile_is_made_of_the_memories_that_fit(client: httpx.Client, remember: Remember) -> None:
    remember("I drink tea")
    remember("I moved to Oslo")
    path, trigger = "/v2/entities/user/alice/profile/", {"operation": "trigger", "entity_id": "alice"}
    assert client.get(path).json()["status"] == "not_enabled"
    assert client.post("/v2/profiles/jobs/", json=trigger).status_code == 400
    settings = {"enabled": True, "entities": {"user": {"schema": SCHEMA}}}
    stored = client.post("/v2/profiles/settings/", json=settings).json()
    assert stored["entities"]["user"] == {"schema": SCHEMA, "custom_instructions": None}
    assert client.get("/v2/profiles/settings/").json() == stored
    assert client.get(path).json()["status"] == "insufficient_data"
    key = {"Idempotency-Key": "one"}
    job = client.post("/v2/profiles/jobs/", json=trigger, headers=key).json()
    again = client.post("/v2/profiles/jobs/", json=trigger, headers=key).json()
    assert again == {**job, "replayed": True}
    assert client.get(job["status_url"]).json()["job"]["succeeded"] == 1
    profile = client.get(path).json()
    assert (profile["status"], profile["profile"], profile["generation_count"]) == (
        "succeeded", {"food": "I drink tea"}, 1,
    )  # fmt: skip
    sample = client.post("/v2/profiles/jobs/", json={"operation": "sample", "limit": 5}).json()
    assert sample["entity_ids"] == ["alice"]
    assert client.get("/v2/entities/user/nobody/profile/").status_code == 404


def test_profile_settings_are_checked(client: httpx.Client) -> None:
    wrong: list[dict[str, Any]] = [
        {"schema": SCHEMA},
        {"entities": {"user": {"schema": {"properties": {"food": {}}}}}},
        {"entities": {"user": {"schema": []}}},
        {"enabled": "perhaps"},
    ]
    for body in wrong:
        assert client.post("/v2/profiles/settings/", json=body).status_code == 400, body
