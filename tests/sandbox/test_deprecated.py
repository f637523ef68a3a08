"""Versions 1 and 2 of add, list and search, as older clients send them."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import running_sandbox

Remember = Callable[..., str]
ALICE = {"user_id": "alice"}
MESSAGES = [{"role": "user", "content": "I drink tea."}]
WRAPPED = {"output_format": "v1.1"}


def test_an_add_is_queued_in_the_shapes_of_its_time(client: httpx.Client) -> None:
    [plain] = client.post("/v1/memories/", json={"messages": MESSAGES, **ALICE}).json()
    assert (plain["status"], plain["message"]) == (
        "PENDING",
        "Memory processing has been queued for background execution",
    )
    assert client.get(f"/v1/event/{plain['event_id']}/").json()["status"] == "SUCCEEDED"
    body = {"messages": MESSAGES, "user_id": "bob", "version": "v2", **WRAPPED}
    wrapped = client.post("/v1/memories/", json=body).json()
    assert (len(wrapped["results"]), wrapped["relations"]) == (1, [])


def test_an_add_that_waits_shows_what_was_stored() -> None:
    with running_sandbox(delay=3600) as box, httpx.Client(base_url=box.base_url, headers=box.headers) as client:
        for extra in ({"async_mode": False}, {"infer": False}):
            [stored] = client.post("/v1/memories/", json={"messages": MESSAGES, **ALICE, **extra}).json()
            assert (stored["event"], stored["data"]["memory"][:11]) == ("ADD", "I drink tea")
            assert client.get(f"/v1/memories/{stored['id']}/").status_code == 200
        [queued] = client.post("/v1/memories/", json={"messages": MESSAGES, **ALICE}).json()
        assert queued["status"] == "PENDING"


def test_a_refused_add_says_why(client: httpx.Client) -> None:
    for body, reason in (
        ({"messages": MESSAGES}, "At least one of user_id"),
        ({"messages": [], **ALICE}, "messages: This list may not be empty."),
        ([1], "Expected a dictionary"),
    ):
        reply = client.post("/v1/memories/", json=body)
        assert (reply.status_code, reply.json()["error"]) == (400, "400 Bad Request")
        assert reason in reply.json()["details"]["message"]


def test_categories_may_be_one_object(client: httpx.Client, remember: Remember) -> None:
    categories = {"drinks": "tea, coffee and water"}
    messages = [{"role": "user", "content": "I like black coffee."}]
    body = {"messages": messages, **ALICE, "async_mode": False, "custom_categories": categories}
    [stored] = client.post("/v1/memories/", json=body).json()
    assert client.get(f"/v1/memories/{stored['id']}/").json()["categories"] == ["drinks"]


def _texts(found: Any) -> list[str]:
    return sorted(record["memory"] for record in found)


def test_the_first_list_takes_its_filters_from_the_query(client: httpx.Client, remember: Remember) -> None:
    remember("green tea", run_id="r1", user_id="alice", metadata={"n": "1"})
    remember("a green hat", user_id="alice")
    remember("of bob", user_id="bob")
    for query, expected in {
        "user_id=alice": ["a green hat", "green tea"],
        "user_id=alice&run_id=r1": ["green tea"],
        "run_id=r1": ["green tea"],
        "user_id=alice&keywords=HAT": ["a green hat"],
        'user_id=alice&metadata={"n":"1"}': ["green tea"],
        "user_id=alice&metadata[n]=1": ["green tea"],
        "user_id=alice&categories=food": ["green tea"],
        "user_id=alice&categories=food&categories=misc": ["a green hat", "green tea"],
        "user_id=alice&categories=food,misc": ["a green hat", "green tea"],
        "user_id=alice&start_date=2001-01-01": ["a green hat", "green tea"],
        "user_id=alice&end_date=2001-01-01": [],
        "user_id=alice&limit=1": ["a green hat"],
        "user_id=*": [],
    }.items():
        reply = client.get(f"/v1/memories/?{query}")
        assert reply.status_code == 200, reply.text
        assert _texts(reply.json()) == expected, query
    assert client.get("/v1/memories/?user_id=alice&fields=id,memory&limit=1").json()[0].keys() == {"id", "memory"}


def test_the_first_list_has_pages_if_both_are_given(client: httpx.Client, remember: Remember) -> None:
    for number in range(3):
        remember(f"tea {number}")
    page = client.get("/v1/memories/?user_id=alice&page=2&page_size=2").json()
    assert (page["count"], page["next"], _texts(page["results"])) == (3, None, ["tea 0"])
    assert len(client.get("/v1/memories/?user_id=alice&page=2").json()) == 3
    missing = client.get("/v1/memories/?user_id=alice&page=3&page_size=2")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Invalid page."})


def test_the_first_list_refuses_as_documented(client: httpx.Client) -> None:
    nobody = client.get("/v1/memories/?user_id=&page=1")
    assert (nobody.status_code, nobody.json()) == (
        400,
        ["One of the filters: app_id, user_id, agent_id, run_id is required!"],
    )
    over = client.get("/v1/memories/?user_id=a&limit=201")
    assert (over.status_code, over.json()) == (400, {"error": "limit must be <= 200"})
    for wrong in ("limit=0", "limit=x", "limit=-1", "start_date=x", "metadata=x"):
        assert client.get(f"/v1/memories/?user_id=a&{wrong}").status_code == 400, wrong


def test_the_first_search_names_the_user_at_the_top(client: httpx.Client, remember: Remember) -> None:
    remember("I drink green tea", metadata={"n": 1})
    remember("I drink black coffee", user_id="bob")
    body = {"query": "drink", **ALICE}
    assert _texts(client.post("/v1/memories/search/", json=body).json()) == ["I drink green tea"]
    assert _texts(client.post("/v1/memories/search/", json={**body, **WRAPPED}).json()["results"]) == [
        "I drink green tea"
    ]
    for extra in ({"metadata": {"n": 2}}, {"categories": ["travel"]}, {"filters": {"run_id": "r9"}}):
        assert client.post("/v1/memories/search/", json={**body, **extra}).json() == []
    refused = client.post("/v1/memories/search/", json={"query": "drink", "filters": {"user_id": "alice"}})
    assert refused.status_code == 200, "older clients send the filters alone"
    nobody = client.post("/v1/memories/search/", json={"query": "drink"})
    assert (nobody.status_code, nobody.json()) == (
        400,
        {"message": "At least one of the filters: agent_id, user_id, app_id, run_id is required!"},
    )


@pytest.mark.parametrize("count", ["top_k", "limit"])
def test_the_first_search_knows_two_words_for_the_count(client: httpx.Client, remember: Remember, count: str) -> None:
    for number in range(3):
        remember(f"I drink tea {number}")
    body = {"query": "drink tea", **ALICE, count: 2}
    assert len(client.post("/v1/memories/search/", json=body).json()) == 2


def test_the_second_versions_take_filters(client: httpx.Client, remember: Remember) -> None:
    remember("I drink green tea", user_id="alice", run_id="r1")
    remember("I drink black coffee", user_id="bob")
    for filters in (ALICE, {"AND": [ALICE, {"run_id": "r1"}]}, {"OR": [ALICE]}):
        listed = client.post("/v2/memories/", json={"filters": filters})
        found = client.post("/v2/memories/search/", json={"filters": filters, "query": "drink"})
        assert [record["session_id"] for record in listed.json()] == ["r1"]
        assert [(record["memory"], record["session_id"]) for record in found.json()] == [("I drink green tea", "r1")]
    assert len(client.post("/v2/memories/search/", json={"filters": ALICE, "query": "drink", **WRAPPED}).json()) == 2
    paged = client.post("/v2/memories/?page=1&page_size=10", json={"filters": ALICE}).json()
    assert paged["count"] == 1
    missing = client.post("/v2/memories/", json={"filters": {}})
    assert (missing.status_code, list(missing.json())) == (400, ["message"])
