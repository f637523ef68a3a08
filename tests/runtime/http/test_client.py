"""What is sent, and what is refused before anything is sent."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modulex_mem0 import __version__
from modulex_mem0.contract import Context, CredentialField, ErrorCode, Integration, action
from modulex_mem0.runtime import Runtime
from tests.helpers.calls import call, credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import KEY, Plugin, SendInput, SendOutput, plugin, profile, scheme


async def test_a_request_carries_what_the_scheme_declares(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({}))
    await call(runtime, "change", {"body": {"text": "Zürich ☕"}}, server=server)
    request = server.requests[0]
    assert (request.method, request.target) == ("POST", "/things/")
    assert request.json() == {"text": "Zürich ☕"}
    assert request.headers["x-tiny-key"] == KEY
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == f"modulex-mem0/{__version__}"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"


async def test_a_request_without_a_body_has_no_content_type(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({}))
    await call(runtime, "fetch", server=server)
    assert "content-type" not in server.requests[0].headers
    assert server.requests[0].body == b""


@pytest.mark.parametrize("typed", ["", "/", "///", "/api", "/api/"])
async def test_a_base_url_may_end_with_slashes_and_have_a_path(
    runtime: Runtime, server: ScriptedServer, typed: str
) -> None:
    server.script(json_reply({}))
    credential = {"api_key": KEY, "base_url": server.url + typed}
    assert (await runtime.call("tiny", "fetch", {}, credential=credential)).success
    assert server.requests[0].target == typed.rstrip("/") + "/things/"


async def test_no_cookie_is_kept(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({}, headers={"set-cookie": "a=b; Path=/"}))
    await call(runtime, "fetch", server=server)
    await call(runtime, "fetch", server=server)
    assert "cookie" not in server.requests[1].headers


UNSAFE = ["", "things", "//evil.test/", "/a//b", "/../x", "/a/..", "/a/%2e%2E/x", "/./x", "/a b", "/a?b=c", "/a#b"]
UNSAFE += ["/a\\b", "/a\nb", "/a\x7f", "/ä", "@evil.test/", "http://evil.test/", "/..%2fx/", "/a%2F..", "/..%5Cx/"]


def _climbs_or_breaks_out(path: str) -> bool:
    decoded = path
    for written, plain in (("%2e", "."), ("%2f", "/"), ("%5c", "/"), ("\\", "/")):
        decoded = decoded.replace(written, plain).replace(written.upper(), plain)
    leads_out = not path.startswith("/") or "//" in path or {".", ".."} & set(decoded.split("/"))
    return bool(leads_out) or any(not "!" <= c <= "~" or c in "?#\\" for c in path)


@given(path=st.text(st.sampled_from("/.%25eEfFcC\\ab?# :@é\n")) | st.sampled_from(UNSAFE))
@example(path="/%2e")
def test_an_unsafe_path_is_refused_before_sending(lasting_server: ScriptedServer, path: str) -> None:
    lasting_server.script(json_reply({}))
    result = _RUNTIME.call_sync("tiny", "fetch", {"path": path}, credential=credential_for(lasting_server))
    if _climbs_or_breaks_out(path):
        assert failure(result).code is ErrorCode.INTERNAL
        assert lasting_server.requests == []
    else:
        assert result.success
        # What is sent may be percent-encoded further, but has as many segments and lies as deep.
        assert lasting_server.requests[0].target.count("/") == path.count("/")


_RUNTIME = Runtime(plugins=[plugin()])


@pytest.fixture(scope="module", autouse=True)
def _closed_at_the_end() -> Any:
    yield
    _RUNTIME.close()


def _deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


class _LooseInput(SendInput):
    value: Any = None


UNSENDABLE: dict[str, Callable[[], Any]] = {
    "nan": lambda: math.nan,
    "infinity": lambda: {"a": [math.inf]},
    "deep": lambda: _deep(100_000),
    "object": object,
    "bytes": lambda: b"x",
    "set": lambda: {1},
    "surrogate": lambda: "\ud800",
}


@pytest.mark.parametrize("kind", UNSENDABLE)
async def test_what_is_no_json_is_refused_before_sending(server: ScriptedServer, kind: str) -> None:
    @action(title="Send")
    async def send(context: Context, input: _LooseInput) -> SendOutput:
        """Send a value."""
        await context.http.send("POST", "/", json=UNSENDABLE[kind]())
        return SendOutput(success=True)

    async with Runtime(plugins=[plugin(send)]) as runtime:
        error = failure(await call(runtime, "send", server=server))
    assert (error.code, error.retryable) == (ErrorCode.INVALID_INPUT, False)
    assert server.connections == 0


@pytest.mark.parametrize("value", ["\ud800", "x" * 70_000])
async def test_a_query_that_cannot_be_sent_is_the_callers_mistake(server: ScriptedServer, value: str) -> None:
    @action(title="Send", read_only=True)
    async def send(context: Context, input: SendInput) -> SendOutput:
        """Send a query."""
        await context.http.send("GET", "/", params={"q": value})
        return SendOutput(success=True)

    async with Runtime(plugins=[plugin(send)]) as runtime:
        error = failure(await call(runtime, "send", server=server))
    assert error.code is ErrorCode.INVALID_INPUT
    assert server.connections == 0


async def test_query_parameters_are_encoded(server: ScriptedServer) -> None:
    @action(title="Send", read_only=True)
    async def send(context: Context, input: SendInput) -> SendOutput:
        """Send a query."""
        await context.http.send("GET", "/", params={"q": "a&b=c#é /", "page": 2})
        return SendOutput(success=True)

    server.script(json_reply({}))
    async with Runtime(plugins=[plugin(send)]) as runtime:
        assert (await call(runtime, "send", server=server)).success
    assert server.requests[0].target == "/?q=a%26b%3Dc%23%C3%A9%20%2F&page=2".replace("%20", "+")


async def test_the_header_of_an_optional_field_is_left_out_with_the_field(server: ScriptedServer) -> None:
    organisation = CredentialField(
        name="org", display_name="Org", description="Whose.", environment_variable="TINY_ORG", required=False
    )
    given_scheme = scheme(fields=(*scheme().fields, organisation), headers={"X-Key": "{api_key}", "X-Org": "o/{org}"})
    integration = Integration(profile(auth_schemes=(given_scheme,)), actions=plugin()._integrations[0].actions.values())
    server.script(json_reply({}))
    async with Runtime(plugins=[Plugin(integration)]) as runtime:
        for more in ({}, {"org": "acme"}):
            assert (await runtime.call("tiny", "fetch", {}, credential=credential_for(server) | more)).success
    assert [request.headers.get("x-org") for request in server.requests] == [None, "o/acme"]


async def test_a_placeholder_inside_a_value_is_not_filled(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({}))
    credential = {"api_key": "{base_url}", "base_url": server.url}
    assert (await runtime.call("tiny", "fetch", {}, credential=credential)).success
    assert server.requests[0].headers["x-tiny-key"] == "{base_url}"
