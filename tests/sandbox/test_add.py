"""Adds and their events."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import running_sandbox

ADD = "/v3/memories/add/"


def _add(client: httpx.Client, *texts: str, **extra: Any) -> dict[str, Any]:
    body = {"messages": [{"role": "user", "content": text} for text in texts], **extra}
    reply = client.post(ADD, json=body if "messages" not in extra else extra)
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def _event(client: httpx.Client, event_id: str) -> dict[str, Any]:
    reply = client.get(f"/v1/event/{event_id}/")
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def _memories(client: httpx.Client, **filters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.post("/v3/memories/", json={"filters": filters}).json()["results"]
    return found


def test_an_add_is_pending_then_running_then_succeeded_and_only_then_stored() -> None:
    with running_sandbox(delay=0.8) as box, httpx.Client(base_url=box.base_url, headers=box.headers) as client:
        answer = _add(client, "I moved to Oslo.", user_id="alice")
        assert answer["status"] == "PENDING"
        assert "results" not in answer
        assert _memories(client, user_id="alice") == []
        seen: list[str] = []
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and "SUCCEEDED" not in seen:
            event = _event(client, answer["event_id"])
            if event["status"] not in seen:
                seen.append(event["status"])
        assert seen == ["PENDING", "RUNNING", "SUCCEEDED"]
        assert event["event_type"] == "ADD"
        assert event["payload"]["user_id"] == "alice"
        assert event["latency"] >= 800
        assert event["error"] is None
        [result] = event["results"]
        assert (result["event"], result["data"]) == ("ADD", {"memory": "I moved to Oslo"})
        [memory] = _memories(client, user_id="alice")
        assert memory["id"] == result["id"]


def test_without_a_delay_the_memory_is_stored_before_the_reply(client: httpx.Client) -> None:
    answer = _add(client, "I moved to Oslo.", user_id="alice")
    assert answer["status"] == "PENDING"
    assert [memory["memory"] for memory in _memories(client, user_id="alice")] == ["I moved to Oslo"]


@pytest.mark.parametrize("route", [ADD, "/v1/memories/"])
@pytest.mark.parametrize("infer", [True, False])
def test_the_ids_may_be_under_filters(client: httpx.Client, route: str, infer: bool) -> None:
    """Mem0's own client documents them there, and Microsoft's agent framework sends them so."""
    body: dict[str, Any] = {"messages": [{"role": "user", "content": "I moved to Oslo"}], "infer": infer}
    assert client.post(route, json={**body, "filters": {"user_id": "alice", "app_id": "shop"}}).status_code == 200
    assert [memory["app_id"] for memory in _memories(client, user_id="alice")] == ["shop"]
    # One at the top counts, and an empty one there is none.
    both = {**body, "user_id": "bob", "app_id": "", "filters": {"user_id": "alice", "app_id": "shop"}}
    assert client.post(route, json=both).status_code == 200
    assert [memory["app_id"] for memory in _memories(client, user_id="bob")] == ["shop"]
    for filters in ({}, None, {"AND": [{"user_id": "alice"}]}, {"user_id": {"in": ["alice"]}}, ["alice"], "alice"):
        assert client.post(route, json={**body, "filters": filters}).status_code == 400, filters
    assert len(_memories(client, user_id="alice")) == 1


def test_facts_are_stored_and_small_talk_is_not(client: httpx.Client) -> None:
    _add(
        client,
        "Hi there! I'm vegan. Do you know a good place? My doctor is Dr. Jones. Thanks!\n- I like tea\n2. I run daily",
        user_id="alice",
    )
    found = {memory["memory"] for memory in _memories(client, user_id="alice")}
    assert found == {"I'm vegan", "My doctor is Dr. Jones", "I like tea", "I run daily"}


def test_a_near_duplicate_is_accepted_and_stores_nothing(client: httpx.Client) -> None:
    _add(client, "I really love the mountains.", user_id="alice")
    event = _event(client, _add(client, "i LOVE mountains!", user_id="alice")["event_id"])
    assert (event["status"], event["results"]) == ("SUCCEEDED", [])
    assert len(_memories(client, user_id="alice")) == 1


def test_an_add_without_facts_succeeds(client: httpx.Client) -> None:
    event = _event(client, _add(client, "Hello! How are you?", user_id="alice")["event_id"])
    assert (event["status"], event["results"]) == ("SUCCEEDED", [])


@pytest.mark.parametrize("other", [{"user_id": "bob"}, {"user_id": "alice", "run_id": "r"}, {"app_id": "x"}])
def test_the_same_words_of_another_entity_are_no_duplicate(client: httpx.Client, other: dict[str, str]) -> None:
    _add(client, "I love mountains.", user_id="alice")
    event = _event(client, _add(client, "I love mountains.", **other)["event_id"])
    assert len(event["results"]) == 1


def test_without_inference_each_message_is_stored_verbatim_at_once() -> None:
    with running_sandbox(delay=3600) as box, httpx.Client(base_url=box.base_url, headers=box.headers) as client:
        messages = [
            {"role": "user", "content": " Hi!  What? "},
            {"role": "assistant", "content": "Hi!"},
            {"role": "user", "content": "Hi!"},
        ]
        ids = {"user_id": "alice", "agent_id": "bot", "app_id": "app", "run_id": "run"}
        answer = client.post(ADD, json={"messages": messages, "infer": False, **ids}).json()
        assert answer["status"] == "SUCCEEDED"
        assert answer["message"]
        assert [result["data"]["memory"] for result in answer["results"]] == [" Hi!  What? ", "Hi!", "Hi!"]
        assert [result["event"] for result in answer["results"]] == ["ADD"] * 3
        assert _event(client, answer["event_id"])["status"] == "SUCCEEDED"
        for memory in _memories(client, user_id="alice"):
            assert {memory[key] for key in ("user_id", "agent_id", "app_id", "session_id")} == set(ids.values())


def test_inferred_memories_have_the_user_or_the_agent_never_both(client: httpx.Client) -> None:
    messages = [
        {"role": "system", "content": "You are a helpful cook."},
        {"role": "user", "content": "I eat no meat."},
        {"role": "assistant", "content": "I will suggest tofu."},
    ]
    _add(client, messages=messages, user_id="alice", agent_id="cook", app_id="kitchen", run_id="monday")
    [of_user] = _memories(client, user_id="alice")
    [of_agent] = _memories(client, agent_id="cook")
    assert (of_user["memory"], of_user["agent_id"]) == ("I eat no meat", None)
    assert (of_agent["memory"], of_agent["user_id"]) == ("I will suggest tofu", None)
    assert _memories(client, AND=[{"user_id": "alice"}, {"agent_id": "cook"}]) == []
    for memory in (of_user, of_agent):
        assert (memory["app_id"], memory["session_id"]) == ("kitchen", "monday")


def test_an_agent_alone_remembers_both_sides(client: httpx.Client) -> None:
    messages = [{"role": "user", "content": "I eat no meat."}, {"role": "assistant", "content": "I cook with tofu."}]
    _add(client, messages=messages, agent_id="cook")
    assert len(_memories(client, agent_id="cook")) == 2


def test_without_an_agent_the_assistants_words_are_not_stored(client: httpx.Client) -> None:
    _add(client, messages=[{"role": "assistant", "content": "I cook with tofu."}], user_id="alice")
    assert _memories(client, user_id="alice") == []


def test_a_memory_has_everything_given_with_its_add(client: httpx.Client) -> None:
    extra = {"metadata": {"source": "form", "n": 1}, "expiration_date": "2999-01-31", "timestamp": 1_700_000_000}
    _add(client, "I work as an engineer.", user_id="alice", **extra)
    [memory] = _memories(client, user_id="alice")
    assert memory["metadata"] == extra["metadata"]
    assert memory["expiration_date"] == "2999-01-31"
    assert memory["created_at"] == "2023-11-14T22:13:20.000000Z"
    assert memory["structured_attributes"]["year"] == 2023
    assert "professional_details" in memory["categories"]


def test_an_add_may_bring_its_own_categories(client: httpx.Client) -> None:
    _add(
        client,
        "I ride horses. I breathe.",
        user_id="alice",
        custom_categories=[{"riding": "anything with horses"}, {"cars": "motors and wheels"}],
    )
    found = {memory["memory"]: memory["categories"] for memory in _memories(client, user_id="alice")}
    assert found == {"I ride horses": ["riding"], "I breathe": ["misc"]}


def test_includes_and_excludes_limit_what_is_stored(client: httpx.Client) -> None:
    text = "I own two vehicles. I own a house. I vote for vehicles with politics."
    _add(client, text, user_id="alice", includes="vehicles", excludes="politics")
    assert [memory["memory"] for memory in _memories(client, user_id="alice")] == ["I own two vehicles"]


def test_the_text_of_a_multimodal_message_is_used(client: httpx.Client) -> None:
    parts = [
        {"type": "text", "text": "This is my cat."},
        {"type": "image_url", "image_url": {"url": "https://example.invalid/cat.png"}},
    ]
    _add(client, messages=[{"role": "user", "content": parts}], user_id="alice")
    _add(client, messages=[{"role": "user", "content": {"type": "image_url", "image_url": {}}}], user_id="alice")
    assert [memory["memory"] for memory in _memories(client, user_id="alice")] == ["This is my cat"]


MESSAGES = [{"role": "user", "content": "I like tea."}]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"user_id": "a"}, "messages"),
        ({"messages": "I like tea.", "user_id": "a"}, "messages"),
        ({"messages": [], "user_id": "a"}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}], "user_id": "a"}, "messages"),
        ({"messages": [{"role": "user"}], "user_id": "a"}, "messages"),
        ({"messages": [{"role": "user", "content": ""}], "user_id": "a"}, "messages"),
        ({"messages": [{"role": "user", "content": [{}]}], "user_id": "a", "infer": False}, "messages"),
        ({"messages": MESSAGES}, "error"),
        ({"messages": MESSAGES, "user_id": ""}, "error"),
        ({"messages": MESSAGES, "user_id": None}, "error"),
        ({"messages": MESSAGES, "user_id": ["a"]}, "user_id"),
        ({"messages": MESSAGES, "user_id": "a", "metadata": []}, "metadata"),
        ({"messages": MESSAGES, "user_id": "a", "expiration_date": "2026-02-30"}, "expiration_date"),
        ({"messages": MESSAGES, "user_id": "a", "expiration_date": "tomorrow"}, "expiration_date"),
        ({"messages": MESSAGES, "user_id": "a", "timestamp": 10**15}, "timestamp"),
        ({"messages": MESSAGES, "user_id": "a", "timestamp": "noon"}, "timestamp"),
        ({"messages": MESSAGES, "user_id": "a", "infer": "perhaps"}, "infer"),
        ({"messages": MESSAGES, "user_id": "a", "custom_categories": ["food"]}, "custom_categories"),
    ],
)
def test_an_invalid_add_is_refused_with_the_field_named(client: httpx.Client, body: dict[str, Any], named: str) -> None:
    reply = client.post(ADD, json=body)
    assert reply.status_code == 400
    assert list(reply.json()) == [named]


def test_an_unknown_event_is_not_found(client: httpx.Client, box: Any, server: Any) -> None:
    other = server.with_fresh_project()
    others_event = httpx.post(
        f"{box.base_url}{ADD}", json={"messages": MESSAGES, "user_id": "a"}, headers=other.headers
    ).json()["event_id"]
    for event_id in (others_event, "00000000-0000-4000-8000-000000000000", "nonsense"):
        reply = client.get(f"/v1/event/{event_id}/")
        assert reply.status_code == 404
        assert reply.json() == {"error": "Event not found or you don't have permission to access it."}


def test_events_are_listed_in_pages_newest_first(client: httpx.Client, remember: Callable[..., str]) -> None:
    for number in range(5):
        remember(f"memory {number}")
    first = client.get("/v1/events/", params={"page_size": 2}).json()
    assert (first["count"], len(first["results"]), first["previous"]) == (5, 2, None)
    assert first["results"][0]["payload"]["messages"][0]["content"] == "memory 4"
    last = client.get("/v1/events/", params={"page_size": 2, "page": 3}).json()
    assert (len(last["results"]), last["next"]) == (1, None)
    assert client.get("/v1/events/", params={"page_size": 2, "page": 4}).status_code == 404
