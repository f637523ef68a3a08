"""Every exception that a transport can raise has a code, and a timeout says whether the request was sent."""

import asyncio
import threading
from collections.abc import Iterable

import httpx
import pytest

from modulex_mem0.contract import Context, ErrorCode, action
from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.runtime.http.errors import (
    AddressError,
    ConnectionBrokenError,
    ConnectTimeoutError,
    NotConnectedError,
    NotHttpError,
    ReplyTimeoutError,
    TransportError,
    error_from_transport,
)
from modulex_mem0.runtime.http.httpx_transport import error_from_httpx
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import after, hang, json_reply, reply
from tests.helpers.tiny_integration import SendInput, SendOutput, plugin


def _classes(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(_classes(child) for child in kind.__subclasses__()))


def _by_name(kinds: Iterable[type[Exception]]) -> list[type[Exception]]:
    return sorted(kinds, key=lambda kind: kind.__name__)


OURS = _by_name(_classes(TransportError))
FOREIGN = [TimeoutError, OSError, ValueError, RuntimeError]

NOT_SENT: dict[type[Exception], ErrorCode] = {
    ConnectTimeoutError: ErrorCode.CONNECTION_FAILED,
    NotConnectedError: ErrorCode.CONNECTION_FAILED,
    AddressError: ErrorCode.INVALID_INPUT,
}

SENT: dict[type[Exception], ErrorCode] = {
    ConnectionBrokenError: ErrorCode.CONNECTION_FAILED,
    NotHttpError: ErrorCode.BAD_RESPONSE,
    OSError: ErrorCode.CONNECTION_FAILED,
    ReplyTimeoutError: ErrorCode.TIMEOUT,
    TimeoutError: ErrorCode.TIMEOUT,
    # Not the network's doing: trying again would not help.
    RuntimeError: ErrorCode.INTERNAL,
    TransportError: ErrorCode.INTERNAL,
    ValueError: ErrorCode.INTERNAL,
}


@pytest.mark.parametrize("kind", [*OURS, *FOREIGN])
def test_the_code_of_a_failed_read(kind: type[Exception]) -> None:
    assert error_from_transport(kind("why"), safe_to_retry=True).code is (NOT_SENT | SENT)[kind]


@pytest.mark.parametrize("kind", [*OURS, *FOREIGN])
def test_a_change_that_failed_is_harmless_only_if_it_never_left(kind: type[Exception]) -> None:
    expected = NOT_SENT.get(kind, ErrorCode.OUTCOME_UNKNOWN)
    assert error_from_transport(kind("why"), safe_to_retry=False).code is expected


@pytest.mark.parametrize("kind", OURS)
def test_an_exception_without_a_message_gets_one(kind: type[Exception]) -> None:
    message = error_from_transport(kind(""), safe_to_retry=True).message
    assert len(message) > 10
    assert not message.rstrip().endswith(":")


#: What only `httpx.Client` raises, or code that misuses a response, and what has a reply.
NOT_OF_A_TRANSPORT = {httpx.DecodingError, httpx.HTTPStatusError, httpx.TooManyRedirects}
HTTPX = _by_name(
    # Other libraries, where they are loaded, derive exceptions of their own.
    kind
    for kind in _classes(httpx.HTTPError) - NOT_OF_A_TRANSPORT
    if kind.__module__.startswith("httpx")
)
HTTPX_NOT_SENT: dict[type[Exception], ErrorCode] = {
    httpx.ConnectError: ErrorCode.CONNECTION_FAILED,
    httpx.ConnectTimeout: ErrorCode.CONNECTION_FAILED,
    httpx.PoolTimeout: ErrorCode.CONNECTION_FAILED,
    httpx.ProxyError: ErrorCode.CONNECTION_FAILED,
    httpx.UnsupportedProtocol: ErrorCode.INVALID_INPUT,
}


@pytest.mark.parametrize("kind", HTTPX)
def test_a_tools_own_request_is_harmless_only_if_it_never_left(kind: type[httpx.HTTPError]) -> None:
    assert error_from_httpx(kind("why")).code is HTTPX_NOT_SENT.get(kind, ErrorCode.OUTCOME_UNKNOWN)


def test_httpx_has_the_exceptions_that_this_table_was_written_for() -> None:
    assert set(HTTPX_NOT_SENT) <= set(HTTPX)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (302, ErrorCode.BAD_RESPONSE),
        (400, ErrorCode.INVALID_INPUT),
        (401, ErrorCode.UNAUTHORIZED),
        (404, ErrorCode.NOT_FOUND),
        (429, ErrorCode.RATE_LIMITED),
        (503, ErrorCode.SERVICE_ERROR),
    ],
)
@pytest.mark.parametrize("read", [True, False])
def test_a_reply_to_a_tools_own_request_has_the_code_of_its_status_and_its_own_message(
    server: ScriptedServer, *, read: bool, status: int, code: ErrorCode
) -> None:
    server.script(json_reply({"error": "said by the service"}, status, {"retry-after": "7"}))
    with httpx.Client(trust_env=False) as http, http.stream("GET", server.url) as response:
        if read:
            response.read()
        with pytest.raises(httpx.HTTPStatusError) as raised:
            response.raise_for_status()
        error = error_from_httpx(raised.value)
    assert (error.code, error.http_status) == (code, status)
    assert error.retry_after == (7 if status in (429, 503) else None)
    # A tool that streams may not have read what was said.
    if status >= 400:
        assert error.message == ("said by the service" if read else "the reply has no body")


def test_a_reply_that_a_tool_itself_refuses_is_a_bad_response() -> None:
    request = httpx.Request("GET", "https://service.invalid")
    error = error_from_httpx(httpx.HTTPStatusError("empty", request=request, response=httpx.Response(204)))
    assert error.code is ErrorCode.BAD_RESPONSE
    assert error.message == "the tool did not expect HTTP 204"


def test_a_reply_to_a_tools_own_request_that_cannot_be_decoded_is_a_bad_response(server: ScriptedServer) -> None:
    server.script(reply(200, b"no gzip", {"content-encoding": "gzip"}))
    with pytest.raises(httpx.DecodingError) as raised:
        httpx.get(server.url, trust_env=False)
    error = error_from_httpx(raised.value)
    assert (error.code, error.message) == (ErrorCode.BAD_RESPONSE, "the reply's compression is broken")


PYREQWEST = {
    "refused": ("ConnectError", ["client error (Connect)", "tcp connect error"], NotConnectedError),
    "no time to connect": (
        "ConnectTimeoutError",
        ["client error (Connect)", "operation timed out"],
        ConnectTimeoutError,
    ),
    "broken after sending": ("ConnectError", ["client error (SendRequest)", "connection reset"], ConnectionBrokenError),
    "no time, wherever": ("ConnectTimeoutError", ["operation timed out"], ConnectionBrokenError),
    "not HTTP": ("DecodeError", ["client error (SendRequest)", "invalid HTTP version parsed"], NotHttpError),
    "unknown": ("RequestError", [], ConnectionBrokenError),
}


@pytest.mark.parametrize("name", PYREQWEST)
def test_of_pyreqwests_failures_only_a_failed_connect_was_not_sent(name: str) -> None:
    pytest.importorskip("pyreqwest", reason="the extra `fast` is not installed")
    from pyreqwest import exceptions

    from modulex_mem0.runtime.http.pyreqwest_transport import _as_transport_error

    kind, causes, expected = PYREQWEST[name]
    messages = ["error sending request for url (http://secret/)", *causes]
    details = {"causes": [{"message": message} for message in messages]}
    error = _as_transport_error(getattr(exceptions, kind)("error", details))
    assert type(error) is expected
    assert "secret" not in str(error)


@pytest.mark.parametrize("kind", [TimeoutError, ReplyTimeoutError])
def test_a_change_that_timed_out_before_it_left_was_not_sent(kind: type[Exception]) -> None:
    error = error_from_transport(kind("why"), safe_to_retry=False, sent=False)
    assert error.code is ErrorCode.TIMEOUT
    assert error.message.startswith("the request was not sent: ")


async def test_a_read_without_a_reply_may_have_been_carried_out(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(hang)
    error = failure(await call(runtime, "fetch", server=server, timeout=0.2))
    assert error.code is ErrorCode.TIMEOUT
    assert "may have been carried out, but repeating it does no harm" in error.message


@pytest.mark.parametrize("name", ["fetch", "change"])
async def test_a_request_that_found_no_free_connection_was_not_sent(server: ScriptedServer, name: str) -> None:
    server.script(hang)
    async with Runtime(RuntimeSettings(max_connections=1), plugins=[plugin()]) as runtime:
        first = asyncio.create_task(call(runtime, "fetch", server=server, timeout=1))
        await asyncio.to_thread(server.wait_for_requests, 1)
        error = failure(await call(runtime, name, server=server, timeout=0.1))
        first.cancel()
    assert (error.code, error.retryable) == (ErrorCode.TIMEOUT, True)
    assert error.message.startswith("the request was not sent: no connection was free")
    assert len(server.requests) == 1


async def test_a_request_that_comes_after_the_deadline_was_not_sent(server: ScriptedServer) -> None:
    @action(title="Dawdle")
    async def dawdle(context: Context, input: SendInput) -> SendOutput:
        """Send a change too late."""
        await asyncio.sleep(context.remaining() + 0.01)
        await context.http.send("POST", "/")
        return SendOutput(success=True)

    async with Runtime(plugins=[plugin(dawdle)]) as runtime:
        error = failure(await call(runtime, "dawdle", server=server, timeout=0.05))
    assert (error.code, error.retryable) == (ErrorCode.TIMEOUT, True)
    assert error.message == "the request was not sent: the call's deadline had passed"
    assert server.connections == 0


async def test_a_retry_that_found_no_free_connection_was_not_sent_again(server: ScriptedServer) -> None:
    answer = threading.Event()
    server.script(after(answer, reply(503)), hang)
    settings = RuntimeSettings(max_connections=1, retry_wait=0.001)
    async with Runtime(settings, plugins=[plugin()]) as runtime:
        first = asyncio.create_task(call(runtime, "fetch", server=server, timeout=0.5))
        await asyncio.to_thread(server.wait_for_requests, 1)
        # The second call takes the connection as soon as the first one has its 503.
        second = asyncio.create_task(call(runtime, "fetch", server=server, timeout=2))
        await asyncio.sleep(0)
        answer.set()
        error = failure(await first)
        second.cancel()
    assert error.code is ErrorCode.TIMEOUT
    assert error.message.startswith("the request was not sent again: no connection was free")
