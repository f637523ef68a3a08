"""The HTTP client: what is sent, what is refused before anything is sent, and which replies are refused."""

import gzip
import math
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modulex_mem0 import __version__
from modulex_mem0.contract import Context, CredentialField, ErrorCode, Integration, action
from modulex_mem0.runtime import Runtime, RuntimeSettings, TransportName
from tests.helpers.calls import call, credential_for, failure
from tests.helpers.scripted_server import Exchange, ScriptedServer, Step
from tests.helpers.steps import endless, json_reply, raw, reply
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
def test_an_unsafe_path_is_refused_before_sending(shared: Runtime, lasting_server: ScriptedServer, path: str) -> None:
    lasting_server.script(json_reply({}))
    result = shared.call_sync("tiny", "fetch", {"path": path}, credential=credential_for(lasting_server))
    if _climbs_or_breaks_out(path):
        assert failure(result).code is ErrorCode.INTERNAL
        assert lasting_server.requests == []
    else:
        assert result.success
        # What is sent may be percent-encoded further, but has as many segments and lies as deep.
        assert lasting_server.requests[0].target.count("/") == path.count("/")


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
async def test_a_value_that_is_not_json_is_refused_before_sending(server: ScriptedServer, kind: str) -> None:
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


LONGEST = 65_534


@pytest.mark.parametrize(("length", "sent"), [(LONGEST, 1), (LONGEST + 1, 0)])
async def test_the_longest_address_is_the_same_over_both_transports(
    runtime: Runtime, server: ScriptedServer, length: int, sent: int
) -> None:
    server.script(json_reply({}))
    result = await call(runtime, "change", {"path": "/" + "x" * (length - len(server.url) - 1)}, server=server)
    assert len(server.requests) == result.success == sent
    if not sent:
        assert failure(result).message == f"the address is longer than {LONGEST} characters"


async def test_a_change_whose_address_grows_too_long_when_it_is_encoded_is_known_not_to_be_sent(
    runtime: Runtime, server: ScriptedServer
) -> None:
    server.script(json_reply({}))
    # Each of these becomes three characters.
    result = await call(runtime, "change", {"path": "/" + '"' * 60_000}, server=server)
    assert result.success == len(server.requests)
    if not result.success:
        assert failure(result).code is ErrorCode.INVALID_INPUT
        assert "the address cannot be used" in failure(result).message


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


LIMIT = 1000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_redirect_is_not_followed(runtime: Runtime, server: ScriptedServer, action: str, status: int) -> None:
    with ScriptedServer() as elsewhere:
        elsewhere.script(json_reply({}))
        server.script(reply(status, headers={"location": f"{elsewhere.url}/things/"}))
        error = failure(await call(runtime, action, server=server))
        assert elsewhere.connections == 0
    assert (error.code, error.http_status) == (ErrorCode.BAD_RESPONSE, status)
    assert "redirect" in error.message
    assert len(server.requests) == 1


def _bomb(*encodings: str) -> Step:
    body = b" " * (4 * LIMIT)
    for encoding in encodings:
        body = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    assert len(body) < LIMIT / 2
    return reply(200, body, {"content-encoding": ", ".join(encodings)})


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b" " * (LIMIT + 1)),
        endless,
        _bomb("gzip"),
        _bomb("deflate"),
        _bomb("gzip", "gzip"),
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n" + b" " * 400 * LIMIT),
    ],
)
async def test_a_body_over_the_limit_is_refused(transport: TransportName, server: ScriptedServer, answer: Step) -> None:
    server.script(answer)
    settings = RuntimeSettings(max_response_bytes=LIMIT, transport=transport)
    async with Runtime(settings, plugins=[plugin()]) as runtime:
        error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.http_status, error.retryable) == (ErrorCode.BAD_RESPONSE, 200, False)
    assert len(server.requests) == 1


async def test_a_body_of_just_the_limit_is_read(transport: TransportName, server: ScriptedServer) -> None:
    server.script(reply(200, b'"' + b"x" * (LIMIT - 2) + b'"'))
    settings = RuntimeSettings(max_response_bytes=LIMIT, transport=transport)
    async with Runtime(settings, plugins=[plugin()]) as runtime:
        assert (await call(runtime, "fetch", server=server)).success


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP", "identity"])
async def test_compressed_replies_are_read(runtime: Runtime, server: ScriptedServer, encoding: str) -> None:
    body = b'{"a": "b"}'
    body = {"gzip": gzip.compress(body), "deflate": zlib.compress(body)}.get(encoding.lower(), body)
    server.script(reply(200, body, {"content-encoding": encoding}))
    assert (await call(runtime, "fetch", server=server)).output["value"] == {"a": "b"}
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "rot13"])
async def test_an_encoding_that_was_not_asked_for_is_refused(
    runtime: Runtime, server: ScriptedServer, encoding: str
) -> None:
    server.script(reply(200, b"{}", {"content-encoding": encoding}))
    assert failure(await call(runtime, "fetch", server=server)).code is ErrorCode.BAD_RESPONSE


async def test_broken_compression_is_reported(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(reply(200, b"no gzip", {"content-encoding": "gzip"}))
    error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.retryable) == (ErrorCode.BAD_RESPONSE, False)


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"<html>\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 huh OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x-filler: " + b"x" * 2_000_000 + b"\r\n\r\n",
    ],
)
async def test_a_reply_that_is_not_http_is_a_bad_response(
    runtime: Runtime, server: ScriptedServer, garbage: bytes
) -> None:
    server.script(raw(garbage))
    error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.http_status, error.retryable) == (ErrorCode.BAD_RESPONSE, None, False)
    assert "<" not in error.message
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-len", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"],
)
async def test_a_reply_that_ends_early_is_a_broken_connection(
    runtime: Runtime, server: ScriptedServer, start: bytes
) -> None:
    server.script(raw(start))
    error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.http_status, error.retryable) == (ErrorCode.CONNECTION_FAILED, None, True)
    assert len(server.requests) == 3


async def test_informational_replies_without_end_are_ended_by_the_deadline(
    runtime: Runtime, server: ScriptedServer
) -> None:
    def continues(exchange: Exchange) -> None:
        while not server.stopping.wait(0.01):
            exchange.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")

    server.script(continues)
    assert failure(await call(runtime, "fetch", server=server, timeout=0.2)).code is ErrorCode.TIMEOUT
