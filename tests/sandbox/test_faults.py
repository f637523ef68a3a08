"""Faults on demand, as a client sees them, and their rules."""

import json
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox, running_sandbox

PING = {"path": "/v1/ping/"}
ADD = {"path": "/v3/memories/add/", "method": "POST"}
BODY = {"messages": [{"role": "user", "content": "tea"}], "infer": False, "user_id": "alice"}
Listed = Callable[..., list[str]]


def test_a_status_with_any_body_and_headers(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({**PING, "status": 418, "body": {"error": "teapot"}, "headers": {"X-RateLimit-Limit": "5"}})
    reply = client.get("/v1/ping/")
    assert (reply.status_code, reply.json(), reply.headers["x-ratelimit-limit"]) == (418, {"error": "teapot"}, "5")


def test_retry_after_in_seconds_and_as_a_date(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults(
        {**PING, "calls": 1, "status": 429, "retry_after": 7},
        {**PING, "calls": 2, "status": 429, "retry_after_date": 60},
    )
    assert client.get("/v1/ping/").headers["retry-after"] == "7"
    date = parsedate_to_datetime(client.get("/v1/ping/").headers["retry-after"])
    assert 50 < date.timestamp() - time.time() <= 60
    assert client.get("/v1/ping/").status_code == 200


@pytest.mark.parametrize("body", [None, [], {"error": "no"}, {"status": "FAILED"}, "text", 0])
def test_a_200_with_any_body(box: RunningSandbox, client: httpx.Client, body: object) -> None:
    box.set_faults({"path": "/v3/memories/*", "body": body})
    reply = client.post("/v3/memories/search/", json={})
    assert (reply.status_code, reply.json()) == (200, body)


def test_a_200_with_raw_text(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({**PING, "text": '{"status": ', "headers": {"Content-Type": "text/plain"}})
    reply = client.get("/v1/ping/")
    assert (reply.text, reply.headers.get_list("content-type")) == ('{"status": ', ["text/plain"])


def test_html_and_redirects(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({**PING, "calls": 1, "html": 502}, {**PING, "redirect": "http://127.0.0.1:1/x", "status": 307})
    page = client.get("/v1/ping/")
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html")
    assert "<html>" in page.text
    moved = client.get("/v1/ping/")
    assert (moved.status_code, moved.headers["location"]) == (307, "http://127.0.0.1:1/x")


def test_a_delay_holds_the_reply_back(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({**PING, "delay": 0.3})
    began = time.monotonic()
    assert client.get("/v1/ping/").json()["status"] == "ok"
    assert time.monotonic() - began >= 0.3
    box.set_faults({**PING, "delay": 30})
    with pytest.raises(httpx.ReadTimeout):
        client.get("/v1/ping/", timeout=0.1)


def test_a_write_may_be_done_after_the_client_gave_up(
    box: RunningSandbox, client: httpx.Client, listed: Listed
) -> None:
    box.set_faults({**ADD, "delay": 30, "processed": True})
    with pytest.raises(httpx.ReadTimeout):
        client.post("/v3/memories/add/", json=BODY, timeout=0.5)
    deadline = time.monotonic() + 10
    while listed() != ["tea"]:
        assert time.monotonic() < deadline


@pytest.mark.parametrize(("when", "stored"), [("before", []), ("after", ["tea"])])
def test_a_reset_before_or_after_the_write(
    box: RunningSandbox, client: httpx.Client, listed: Listed, when: str, stored: list[str]
) -> None:
    box.set_faults({**ADD, "reset": when})
    with pytest.raises(httpx.ReadError) as caught:
        client.post("/v3/memories/add/", json=BODY)
    assert isinstance(_root(caught.value), ConnectionResetError)
    assert listed() == stored


def test_an_error_after_the_write(box: RunningSandbox, client: httpx.Client, listed: Listed) -> None:
    box.set_faults({**ADD, "calls": 1, "status": 503}, {**ADD, "calls": 2, "html": 504, "processed": True})
    assert client.post("/v3/memories/add/", json=BODY).status_code == 503
    assert listed() == []
    assert client.post("/v3/memories/add/", json=BODY).status_code == 504
    assert listed() == ["tea"]


def test_a_truncated_reply_is_shorter_than_its_content_length(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({**PING, "truncate": True})
    with client.stream("GET", "/v1/ping/") as reply:
        assert reply.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
            reply.read()
        assert 0 < reply.num_bytes_downloaded < int(reply.headers["content-length"])


def test_an_endless_body_does_not_end(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({**PING, "endless": True})
    size = 0
    with client.stream("GET", "/v1/ping/") as reply:
        assert "content-length" not in reply.headers
        for chunk in reply.iter_raw():
            size += len(chunk)
            if size > 20_000_000:
                break
    box.set_faults()
    assert client.get("/v1/ping/").status_code == 200


def test_a_drip_comes_byte_by_byte(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({**PING, "drip": 0.002})
    with client.stream("GET", "/v1/ping/") as reply:
        chunks = list(reply.iter_raw())
    assert len(chunks) > 20
    assert json.loads(b"".join(chunks))["status"] == "ok"


def test_calls_are_counted_from_one(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({"path": "/v1/*", "method": "get", "calls": [2, 4], "status": 500})
    assert [client.get("/v1/ping/").status_code for _ in range(5)] == [200, 500, 200, 500, 200]
    assert client.delete("/v1/memories/").status_code == 400


def test_an_event_can_fail_or_take_long(box: RunningSandbox, client: httpx.Client, listed: Listed) -> None:
    box.set_faults({**ADD, "calls": 1, "event_error": "model is down"}, {**ADD, "calls": 2, "event_delay": 3600})
    fact = {"messages": [{"role": "user", "content": "I like tea."}], "user_id": "alice"}
    failed, slow = (client.post("/v3/memories/add/", json=fact).json()["event_id"] for _ in range(2))
    event = client.get(f"/v1/event/{failed}/").json()
    assert (event["status"], event["error"], event["results"]) == ("FAILED", "model is down", [])
    assert client.get(f"/v1/event/{slow}/").json()["status"] == "PENDING"
    assert listed() == []


def test_health_is_exempt(box: RunningSandbox, client: httpx.Client) -> None:
    box.set_faults({"path": "*", "status": 500})
    assert client.get("/health").status_code == 200
    assert client.get("/v1/ping/").status_code == 500


@pytest.fixture
def controlled(tmp_path: Path) -> Iterator[RunningSandbox]:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps({"faults": [{**PING, "status": 503}]}))
    with running_sandbox(delay=0, faults=faults, allow_fault_control=True) as running:
        yield running


def test_faults_are_read_from_a_file_and_changed_over_the_control_route(controlled: RunningSandbox) -> None:
    with httpx.Client(base_url=controlled.base_url, headers=controlled.headers) as client:
        assert client.get("/v1/ping/").status_code == 503
        assert client.get("/_sandbox/faults").json() == {"faults": [{**PING, "status": 503, "seen": 1}]}
        assert client.put("/_sandbox/faults", json=[{**PING, "html": 502}]).status_code == 200
        assert client.get("/v1/ping/").status_code == 502
        wrong = client.put("/_sandbox/faults", json=[{**PING, "status": 99}])
        assert wrong.status_code == 400
        assert "faults[0].status" in wrong.json()["error"]
        assert client.get("/v1/ping/").status_code == 502
        assert client.delete("/_sandbox/faults").json() == {"faults": []}
        assert client.get("/v1/ping/").status_code == 200


def test_the_control_route_is_off_by_default(client: httpx.Client) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert client.request(method, "/_sandbox/faults", json=[]).status_code == 404


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("x", "faults[0]: must be an object"),
        ({}, "faults[0].path"),
        (PING, "says nothing to do"),
        ({**PING, "colour": 1}, "faults[0].colour"),
        ({**PING, "status": "500"}, "faults[0].status"),
        ({**PING, "status": 99}, "faults[0].status"),
        ({**PING, "status": True}, "faults[0].status"),
        ({**PING, "delay": -1}, "faults[0].delay"),
        ({**PING, "delay": 10**400}, "faults[0].delay"),
        ({**PING, "calls": 0, "status": 500}, "faults[0].calls"),
        ({**PING, "calls": [], "status": 500}, "faults[0].calls"),
        ({**PING, "method": "FETCH", "status": 500}, "faults[0].method"),
        ({"path": "v1", "status": 500}, "faults[0].path"),
        ({**PING, "reset": True}, "faults[0].reset"),
        ({**PING, "headers": {"a b": "c"}, "status": 500}, "faults[0].headers.a b"),
        ({**PING, "headers": {"a": "b\r\nc: d"}, "status": 500}, "faults[0].headers.a"),
        ({**PING, "redirect": "http://x\r\n"}, "faults[0].redirect"),
        ({**PING, "status": 500, "reset": "before"}, "exclude each other"),
        ({**PING, "body": 1, "text": "x"}, "exclude each other"),
    ],
)
def test_an_invalid_rule_is_refused_with_its_position(box: RunningSandbox, rule: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the reason is compared as plain text
        box.set_faults(rule)
    assert reason in str(caught.value)


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return error
