"""Every exception that the HTTP library can raise has a code, and a timeout says whether the request was sent."""

import asyncio
import threading

import httpx
import pytest

from modulex_mem0.contract import Context, ErrorCode, action
from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.runtime.http.errors import error_from_transport
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import after, hang, reply
from tests.helpers.tiny_integration import SendInput, SendOutput, plugin


def _leaves(kind: type[Exception]) -> set[type[Exception]]:
    below = {leaf for child in kind.__subclasses__() for leaf in _leaves(child)}
    return below | {kind}


#: What only `httpx.Client` raises, or code that misuses a response.
NOT_OF_A_TRANSPORT = {httpx.HTTPStatusError, httpx.TooManyRedirects}

RAISED = sorted(
    # Other libraries, where they are loaded, derive exceptions of their own.
    (kind for kind in _leaves(httpx.HTTPError) - NOT_OF_A_TRANSPORT if kind.__module__.startswith("httpx")),
    key=lambda kind: kind.__name__,
)

FOREIGN = [TimeoutError, OSError, ValueError, RuntimeError]

NOT_SENT: dict[type[Exception], ErrorCode] = {
    httpx.ConnectError: ErrorCode.CONNECTION_FAILED,
    httpx.ConnectTimeout: ErrorCode.CONNECTION_FAILED,
    httpx.LocalProtocolError: ErrorCode.INTERNAL,
    httpx.PoolTimeout: ErrorCode.TIMEOUT,
    httpx.ProxyError: ErrorCode.CONNECTION_FAILED,
    httpx.UnsupportedProtocol: ErrorCode.CONNECTION_FAILED,
}

SENT: dict[type[Exception], ErrorCode] = {
    httpx.DecodingError: ErrorCode.BAD_RESPONSE,
    httpx.ReadTimeout: ErrorCode.TIMEOUT,
    httpx.RemoteProtocolError: ErrorCode.BAD_RESPONSE,
    httpx.TimeoutException: ErrorCode.TIMEOUT,
    httpx.WriteTimeout: ErrorCode.TIMEOUT,
    TimeoutError: ErrorCode.TIMEOUT,
    # Not the network's doing: trying again would not help.
    RuntimeError: ErrorCode.INTERNAL,
    ValueError: ErrorCode.INTERNAL,
}


def test_the_library_has_the_exceptions_that_this_table_was_written_for() -> None:
    assert {*NOT_SENT, *SENT} - set(FOREIGN) <= set(RAISED)


@pytest.mark.parametrize("kind", [*RAISED, *FOREIGN])
def test_the_code_of_a_failed_read(kind: type[Exception]) -> None:
    expected = (NOT_SENT | SENT).get(kind, ErrorCode.CONNECTION_FAILED)
    assert error_from_transport(kind("why"), safe_to_retry=True).code is expected


@pytest.mark.parametrize("kind", [*RAISED, *FOREIGN])
def test_a_change_that_failed_is_harmless_only_if_it_never_left(kind: type[Exception]) -> None:
    expected = NOT_SENT.get(kind, ErrorCode.OUTCOME_UNKNOWN)
    if kind is httpx.DecodingError:
        expected = ErrorCode.BAD_RESPONSE
    assert error_from_transport(kind("why"), safe_to_retry=False).code is expected


@pytest.mark.parametrize("kind", RAISED)
def test_an_exception_without_a_message_gets_one(kind: type[Exception]) -> None:
    message = error_from_transport(kind(""), safe_to_retry=True).message
    assert len(message) > 10
    assert not message.rstrip().endswith(":")


@pytest.mark.parametrize("kind", [TimeoutError, httpx.ReadTimeout])
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
