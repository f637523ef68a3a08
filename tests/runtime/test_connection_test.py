"""The connection test of a credential: what is filled in where, and which replies pass."""

import asyncio
import logging
from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from modulex_mem0.contract import BasicAuth, ConnectionTest, CredentialField, ErrorCode
from modulex_mem0.runtime import Result, Runtime, RuntimeSettings
from tests.helpers.calls import credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import hang, json_reply, reply
from tests.helpers.tiny_integration import plugin, scheme


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (json_reply({"status": "ok"}), None),
        (json_reply({"status": "no"}), ErrorCode.BAD_RESPONSE),
        (json_reply(["ok"]), ErrorCode.BAD_RESPONSE),
        (json_reply({"status": "ok"}, 202), ErrorCode.BAD_RESPONSE),
        (json_reply({"detail": "no"}, 401), ErrorCode.UNAUTHORIZED),
        (json_reply({"detail": "Not Found"}, 404), ErrorCode.BAD_RESPONSE),
        (reply(404, b"<h1>Not Found</h1>"), ErrorCode.BAD_RESPONSE),
    ],
)
async def test_the_result_says_whether_a_credential_works(
    runtime: Runtime, server: ScriptedServer, answer: Any, code: ErrorCode | None
) -> None:
    server.script(answer)
    result = await runtime.test_credential("tiny", credential=credential_for(server))
    assert (result.error.code if result.error else None) is code
    assert result.output == {"success": code is None, "error": result.error.line if result.error else None}
    assert server.requests[0].target == "/ping/"


@pytest.mark.parametrize("schemes", [(), (scheme(connection_test=None),)])
async def test_without_a_connection_test_it_is_unsupported(schemes: Any) -> None:
    async with Runtime(plugins=[plugin(auth_schemes=schemes)]) as runtime:
        error = failure(await runtime.test_credential("tiny", credential={"api_key": KEY}))
    assert error.code is ErrorCode.UNSUPPORTED


KEY = "a key/of?many&signs=%"


def _field(name: str, *, required: bool = True) -> CredentialField:
    return CredentialField(
        name=name, display_name=name, description=name, environment_variable=f"TINY_{name.upper()}", required=required
    )


async def _run(
    server: ScriptedServer | None, url: str, *, credential: dict[str, str] | None = None, **test: Any
) -> Result:
    """Run a test whose scheme has no base URL, as one whose handlers make their own requests."""
    declared = scheme(
        base_url=None,
        headers={},
        fields=(*scheme().fields, _field("site", required=False), _field("other", required=False)),
        connection_test=None,
    )
    declared = declared.model_copy(update={"connection_test": ConnectionTest(url=url, description="Asks.", **test)})
    given = {"api_key": KEY} | (credential or {}) | ({"base_url": server.url} if server else {})
    async with Runtime(RuntimeSettings(retry_wait=0.001), plugins=[plugin(auth_schemes=(declared,))]) as runtime:
        return await runtime.test_credential("tiny", credential=given)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_the_whole_request(server: ScriptedServer, method: Any) -> None:
    server.script(json_reply({}))
    result = await _run(
        server,
        "{base_url}/of/{api_key}/ping?key={api_key}&fixed=1",
        method=method,
        headers={"X-Key": "Key {api_key}", "X-Absent": "{other}"},
        params={"again": "{api_key}", "absent": "{other}"},
        body={"token": "{api_key}", "query": "{ viewer { id } } {absent}", "list": ["{api_key}", 1, None]},
    )
    assert result.success, result
    (request,) = server.requests
    path, _, query = request.target.partition("?")
    encoded = "a%20key%2Fof%3Fmany%26signs%3D%25"
    assert (request.method, path) == (method, f"/of/{encoded}/ping")
    assert query.replace("+", "%20") == f"key={encoded}&fixed=1&again={encoded}"
    assert request.headers["x-key"] == f"Key {KEY}"
    assert "x-absent" not in request.headers
    assert request.json() == {"token": KEY, "query": "{ viewer { id } } {absent}", "list": [KEY, 1, None]}


async def test_a_base_url_with_a_path(server: ScriptedServer) -> None:
    server.script(json_reply({}))
    assert (await _run(server, "{base_url}/ping", credential={})).success
    async with Runtime(plugins=[plugin()]) as runtime:
        server.script(json_reply({"status": "ok"}))
        result = await runtime.test_credential("tiny", credential={"api_key": "k", "base_url": f"{server.url}/under/"})
    assert result.success, result
    assert server.requests[-1].target == "/under/ping/"


async def test_no_log_shows_a_key_that_stands_in_the_url(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(json_reply({}))
    assert (await _run(server, "{base_url}/of/{api_key}/ping?key={api_key}")).success
    assert "/of/**********/ping" in caplog.text
    for spelt in (KEY, quote(KEY, safe=""), quote_plus(KEY)):
        assert spelt not in caplog.text


async def test_basic_authentication(server: ScriptedServer) -> None:
    server.script(json_reply({}))
    basic = BasicAuth(username="user", password="{api_key}")
    result = await _run(server, "{base_url}/ping", basic=basic, headers={"authorization": "Bearer {api_key}"})
    assert result.success, result
    expected = b64encode(f"user:{KEY}".encode()).decode()
    assert server.requests[0].headers["authorization"] == f"Basic {expected}"


async def test_a_service_that_echoes_the_basic_header_does_not_give_it_away(server: ScriptedServer) -> None:
    encoded = b64encode(f"{KEY}:".encode()).decode()
    server.script(json_reply({"error": f"no such account: Basic {encoded}"}, status=403))
    error = failure(await _run(server, "{base_url}/ping", basic=BasicAuth(username="{api_key}")))
    assert error.code is ErrorCode.FORBIDDEN
    assert encoded not in error.message
    assert "no such account" in error.message


async def test_basic_authentication_of_a_field_left_out_is_a_missing_credential(server: ScriptedServer) -> None:
    error = failure(await _run(server, "{base_url}/ping", basic=BasicAuth(username="{other}")))
    assert error.code is ErrorCode.MISSING_CREDENTIAL
    assert "credential.other" in error.message
    assert server.requests == []


HOSTILE = ["a/b", "a@b", "a:80", "a?b", "a#b", "a\\b", "a b", "", ".", "a..b", "-", "a%2Fb", "[::1]", "evil.test/?x="]


@pytest.mark.parametrize("value", [value for value in HOSTILE if value])
async def test_a_value_that_is_not_part_of_a_host_name_is_refused(value: str) -> None:
    required = _field("site")
    declared = scheme(base_url="https://{site}.tiny.invalid", fields=(*scheme().fields, required), connection_test=None)
    test = ConnectionTest(url="https://{site}.tiny.invalid/ping", description="Asks.")
    schemes = (declared.model_copy(update={"connection_test": test}),)
    async with Runtime(plugins=[plugin(auth_schemes=schemes)]) as runtime:
        given = {"api_key": "key", "site": value}
        for result in (
            await runtime.test_credential("tiny", credential=given),
            await runtime.call("tiny", "fetch", {}, credential=given),
        ):
            error = failure(result)
            assert error.code is ErrorCode.INVALID_INPUT
            assert "credential.site: must be a host name" in error.message


@pytest.mark.parametrize("value", [".", "..", "a/..", "../a", "a\\..\\b"])
async def test_a_value_does_not_climb_out_of_its_place_in_the_path(server: ScriptedServer, value: str) -> None:
    error = failure(await _run(server, "{base_url}/of/{api_key}/ping", credential={"api_key": value}))
    assert error.code is ErrorCode.INVALID_INPUT
    assert "credential.api_key" in error.message
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "success_status", "code"),
    [
        (200, (200,), None),
        (204, (200, 204), None),
        (403, (200, 403), None),
        (401, (200, 403), ErrorCode.UNAUTHORIZED),
        (201, (200,), ErrorCode.BAD_RESPONSE),
    ],
)
async def test_statuses(
    server: ScriptedServer, status: int, success_status: tuple[int, ...], code: ErrorCode | None
) -> None:
    server.script(reply(status))
    result = await _run(server, "{base_url}/ping", success_status=success_status)
    assert (result.error.code if result.error else None) is code


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        ({"data": {"id": 1}, "kind": "a"}, True),
        ({"data": {"id": 0}, "kind": "a"}, True),
        ({"data": {"id": None}, "kind": "a"}, False),
        ({"data": {}, "kind": "a"}, False),
        ({"data": [], "kind": "a"}, False),
        ({"kind": "a"}, False),
        ({"data": {"id": 1}, "kind": "b"}, False),
        ([], False),
        ("text", False),
    ],
)
async def test_fields_of_the_reply(server: ScriptedServer, body: Any, passes: bool) -> None:
    server.script(json_reply(body))
    result = await _run(server, "{base_url}/ping", present_fields=("data.id",), success_fields={"kind": "a"})
    assert result.success is passes
    if result.error:
        assert result.error.code is ErrorCode.BAD_RESPONSE


async def test_a_connection_test_that_is_cancelled_is_cancelled(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(hang)
    testing = asyncio.create_task(runtime.test_credential("tiny", credential=credential_for(server)))
    await asyncio.to_thread(server.wait_for_requests, 1)
    testing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await testing


async def test_a_transport_that_never_answers_does_not_hold_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_arguments: object, **_more: object) -> Any:
        await asyncio.Event().wait()

    # There is no other way to have a transport miss the deadline.
    monkeypatch.setattr("modulex_mem0.runtime.http.ServiceClient.send", never)
    async with Runtime(plugins=[plugin()]) as runtime:
        error = failure(await runtime.test_credential("tiny", credential={"api_key": "key"}, timeout=0.01))
    assert error.line == "timeout: the connection test did not end in time; repeating it does no harm"
    assert error.retryable is True
