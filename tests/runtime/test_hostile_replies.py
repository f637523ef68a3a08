"""Replies that are too large, cut off, compressed against us, or no HTTP at all."""

import gzip
import zlib

import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime, RuntimeSettings
from tests.helpers.calls import call, credential_for, failure
from tests.helpers.scripted_server import Exchange, ScriptedServer, Step
from tests.helpers.steps import endless, json_reply, raw, reply
from tests.helpers.tiny_integration import plugin

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
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n" + b" " * 10 * LIMIT),
    ],
)
async def test_a_body_over_the_limit_is_refused(server: ScriptedServer, answer: Step) -> None:
    server.script(answer)
    async with Runtime(RuntimeSettings(max_response_bytes=LIMIT), plugins=[plugin()]) as runtime:
        error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.http_status, error.retryable) == (ErrorCode.BAD_RESPONSE, 200, False)
    assert len(server.requests) == 1


async def test_a_body_of_just_the_limit_is_read(server: ScriptedServer) -> None:
    server.script(reply(200, b'"' + b"x" * (LIMIT - 2) + b'"'))
    async with Runtime(RuntimeSettings(max_response_bytes=LIMIT), plugins=[plugin()]) as runtime:
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


async def test_broken_compression_is_told(runtime: Runtime, server: ScriptedServer) -> None:
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
        b"HTTP/1.1 200 OK\r\n" + b"x-filler: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
async def test_an_answer_that_is_no_http_is_a_bad_response(
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
async def test_an_answer_that_breaks_off_is_a_broken_connection(
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


@pytest.mark.parametrize("body", [b"", b"plain", b"<html>", b'{"a": ', b"\xff\xfe", b"NaN", b"[" * 100_000])
async def test_a_success_without_json_is_a_bad_response(runtime: Runtime, server: ScriptedServer, body: bytes) -> None:
    server.script(reply(200, body))
    error = failure(await call(runtime, "fetch", server=server))
    assert (error.code, error.http_status, error.retryable) == (ErrorCode.BAD_RESPONSE, 200, False)


async def test_the_pool_is_usable_after_each_kind_of_failure(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(raw(b"garbage\r\n"), reply(200, b"no gzip", {"content-encoding": "gzip"}), reply(200, b"{}"))
    await call(runtime, "change", server=server)
    await call(runtime, "change", server=server)
    result = await runtime.call("tiny", "change", {}, credential=credential_for(server))
    assert result.success
