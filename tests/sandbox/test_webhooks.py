"""Webhooks: who is called, with what, how often, and what cannot be set."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox, running_sandbox, sandbox_process
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import reply

ALL = ["memory_add", "memory_update", "memory_delete", "memory_categorize"]


@pytest.fixture
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(delay=0, allow_fault_control=True) as running:
        yield running


@contextmanager
def _receiver(*statuses: int) -> Iterator[ScriptedServer]:
    """A server that answers its requests with these statuses, the last of them from then on."""
    with ScriptedServer() as server:
        server.script(*(reply(status) for status in statuses))
        yield server


def _hooks(client: httpx.Client) -> str:
    return f"/api/v1/webhooks/projects/{client.get('/v1/ping/').json()['project_id']}/"


def _subscribe(client: httpx.Client, url: str, types: list[str] | None = None, **extra: Any) -> str:
    body = {"name": "hook", "url": url, "event_types": types or ALL, **extra}
    made = client.post(_hooks(client), json=body)
    assert made.status_code == 201, made.text
    identifier: str = made.json()["webhook_id"]
    return identifier


def _deliveries(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/_sandbox/webhooks").json()["deliveries"]
    return found[::-1]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline


def _add(client: httpx.Client, text: str = "I drink tea", **extra: Any) -> str:
    body = {"messages": [{"role": "user", "content": text}], "user_id": "alice", "infer": False, **extra}
    identifier: str = client.post("/v3/memories/add/", json=body).json()["results"][0]["id"]
    return identifier


def _details(server: ScriptedServer) -> list[dict[str, Any]]:
    return [request.json()["event_details"] for request in server.requests]


def test_each_change_of_a_memory_is_announced(client: httpx.Client) -> None:
    with _receiver(200) as receiver:
        _subscribe(client, f"{receiver.url}/hook")
        identifier = _add(client)
        receiver.wait_for_requests(2)
        client.put(f"/v1/memories/{identifier}/", json={"text": "I like jazz music"})
        receiver.wait_for_requests(4)
        client.delete(f"/v1/memories/{identifier}/")
        receiver.wait_for_requests(5)
        _until(lambda: {entry["state"] for entry in _deliveries(client)} == {"delivered"})
        assert {request.target for request in receiver.requests} == {"/hook"}
        assert sorted(_details(receiver), key=lambda details: str(details["event"])) == [
            {"id": identifier, "data": {"memory": "I drink tea"}, "event": "ADD"},
            {"memory_id": identifier, "event": "CATEGORIZE", "categories": ["food"]},
            {"memory_id": identifier, "event": "CATEGORIZE", "categories": ["music", "user_preferences"]},
            {"id": identifier, "data": {"memory": "I like jazz music"}, "event": "DELETE"},
            {"id": identifier, "data": {"memory": "I like jazz music"}, "event": "UPDATE"},
        ]


def test_only_what_was_subscribed_to_is_sent(client: httpx.Client, box: RunningSandbox) -> None:
    other = box.with_fresh_project()
    with _receiver(204) as receiver:
        webhook = _subscribe(client, f"{receiver.url}/mine", ["memory_delete"])
        _subscribe(client, f"{receiver.url}/off", is_active=False)
        with httpx.Client(base_url=other.base_url, headers=other.headers) as stranger:
            _subscribe(stranger, f"{receiver.url}/other", ["memory_add"])
            identifier = _add(client)
            client.delete(f"/v1/memories/{identifier}/")
            receiver.wait_for_requests(1)
            client.delete(f"/api/v1/webhooks/{webhook}/")
            client.delete(f"/v1/memories/{_add(client)}/")
            _add(stranger)
            receiver.wait_for_requests(2)
        assert [request.target for request in receiver.requests] == ["/mine", "/other"]


def test_an_add_that_is_refused_announces_nothing(client: httpx.Client) -> None:
    with _receiver(200) as receiver:
        _subscribe(client, receiver.url, ["memory_update"])
        identifier = _add(client)
        items = [{"memory_id": identifier, "text": "x"}, {"memory_id": "00000000-0000-4000-8000-000000000000"}]
        assert client.put("/v1/batch/", json={"memories": [items[0], {**items[1], "text": "y"}]}).status_code == 400
        assert _deliveries(client) == []


def test_a_failed_delivery_is_tried_again(client: httpx.Client) -> None:
    with _receiver(500, 302, 200) as receiver:
        _subscribe(client, receiver.url, ["memory_add"])
        _add(client)
        _until(lambda: _deliveries(client)[0]["state"] == "delivered")
        [delivery] = _deliveries(client)
        assert (delivery["attempts"], delivery["outcome"], delivery["event_type"]) == (3, "200", "memory_add")
        assert len({request.body for request in receiver.requests}) == 1


def test_one_address_that_is_dead_does_not_stop_the_sandbox(client: httpx.Client) -> None:
    with _receiver(200) as receiver:
        _subscribe(client, "http://127.0.0.1:9/nobody", ["memory_add"])
        _subscribe(client, receiver.url, ["memory_add"])
        for number in range(5):
            _add(client, f"I own book {number}")
        receiver.wait_for_requests(5)
        _until(lambda: all(entry["attempts"] for entry in _deliveries(client)))
        dead = [entry for entry in _deliveries(client) if entry["url"].endswith("nobody")]
        assert {entry["state"] for entry in dead} == {"pending"}
        assert "Connect" in dead[0]["outcome"]


def test_the_queue_is_bounded(client: httpx.Client) -> None:
    _subscribe(client, "http://127.0.0.1:9/nobody", ["memory_add"])
    messages = [{"role": "user", "content": f"I own book {number}"} for number in range(1100)]
    client.post("/v3/memories/add/", json={"messages": messages, "user_id": "alice", "infer": False})
    states = [entry["state"] for entry in _deliveries(client)]
    assert states.count("dropped") == 100
    assert client.post("/v3/memories/", json={"filters": {"user_id": "alice"}}).json()["count"] == 1100


def test_what_was_not_delivered_survives_a_kill(tmp_path: Path) -> None:
    data = tmp_path / "data.db"
    with _receiver(200) as receiver:
        with (
            sandbox_process(delay=0, search_mode="lexical", data=data) as child,
            httpx.Client(base_url=child.base_url, headers=child.headers) as client,
        ):
            _subscribe(client, f"{receiver.url}/hook", ["memory_add"])
            receiver.script(reply(503))
            _add(client)
            receiver.wait_for_requests(1)
            child.process.kill()
        receiver.script(reply(200))
        with running_sandbox(delay=0, data=data):
            receiver.wait_for_requests(1)
            assert b"I drink tea" in receiver.requests[0].body


@pytest.mark.parametrize(
    "url",
    ["http://example.test/", "http://192.0.2.7/", "https://[2001:db8::1]/", "ftp://127.0.0.1/", "x", "", "http://",
     "//a",     "http://127.0.0.1.example.test/", "http://127.0.0.1@example.test/", "http://localhost.example.test/"],
)  # fmt: skip
def test_an_address_on_another_machine_is_refused(client: httpx.Client, url: str) -> None:
    body = {"name": "hook", "url": url, "event_types": ["memory_add"]}
    refused = client.post(_hooks(client), json=body)
    assert (refused.status_code, list(refused.json())) == (400, ["url"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/", "http://[::1]:9/", "https://127.8.9.1/"])
def test_an_address_on_this_machine_is_taken(client: httpx.Client, url: str) -> None:
    webhook = _subscribe(client, url)
    [shown] = client.get(_hooks(client)).json()
    assert (shown["webhook_id"], shown["url"], shown["is_active"]) == (webhook, url, True)


def test_other_machines_need_a_setting() -> None:
    with (
        running_sandbox(allow_remote_webhooks=True) as box,
        httpx.Client(base_url=box.base_url, headers=box.headers) as client,
    ):
        _subscribe(client, "https://example.test/hook", ["ingest_job_failed"])


def test_a_webhook_is_checked_and_changed(client: httpx.Client) -> None:
    webhook = _subscribe(client, "http://127.0.0.1:9/")
    one = f"/api/v1/webhooks/{webhook}/"
    assert client.put(one, json={"name": "new", "event_types": ["memory_add"]}).status_code == 200
    [shown] = client.get(_hooks(client)).json()
    assert (shown["name"], shown["event_types"]) == ("new", ["memory_add"])
    wrong: list[dict[str, Any]] = [
        {"event_types": []},
        {"event_types": ["memory_eat"]},
        {"url": "http://example.test"},
        {"name": " "},
    ]
    for body in wrong:
        assert client.put(one, json=body).status_code == 400
    assert client.post(_hooks(client), json={"name": "x"}).json() == {"url": ["This field is required."]}
    assert client.delete(one).status_code == 200
    assert client.put(one, json={}).json() == {"error": "Webhook not found"}
