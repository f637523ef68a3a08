"""Calls of actions over REST: inputs, outputs, statuses, and which credential a call uses."""

import asyncio
import json
import socket
import threading
import time
from typing import Any

import httpx
import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import StoredCredentials
from modulex_mem0.sandbox import running_sandbox
from modulex_mem0.server.replies import STATUS
from tests.helpers.scripted_server import Exchange, ScriptedServer
from tests.helpers.steps import hang, json_reply
from tests.helpers.tiny_integration import KEY, profile
from tests.server.conftest import Console, Start

MEM0 = "/v1/integrations/mem0/actions"
FETCH = "/v1/integrations/tiny/actions/fetch"


def _own(server: ScriptedServer, key: str = KEY) -> dict[str, str]:
    return {"Modulex-Field-Api-Key": key, "Modulex-Field-Base-Url": server.url}


def test_a_body_is_the_input_and_the_reply_is_the_output(client: httpx.Client) -> None:
    added = client.post(f"{MEM0}/add_memories", json={"user_id": "alice", "messages": "I cook."})
    assert (added.status_code, added.json()["success"]) == (200, True)
    found = client.post(f"{MEM0}/search_memories", json={"user_id": "alice", "query": "cook"})
    assert [record["memory"] for record in found.json()["search_results"]] == ["I cook"]
    assert found.headers["content-type"] == "application/json"
    assert "modulex-error-code" not in found.headers


@pytest.mark.parametrize(
    ("service", "expected", "header"),
    [
        ((401, {}), 401, ("unauthorized", "false")),
        ((403, {}), 403, ("forbidden", "false")),
        ((404, {}), 404, ("not_found", "false")),
        ((422, {}), 422, ("invalid_input", "false")),
        ((429, {"retry-after": "31"}), 429, ("rate_limited", "true")),
        ((500, {}), 502, ("service_error", "true")),
        ((200, {}), 502, ("bad_response", "false")),
    ],
)
def test_the_status_follows_the_error_and_the_body_is_the_output(
    client: httpx.Client,
    server: ScriptedServer,
    service: tuple[int, dict[str, str]],
    expected: int,
    header: tuple[str, str],
) -> None:
    (status, headers), (code, retryable) = service, header
    body = "not an object" if status == 200 else {"detail": "says the service"}
    server.script(json_reply(body, status, headers))
    if status == 200:
        server.script(lambda exchange: exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n<b>!"))
    answered = client.post(FETCH, json={}, headers=_own(server) | {"Modulex-Timeout": "5"})
    assert answered.status_code == expected
    assert answered.json()["success"] is False
    assert answered.json()["error"].startswith(f"{code}: ")
    # Every field of the output is there.
    assert set(answered.json()) == {"success", "error", "status", "value", "header"}
    assert answered.headers["modulex-error-code"] == code
    assert answered.headers["modulex-retryable"] == retryable
    assert answered.headers.get("retry-after") == headers.get("retry-after")


def test_every_code_has_a_status() -> None:
    assert set(STATUS) == set(ErrorCode)
    # Proxies and clients send a request again after these.
    assert STATUS[ErrorCode.OUTCOME_UNKNOWN] not in (502, 503, 504)


def test_a_late_service_and_an_unreachable_one(client: httpx.Client, server: ScriptedServer) -> None:
    server.script(hang)
    late = client.post(FETCH, json={}, headers=_own(server) | {"Modulex-Timeout": "0.2"})
    assert (late.status_code, late.headers["modulex-error-code"]) == (504, "timeout")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    gone = client.post(FETCH, json={}, headers={"Modulex-Field-Api-Key": KEY, "Modulex-Field-Base-Url": address})
    assert (gone.status_code, gone.headers["modulex-error-code"]) == (502, "connection_failed")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 422, "the body is not JSON"),
        (b"[1]", 422, "must be a JSON object"),
        (b'{"path": NaN}', 422, "not readable as JSON"),
        (b"\xff\xfe", 422, "not readable as JSON"),
        (b"[" * 200_000, 422, "nested too deeply"),
        (b'{"unknown": 1}', 422, "unknown"),
        (b'{"path": 5}', 422, "path"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_in_the_shape_of_the_output(
    client: httpx.Client, server: ScriptedServer, body: bytes, status: int, message: str
) -> None:
    answered = client.post(FETCH, content=body, headers=_own(server))
    assert answered.status_code == status
    assert message in answered.json()["error"]
    assert set(answered.json()) == {"success", "error", "status", "value", "header"}
    assert answered.headers["modulex-error-code"] == "invalid_input"
    assert server.requests == []


def test_an_empty_body_is_an_empty_input(client: httpx.Client, server: ScriptedServer) -> None:
    server.script(json_reply({"a": 1}))
    assert client.post(FETCH, headers=_own(server)).json()["value"] == {"a": 1}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/integrations/mem00/actions/x", "did you mean 'mem0'?"),
        ("/v1/integrations/mem0/actions/search_memory", "did you mean 'search_memories'?"),
        ("/v2/anything", "there is nothing at this address"),
    ],
)
def test_unknown_names_are_404_with_a_suggestion(client: httpx.Client, path: str, message: str) -> None:
    answered = client.post(path, json={})
    assert answered.status_code == 404
    assert answered.json()["success"] is False
    assert message in answered.json()["error"]


def test_a_wrong_method_is_405(client: httpx.Client) -> None:
    answered = client.get(f"{MEM0}/search_memories")
    assert (answered.status_code, answered.headers["allow"]) == (405, "POST")
    assert answered.json()["success"] is False


def test_the_credential_of_a_call_is_the_named_one_the_given_one_the_default_or_the_environments(
    console: Console, client: httpx.Client, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script(json_reply({}))
    monkeypatch.setenv("TINY_API_KEY", "tk-environment-0")
    monkeypatch.setenv("TINY_BASE_URL", server.url)

    def used(**headers: str) -> str:
        answered = client.post(FETCH, json={}, headers={k.replace("_", "-"): v for k, v in headers.items()})
        assert answered.status_code == 200, answered.text
        return server.requests[-1].headers["x-tiny-key"]

    assert used() == "tk-environment-0"
    console.store.save(profile(), "other", {"api_key": "tk-stored-other", "base_url": server.url})
    assert used() == "tk-environment-0"
    console.store.save(profile(), "main", {"api_key": "tk-stored-main", "base_url": server.url}, default=True)
    assert used() == "tk-stored-main"
    assert used(Modulex_Credential="other") == "tk-stored-other"
    assert used(Modulex_Field_Api_Key="tk-given-0000", Modulex_Field_Base_Url=server.url) == "tk-given-0000"


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [  # each beside a default that works
        ({"Modulex-Credential": ""}, 422, "is empty"),
        ({"Modulex-Credential": "missing"}, 401, "no credential of that name is stored"),
        ({"Modulex-Credential": "sandbox"}, 401, "no credential of that name is stored"),
        ({"Modulex-Field-Api-Key": ""}, 401, "is missing or empty"),
        ({"Modulex-Field-Key": "tk-secret-0"}, 422, "did you mean 'Modulex-Field-Api-Key'?"),
        ({"Modulex-Credential": "main", "Modulex-Field-Api-Key": "tk-secret-0"}, 422, "not both"),
        ({"Modulex-Timeout": "soon"}, 422, "must be a number of seconds"),
        ({"Modulex-Timeout": "nan"}, 422, "must be a number of seconds"),
    ],
)
def test_headers_that_are_ambiguous_are_refused_and_never_select_the_default(
    console: Console, server: ScriptedServer, headers: dict[str, str], status: int, message: str
) -> None:
    console.store.save(profile(), "main", {"api_key": KEY, "base_url": server.url}, default=True)
    with console.client() as client:
        answered = client.post(FETCH, json={}, headers=headers)
    assert answered.status_code == status
    assert message in answered.json()["error"]
    assert "tk-secret" not in answered.text
    assert server.requests == []


def test_a_credential_that_is_named_twice_is_none(
    console: Console, client: httpx.Client, server: ScriptedServer
) -> None:
    for name in ("one", "two"):
        console.store.save(profile(), name, {"api_key": KEY, "base_url": server.url})
    answered = client.post(FETCH, json={}, headers=[("Modulex-Credential", "one"), ("Modulex-Credential", "two")])
    assert answered.status_code == 401
    assert server.requests == []


def test_a_default_that_cannot_be_read_is_not_replaced_by_the_environments(
    console: Console, client: httpx.Client, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_API_KEY", "tk-environment-0")
    monkeypatch.setenv("TINY_BASE_URL", server.url)
    console.directory.mkdir(exist_ok=True)
    console.store.path.write_text("damaged")
    answered = client.post(FETCH, json={})
    assert answered.status_code == 401
    assert "is damaged" in answered.json()["error"]
    assert server.requests == []


def test_a_client_that_goes_away_cancels_its_call(console: Console, server: ScriptedServer) -> None:
    arrived = threading.Event()

    def wait_for_the_end(exchange: Exchange) -> None:
        arrived.set()
        # Without a reply, whenever the transport ends the connection of a cancelled call.
        exchange._connection.recv(1)

    server.script(wait_for_the_end)
    head = f"POST {FETCH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer test-token-0123456789\r\n"
    fields = "".join(f"{name}: {value}\r\n" for name, value in _own(server).items())
    with socket.create_connection(("127.0.0.1", console.port)) as connection:
        connection.sendall(f"{head}{fields}Content-Length: 2\r\n\r\n{{}}".encode())
        assert arrived.wait(10)
    runs: list[dict[str, Any]] = []
    end = time.monotonic() + 10
    with console.client() as client:
        # The service never replies, so that the call can end early in this way only.
        while not runs and time.monotonic() < end:
            runs = client.get("/v1/runs").json()["runs"]
    assert [run["outcome"] for run in runs] == ["cancelled"]


def test_progress_is_streamed_to_a_client_that_asks_for_events(client: httpx.Client) -> None:
    with running_sandbox(delay=0.5) as slow:
        headers = {
            "Accept": "text/event-stream",
            "Modulex-Field-Api-Key": slow.api_key,
            "Modulex-Field-Base-Url": slow.base_url,
        }
        body = {"user_id": "alice", "messages": "I cook.", "wait_for_completion": True}
        answered = client.post(f"{MEM0}/add_memories", json=body, headers=headers)
    assert answered.headers["content-type"].startswith("text/event-stream")
    events = [event.partition("\n")[0] for event in answered.text.strip().split("\n\n")]
    assert events[0] == "event: progress"
    assert events[-1] == "event: result"
    result = json.loads(answered.text.rpartition("data: ")[2])
    assert (result["status"], result["output"]["success"]) == (200, True)


async def test_two_hundred_slow_connections_do_not_stop_a_call(console: Console) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", console.port) for _ in range(200)]
    try:
        for number, (_, writer) in enumerate(slow):
            # Some stop in the head of a request, some in its body.
            writer.write(b"POST /v1/integrations/mem0/actions/get_memories HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            if number % 2:
                writer.write(b"Authorization: Bearer test-token-0123456789\r\nContent-Length: 100\r\n\r\n{")
            await writer.drain()
        async with httpx.AsyncClient(base_url=console.url, trust_env=False, timeout=5) as client:
            answered = await client.post(
                f"{MEM0}/get_memories",
                json={"user_id": "alice"},
                headers={"Authorization": "Bearer test-token-0123456789"},
            )
        assert answered.json()["success"] is True
    finally:
        for _, writer in slow:
            writer.close()


async def test_a_connection_that_sends_nothing_is_closed(start: Start) -> None:
    with start(read_timeout=0.2) as console:
        for sent in (b"", b"POST /mcp HTT"):
            reader, writer = await asyncio.open_connection("127.0.0.1", console.port)
            writer.write(sent)
            async with asyncio.timeout(10):
                assert await reader.read() == b""
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", console.port)
        writer.write(
            f"POST {FETCH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer test-token-0123456789\r\n"
            "Content-Length: 9\r\n\r\n{".encode()
        )
        async with asyncio.timeout(10):
            assert b"408" in await reader.readline()
        writer.close()


def test_a_large_body_is_refused_with_and_without_its_length(start: Start) -> None:
    with start(max_body_bytes=1000) as console, console.client() as client:
        declared = client.post(FETCH, content=b"x" * 1001)
        streamed = client.post(FETCH, content=iter([b"x" * 600] * 2))
        test = client.post("/v1/integrations/tiny/test", content=b"x" * 1001)
        stored = client.put("/v1/credentials/work", content=b"x" * 1001)
    assert [reply.status_code for reply in (declared, streamed, test, stored)] == [413] * 4
    assert "larger than 1000 bytes" in declared.json()["error"]


def test_nothing_secret_is_in_the_replies_the_runs_or_the_log(
    console: Console, client: httpx.Client, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    def echo(exchange: Exchange) -> None:
        json_reply({"detail": exchange.request.headers}, 400)(exchange)

    server.script(echo)
    client.put("/v1/credentials/work", json={"integration": "tiny", "values": {"api_key": KEY, "base_url": server.url}})
    replies = [
        client.post(FETCH, json={}, headers=_own(server)),
        client.post(FETCH, json={}, headers={"Modulex-Credential": "work"}),
        client.post("/v1/integrations/tiny/test", json={"values": {"api_key": KEY, "base_url": server.url}}),
        client.post("/v1/integrations/tiny/test", json={"credential": "work"}),
        client.get("/v1/credentials"),
        client.get("/v1/credentials/work"),
        client.get("/v1/runs"),
    ]
    assert len(server.requests) == 4
    assert all(request.headers["x-tiny-key"] == KEY for request in server.requests)
    kept = b"".join(path.read_bytes() for path in console.directory.iterdir()).decode("latin-1")
    for text in (*(reply.text + str(reply.headers) for reply in replies), kept, caplog.text):
        assert KEY not in text
        assert "test-token-0123456789" not in text


def test_stored_credentials_of_the_server_are_those_of_the_command(console: Console, client: httpx.Client) -> None:
    client.put("/v1/credentials/work", json={"integration": "tiny", "values": {"api_key": KEY}})
    assert [credential.name for credential in StoredCredentials().list()] == ["work"]
    assert console.store.path == StoredCredentials().path
