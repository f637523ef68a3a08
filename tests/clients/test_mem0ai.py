"""Mem0's own Python client."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

pytest.importorskip("mem0", reason="mem0ai is not installed: pip install --group clients")

from mem0 import MemoryClient
from mem0.exceptions import MemoryNotFoundError, NetworkError, RateLimitError, ValidationError

from modulex_mem0.sandbox import RunningSandbox, running_sandbox

Remember = Callable[..., str]
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
ALICE = {"user_id": "alice"}


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[Any]:
    made = MemoryClient(api_key=sandbox.api_key, host=sandbox.base_url)
    with closing(made.client):
        yield made


@pytest.fixture
def remember(client: Any) -> Remember:
    """Stores one text verbatim, for alice by default, and returns its id."""

    def store(text: str, **extra: Any) -> str:
        ids = {"user_id", "agent_id", "app_id", "run_id"} & set(extra)
        answer = client.add(text, infer=False, **(extra if ids else {**extra, **ALICE}))
        assert answer["status"] == "SUCCEEDED"
        [result] = answer["results"]
        assert (result["data"]["memory"], result["event"]) == (text, "ADD")
        identifier: str = result["id"]
        return identifier

    return store


def _texts(page: Any) -> list[str]:
    return [record["memory"] for record in page["results"]]


def _all(client: Any, user: str = "alice") -> list[str]:
    return sorted(_texts(client.get_all(filters={"user_id": user}, page=1, page_size=200)))


def test_the_constructor_reads_the_account_by_a_ping(client: Any) -> None:
    assert client.org_id == "org-sandbox"
    assert client.project_id.startswith("proj-")
    assert client.user_email.endswith("@sandbox.invalid")


def test_a_wrong_key_is_refused_in_the_services_words(sandbox: RunningSandbox) -> None:
    with httpx.Client() as http, pytest.raises(ValueError, match="Invalid API key"):
        MemoryClient(api_key="m0-wrong", host=sandbox.base_url, client=http)


def test_an_add_is_pending_and_its_event_reports_what_was_stored() -> None:
    with running_sandbox(delay=1.5) as box:
        client = MemoryClient(api_key=box.api_key, host=box.base_url)
        with closing(client.client) as http:
            messages = [{"role": "user", "content": "I moved to Oslo. I work as a baker."}]
            answer = client.add(messages, user_id="alice", metadata={"source": "chat"})
            assert answer["status"] == "PENDING"
            assert client.get_all(filters=ALICE)["results"] == []
            path = f"/v1/event/{answer['event_id']}/"
            deadline = time.monotonic() + 30
            while (event := http.get(path).json())["status"] in {"PENDING", "RUNNING"}:
                assert time.monotonic() < deadline
            assert event["status"] == "SUCCEEDED"
            stored = client.get_all(filters=ALICE)["results"]
            assert {record["memory"] for record in stored} == {"I moved to Oslo", "I work as a baker"}
            assert {record["id"] for record in stored} == {result["id"] for result in event["results"]}
            assert [record["metadata"] for record in stored] == [{"source": "chat"}] * 2


def test_search_ranks_and_stays_with_the_user(client: Any, remember: Remember) -> None:
    hiking = remember("I love hiking in the Alps", run_id="trip", **ALICE)
    remember("I love tea")
    remember("I love hiking in the Andes", user_id="bob")
    found = client.search("hiking in the mountains", filters={"AND": [ALICE, {"run_id": "*"}]}, threshold=0.2)
    [record] = found["results"]
    assert (record["id"], record["memory"], record["run_id"]) == (hiking, "I love hiking in the Alps", "trip")
    assert 0.2 <= record["score"] <= 1
    both = client.search("I love hiking", filters={"OR": [ALICE, {"user_id": "bob"}]}, top_k=2)["results"]
    assert {entry["user_id"] for entry in both} == {"alice", "bob"}
    assert both[0]["score"] >= both[1]["score"]


def test_get_all_comes_in_pages(client: Any, remember: Remember) -> None:
    ids = [remember(f"memory {number}") for number in range(5)]
    pages = [client.get_all(filters=ALICE, page=number, page_size=2) for number in (1, 2, 3)]
    assert [page["count"] for page in pages] == [5, 5, 5]
    assert [record["id"] for page in pages for record in page["results"]] == ids[::-1]
    assert [page["next"] is None for page in pages] == [False, False, True]
    assert [page["previous"] is None for page in pages] == [True, False, False]
    with pytest.raises(MemoryNotFoundError, match=r"Invalid page\."):
        client.get_all(filters=ALICE, page=4, page_size=2)


def test_one_memory_is_read_and_an_unknown_one_is_not_found(client: Any, remember: Remember) -> None:
    identifier = remember("tea", metadata={"n": 1}, run_id="r", **ALICE)
    record = client.get(identifier)
    assert (record["id"], record["memory"], record["metadata"]) == (identifier, "tea", {"n": 1})
    assert record["session_id"] == "r"
    with pytest.raises(MemoryNotFoundError, match="Memory not found"):
        client.get(UNKNOWN_ID)
    with pytest.raises(ValidationError, match="valid UUID"):
        client.get("mem_1")


def test_an_update_changes_what_it_names(client: Any, remember: Remember) -> None:
    identifier = remember("tea", expiration_date="2999-01-01")
    assert client.update(identifier, text="coffee", metadata={"cups": 2})["memory"] == "coffee"
    assert client.get(identifier)["expiration_date"] == "2999-01-01"
    assert client.update(identifier, expiration_date=None)["expiration_date"] is None
    assert client.update(identifier, timestamp=1_700_000_000)["created_at"] == "2023-11-14T22:13:20.000000Z"
    record = client.get(identifier)
    assert (record["memory"], record["metadata"]) == ("coffee", {"cups": 2})
    changes = [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in client.history(identifier)[:2]]
    assert changes == [("ADD", None, "tea"), ("UPDATE", "tea", "coffee")]


def test_a_memory_is_deleted(client: Any, remember: Remember) -> None:
    identifier = remember("tea")
    remember("coffee")
    assert client.delete(identifier) == {"message": "Memory deleted successfully!"}
    assert _all(client) == ["coffee"]
    assert client.history(identifier)[-1]["event"] == "DELETE"
    client.add("I like milk. I like juice.", user_id="bob")
    first, _ = client.get_all(filters={"user_id": "bob"})["results"]
    assert client.delete(first["id"], delete_linked=True)["cascade_count"] == 1
    assert _all(client, "bob") == []


def test_delete_all_deletes_one_users_memories(client: Any, remember: Remember) -> None:
    remember("tea")
    remember("coffee")
    remember("water", user_id="bob")
    assert client.delete_all(user_id="alice")["message"] == "Delete in progress. This may take some time."
    assert (_all(client), _all(client, "bob")) == ([], ["water"])
    with pytest.raises(ValidationError, match="At least one filter"):
        client.delete_all()


def test_users_are_listed_and_deleted_by_any_name(client: Any, remember: Remember) -> None:
    for name in ("alice", "team/a b", "ünï"):
        remember("tea", user_id=name)
    remember("tea", agent_id="bot")
    listed = client.users()
    assert [(entity["type"], entity["name"]) for entity in listed["results"]] == [
        ("user", "alice"), ("user", "team/a b"), ("user", "ünï"), ("agent", "bot"),
    ]  # fmt: skip
    assert (listed["count"], listed["total_users"], listed["total_agents"]) == (4, 3, 1)
    client.delete_users(user_id="team/a b")
    assert [entity["name"] for entity in client.users()["results"]] == ["alice", "ünï", "bot"]
    assert client.reset()["message"].startswith("Client reset successful")
    assert client.users()["count"] == 0


def test_batches(client: Any, remember: Remember) -> None:
    ids = [remember(f"tea {number}") for number in range(3)]
    changes = [{"memory_id": identifier, "text": f"coffee {number}"} for number, identifier in enumerate(ids)]
    assert client.batch_update(changes)["message"] == "Successfully updated 3 memories"
    assert _all(client) == ["coffee 0", "coffee 1", "coffee 2"]
    deleted = client.batch_delete([{"memory_id": ids[0]}, {"memory_id": ids[2]}])
    assert deleted["message"] == "Successfully deleted 2 memories"
    assert _all(client) == ["coffee 1"]


def test_feedback(client: Any, remember: Remember) -> None:
    answer = client.feedback(remember("tea"), feedback="very_negative", feedback_reason="I drink coffee")
    assert (answer["feedback"], answer["feedback_reason"]) == ("VERY_NEGATIVE", "I drink coffee")


def test_exports_and_the_summary(client: Any, remember: Remember) -> None:
    remember("I like tea")
    schema = {"type": "object", "properties": {"drinks": {"type": "array"}}}
    made = client.create_memory_export(schema=schema, filters={"AND": [ALICE]})
    remember("I like coffee")
    for wanted in ({"memory_export_id": made["id"]}, {"user_id": "alice"}, {"filters": ALICE}):
        assert [memory["memory"] for memory in client.get_memory_export(**wanted)["memories"]] == ["I like tea"]
    [summary] = client.get_summary(filters=ALICE)
    assert summary["summary"] == "I like tea. I like coffee"


def test_the_project_is_read_and_changed(client: Any) -> None:
    categories = [{"riding": "anything with horses"}]
    client.project.update(custom_instructions="Be brief.", custom_categories=categories)
    asked = client.project.get(fields=["custom_instructions", "custom_categories"])
    assert asked == {"custom_instructions": "Be brief.", "custom_categories": categories}
    assert client.project.get()["project_id"] == client.project_id
    client.add("I ride horses.", user_id="alice")
    assert client.get_all(filters=ALICE)["results"][0]["categories"] == ["riding"]


def test_errors_of_the_service_reach_the_user(client: Any, remember: Remember) -> None:
    with pytest.raises(ValidationError, match="At least one of user_id"):
        client.add("tea")
    with pytest.raises(ValidationError, match="Unsupported filter key"):
        client.search("tea", filters={"user_id": "alice", "colour": "red"})


def test_faults_reach_the_user(sandbox: RunningSandbox, client: Any, remember: Remember) -> None:
    search = {"path": "/v3/memories/search/"}
    sandbox.set_faults(
        {**search, "calls": 1, "status": 429, "retry_after": 7, "headers": {"X-RateLimit-Limit": "5"}},
        {**search, "calls": 2, "reset": "before"},
        {"path": "/v3/memories/add/", "reset": "after"},
    )
    with pytest.raises(RateLimitError) as limited:
        client.search("tea", filters=ALICE)
    assert limited.value.debug_info["retry_after"] == 7
    assert limited.value.debug_info["x_ratelimit_limit"] == "5"
    with pytest.raises(NetworkError):
        client.search("tea", filters=ALICE)
    with pytest.raises(NetworkError):
        client.add("tea", infer=False, **ALICE)
    assert _all(client) == ["tea"]


def test_profiles(client: Any, remember: Remember) -> None:
    remember("I drink tea")
    schema = {"type": "object", "properties": {"food": {"type": "string", "description": "what they drink"}}}
    assert client.get_profile("alice")["status"] == "not_enabled"
    client.update_profile_settings(enabled=True, schema=schema, custom_instructions="Be brief.")
    assert client.get_profile_settings()["entities"]["user"] == {"schema": schema, "custom_instructions": "Be brief."}
    job = client.generate_profile("alice")
    assert client.get_profile_job(job["status_url"])["job"]["status"] == "succeeded"
    assert client.get_profile("alice")["profile"] == {"food": "I drink tea"}
    assert client.sample_profiles(limit=2)["entity_ids"] == ["alice"]


def test_webhooks_projects_and_members(client: Any) -> None:
    made = client.create_webhook("http://127.0.0.1:9/", "hook", client.project_id, ["memory_add"])
    client.update_webhook(made["webhook_id"], name="renamed")
    assert [hook["name"] for hook in client.get_webhooks(client.project_id)] == ["renamed"]
    client.delete_webhook(made["webhook_id"])
    assert client.get_webhooks(client.project_id) == []
    client.project.add_member("member@example.test")
    client.project.update_member("member@example.test", "OWNER")
    assert [member["role"] for member in client.project.get_members()["members"]] == ["OWNER", "OWNER"]
    client.project.remove_member("member@example.test")
    assert len(client.project.get_members()["members"]) == 1
    assert client.project.create("another")["project_id"]
