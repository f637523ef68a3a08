"""Memories by id, in batches, and deletion by filter."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import running_sandbox

Remember = Callable[..., str]
Listed = Callable[..., list[str]]
ANYONE = {"OR": [{"user_id": "*"}, {"agent_id": "*"}]}
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def _put(client: httpx.Client, identifier: str, **body: Any) -> dict[str, Any]:
    reply = client.put(f"/v1/memories/{identifier}/", json=body)
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def test_a_memory_is_read_by_id_whichever_entity_it_belongs_to(client: httpx.Client, remember: Remember) -> None:
    identifier = remember("tea", user_id="bob", run_id="r")
    record = client.get(f"/v1/memories/{identifier.upper()}/").json()
    assert (record["id"], record["memory"], record["user_id"]) == (identifier, "tea", "bob")
    assert record["session_id"] == "r"
    assert record["lifecycle_state"] == "active"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_id_must_be_a_uuid_and_known(client: httpx.Client, method: str) -> None:
    invalid = client.request(method, "/v1/memories/mem_1/", json={"text": "x"})
    assert (invalid.status_code, invalid.json()) == (400, {"error": "memory_id should be a valid UUID"})
    unknown = client.request(method, f"/v1/memories/{UNKNOWN_ID}/", json={"text": "x"})
    assert (unknown.status_code, unknown.json()) == (404, {"error": "Memory not found!"})


def test_an_update_shows_everywhere(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    identifier = remember("I like pizza")
    before = client.get(f"/v1/memories/{identifier}/").json()
    changed = _put(client, identifier, text="I play the guitar", metadata={"v": 2}, expiration_date="2999-01-01")
    assert changed == client.get(f"/v1/memories/{identifier}/").json()
    assert (changed["memory"], changed["metadata"]) == ("I play the guitar", {"v": 2})
    assert changed["expiration_date"] == "2999-01-01"
    assert "music" in changed["categories"]
    assert changed["created_at"] == before["created_at"]
    assert changed["updated_at"] > before["updated_at"]
    assert listed() == ["I play the guitar"]
    body = {"filters": {"user_id": "alice"}}
    assert client.post("/v3/memories/search/", json={**body, "query": "pizza"}).json()["results"] == []
    assert len(client.post("/v3/memories/search/", json={**body, "query": "guitar"}).json()["results"]) == 1


def test_fields_that_are_not_given_stay(client: httpx.Client, remember: Remember) -> None:
    identifier = remember("tea", metadata={"a": 1}, expiration_date="2999-01-01")
    assert _put(client, identifier, text="coffee")["metadata"] == {"a": 1}
    assert _put(client, identifier, metadata={"b": 2})["memory"] == "coffee"
    assert _put(client, identifier, text="cocoa")["expiration_date"] == "2999-01-01"
    assert _put(client, identifier, expiration_date=None)["expiration_date"] is None


@pytest.mark.parametrize(
    "body", [{}, {"text": None}, {"text": " "}, {"text": ["x"]}, {"metadata": "x"}, {"expiration_date": "soon"}]
)
def test_an_invalid_update_is_refused_and_changes_nothing(
    client: httpx.Client, remember: Remember, body: dict[str, Any]
) -> None:
    identifier = remember("tea")
    before = client.get(f"/v1/memories/{identifier}/").json()
    assert client.put(f"/v1/memories/{identifier}/", json=body).status_code == 400
    assert client.get(f"/v1/memories/{identifier}/").json() == before


def test_an_immutable_memory_cannot_be_updated(client: httpx.Client, remember: Remember) -> None:
    identifier = remember("tea", immutable=True)
    reply = client.put(f"/v1/memories/{identifier}/", json={"text": "coffee"})
    assert reply.status_code == 400
    assert "immutable" in reply.json()["error"]
    assert client.get(f"/v1/memories/{identifier}/").json()["memory"] == "tea"


def test_a_deleted_memory_is_gone(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    identifier = remember("tea")
    reply = client.delete(f"/v1/memories/{identifier}/")
    assert (reply.status_code, reply.json()) == (200, {"message": "Memory deleted successfully!"})
    assert client.get(f"/v1/memories/{identifier}/").status_code == 404
    assert client.delete(f"/v1/memories/{identifier}/").status_code == 404
    assert listed() == []
    search = {"filters": {"user_id": "alice"}, "query": "tea", "threshold": 0}
    assert client.post("/v3/memories/search/", json=search).json()["results"] == []


def test_delete_linked_also_deletes_the_other_memories_of_the_same_add(
    client: httpx.Client, remember: Remember, listed: Listed
) -> None:
    remember("another add")
    messages = [{"role": "user", "content": "I like tea. I like coffee. I like milk."}]
    client.post("/v3/memories/add/", json={"messages": messages, "user_id": "alice"})
    first, *_ = client.post("/v3/memories/", json={"filters": {"user_id": "alice"}}).json()["results"]
    reply = client.delete(f"/v1/memories/{first['id']}/", params={"delete_linked": "true"})
    assert reply.json() == {"message": "Memory deleted successfully!", "cascade_count": 2}
    assert listed() == ["another add"]


def test_history_has_old_and_new_texts_and_outlives_the_memory(client: httpx.Client, remember: Remember) -> None:
    identifier = remember("tea", user_id="alice", run_id="r")
    _put(client, identifier, text="coffee")
    client.delete(f"/v1/memories/{identifier}/")
    entries = client.get(f"/v1/memories/{identifier}/history/").json()
    changes = [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in entries]
    assert changes == [("ADD", None, "tea"), ("UPDATE", "tea", "coffee"), ("DELETE", "coffee", "")]
    assert entries[0]["input"] == [{"role": "user", "content": "tea"}]
    assert {(entry["memory_id"], entry["user_id"], entry["session_id"]) for entry in entries} == {
        (identifier, "alice", "r")
    }
    assert client.get(f"/v1/memories/{UNKNOWN_ID}/history/").status_code == 404


def test_an_update_may_backdate(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    identifier = remember("tea")
    changed = client.put(f"/v1/memories/{identifier}/", json={"timestamp": 1_700_000_000}).json()
    assert (changed["memory"], changed["created_at"]) == ("tea", "2023-11-14T22:13:20.000000Z")
    assert listed(start_date="2023-11-14", end_date="2023-11-14") == ["tea"]
    assert client.put(f"/v1/memories/{identifier}/", json={"timestamp": "noon"}).status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_slash_in_a_memory_id_is_no_path(client: httpx.Client, remember: Remember, method: str) -> None:
    identifier = remember("tea")
    for name in (f"{identifier}%2F", f"x%2F{identifier}", f"{identifier}%2F..%2F{identifier}"):
        assert client.request(method, f"/v1/memories/{name}/", json={"text": "x"}).status_code in {400, 404}
    assert client.get(f"/v1/memories/{identifier}/").json()["memory"] == "tea"


# -- batches


def test_a_batch_updates_and_deletes(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    ids = [remember(f"tea {number}") for number in range(3)]
    items = [{"memory_id": identifier, "text": f"coffee {number}"} for number, identifier in enumerate(ids)]
    reply = client.put("/v1/batch/", json={"memories": items})
    assert (reply.status_code, reply.json()) == (200, {"message": "Successfully updated 3 memories"})
    assert listed() == ["coffee 0", "coffee 1", "coffee 2"]
    reply = client.request("DELETE", "/v1/batch/", json={"memories": [{"memory_id": ids[0]}, {"memory_id": ids[2]}]})
    assert (reply.status_code, reply.json()) == (200, {"message": "Successfully deleted 2 memories"})
    assert listed() == ["coffee 1"]


def test_a_batch_is_done_completely_or_not_at_all(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    items = [{"memory_id": remember("tea"), "text": "coffee"}, {"memory_id": UNKNOWN_ID, "text": "x"}]
    for method in ("PUT", "DELETE"):
        reply = client.request(method, "/v1/batch/", json={"memories": items})
        assert (reply.status_code, reply.json()) == (400, {"error": f"Memory not found: {UNKNOWN_ID}"})
    assert listed() == ["tea"]


def test_a_batch_has_1000_items_at_most(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    identifier = remember("tea")
    items = [{"memory_id": identifier, "text": f"tea {number}"} for number in range(1000)]
    assert client.put("/v1/batch/", json={"memories": items}).status_code == 200
    for method, done in (("PUT", "updated"), ("DELETE", "deleted")):
        reply = client.request(method, "/v1/batch/", json={"memories": [*items, items[0]]})
        assert reply.status_code == 400
        assert reply.json() == {"error": f"Maximum of 1000 memories can be {done} in a single request"}
    assert listed() == ["tea 999"]


@pytest.mark.parametrize("memories", [None, [], "x", ["x"], [{}], [{"memory_id": "x", "text": "y"}]])
def test_an_invalid_batch_is_refused(client: httpx.Client, memories: object) -> None:
    for method in ("PUT", "DELETE"):
        assert client.request(method, "/v1/batch/", json={"memories": memories}).status_code == 400


# -- delete by filter


def test_a_deletion_by_filter_is_a_job() -> None:
    with running_sandbox(delay=0.3) as box, httpx.Client(base_url=box.base_url, headers=box.headers) as client:
        body = {"messages": [{"role": "user", "content": "tea"}], "user_id": "alice", "infer": False}
        client.post("/v3/memories/add/", json=body)
        event_id = client.delete("/v1/memories/?user_id=alice").json()["event_id"]
        assert client.post("/v3/memories/", json={"filters": {"user_id": "alice"}}).json()["count"] == 1
        deadline = time.monotonic() + 10
        while client.get(f"/v1/event/{event_id}/").json()["status"] != "SUCCEEDED":
            assert time.monotonic() < deadline
        assert client.post("/v3/memories/", json={"filters": {"user_id": "alice"}}).json()["count"] == 0


def test_a_deletion_deletes_what_matches_all_its_filters(
    client: httpx.Client, remember: Remember, listed: Listed
) -> None:
    remember("a1", user_id="alice", run_id="r1")
    remember("a2", user_id="alice", run_id="r2", expiration_date="2001-01-01")
    remember("b1", user_id="bob", run_id="r1", metadata={"k": "v"})
    remember("x", agent_id="bot")
    reply = client.delete("/v1/memories/", params={"user_id": "alice", "run_id": "r1"})
    assert (reply.status_code, reply.json()["message"]) == (200, "Delete in progress. This may take some time.")
    event = client.get(f"/v1/event/{reply.json()['event_id']}/").json()
    assert (event["status"], event["event_type"], len(event["results"])) == ("SUCCEEDED", "DELETE_ALL", 1)
    assert listed(ANYONE, show_expired=True) == ["a2", "b1", "x"]
    client.delete("/v1/memories/", params={"metadata": json.dumps({"k": "v"})})
    assert listed(ANYONE, show_expired=True) == ["a2", "x"]
    client.delete("/v1/memories/", params={"user_id": "*"})
    assert listed(ANYONE, show_expired=True) == ["x"]


@pytest.mark.parametrize("query", ["", "org_id=o&project_id=p", "user_id=", "metadata=", "metadata=x", "metadata=[]"])
def test_a_deletion_without_a_filter_is_refused(
    client: httpx.Client, remember: Remember, listed: Listed, query: str
) -> None:
    remember("tea")
    assert client.delete(f"/v1/memories/?{query}").status_code == 400
    assert listed() == ["tea"]


def test_a_deletion_may_name_metadata_as_the_document_does(
    client: httpx.Client, remember: Remember, listed: Listed
) -> None:
    for source in ("a", "b"):
        remember(f"tea {source}", metadata={"source": source})
    reply = client.delete("/v1/memories/", params={"user_id": "alice", "metadata[source]": "a"})
    assert reply.status_code == 200
    assert listed() == ["tea b"]


def test_a_star_alone_deletes_all_of_its_kind(client: httpx.Client, remember: Remember, listed: Listed) -> None:
    everything = {"OR": [{field: "*"} for field in ("user_id", "agent_id", "app_id", "run_id")]}

    def fill() -> None:
        client.delete("/v1/memories/", params=dict.fromkeys(("user_id", "agent_id", "app_id", "run_id"), "*"))
        assert listed(everything, show_expired=True) == []
        remember("of a user", user_id="alice")
        remember("of a user in a run", user_id="bob", run_id="r1")
        remember("of an agent", agent_id="bot", metadata={"k": "v"})
        remember("of an app", app_id="app", expiration_date="2001-01-01")

    for query, left in {
        "user_id=*&agent_id=*": ["of an app"],
        "agent_id=*&app_id=*": ["of a user", "of a user in a run"],
        "user_id=*&agent_id=*&metadata[k]=v": ["of a user", "of a user in a run", "of an app"],
        # Beside a named id a star is one more condition: the reading that deletes least.
        "user_id=bob&run_id=*": ["of a user", "of an agent", "of an app"],
        "user_id=alice&run_id=*": ["of a user", "of a user in a run", "of an agent", "of an app"],
    }.items():
        fill()
        assert client.delete(f"/v1/memories/?{query}").status_code == 200
        assert listed(everything, show_expired=True) == left, query


@pytest.mark.parametrize("field", ["user_id", "agent_id", "app_id", "run_id"])
def test_an_id_has_up_to_255_characters(client: httpx.Client, field: str) -> None:
    body = {"messages": [{"role": "user", "content": "tea"}], "infer": False}
    assert client.post("/v3/memories/add/", json={**body, field: "x" * 255}).status_code == 200
    refused = client.post("/v3/memories/add/", json={**body, field: "x" * 256})
    assert (refused.status_code, list(refused.json())) == (400, [field])


def test_metadata_has_up_to_2000_characters(client: httpx.Client, remember: Remember) -> None:
    longest, longer = {"k": "é" * 1991}, {"k": "é" * 1992}
    identifier = remember("tea", metadata=longest)
    body = {"messages": [{"role": "user", "content": "tea"}], "user_id": "alice", "metadata": longer}
    for reply in (
        client.post("/v3/memories/add/", json=body),
        client.put(f"/v1/memories/{identifier}/", json={"metadata": longer}),
    ):
        assert (reply.status_code, list(reply.json())) == (400, ["metadata"])
    assert client.get(f"/v1/memories/{identifier}/").json()["metadata"] == longest
