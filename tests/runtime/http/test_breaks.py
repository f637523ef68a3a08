"""Every way in which a connection can break: how often the request arrives, and what the caller learns."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from modulex_mem0.contract import Context, ErrorCode, action
from modulex_mem0.runtime import Runtime
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import Exchange, ScriptedServer, Step
from tests.helpers.steps import drip, hang, json_reply, raw, reset
from tests.helpers.tiny_integration import KEY, SendInput, SendOutput, plugin

OK = json_reply({"fine": True})


def shut_for_writing(exchange: Exchange) -> None:
    """The server says that it will send nothing, and keeps its side open."""
    exchange._connection.shutdown(socket.SHUT_WR)
    exchange.server.stopping.wait(1)
    exchange.close()


def half_then_reset(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}")
    exchange.reset()


BREAKS: dict[str, Step] = {
    "closed instead of a reply": raw(b""),
    "reset instead of a reply": reset,
    "shut for writing": shut_for_writing,
    "closed in the status line": raw(b"HTTP/1.1 20"),
    "closed in the headers": raw(b"HTTP/1.1 200 OK\r\ncontent-le"),
    "closed after an interim reply": raw(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "closed in the body": raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"),
    "reset in the body": half_then_reset,
    "closed in a chunk": raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{}"),
    "closed between chunks": raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"),
    "closed in a large body": raw(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + b" " * 300_000),
}


@pytest.fixture(params=["new", "reused"])
def connection(request: pytest.FixtureRequest) -> str:
    """Whether the connection has carried a request before: libraries repeat requests on such ones."""
    kind: str = request.param
    return kind


async def _prepare(runtime: Runtime, server: ScriptedServer, connection: str) -> None:
    if connection == "reused":
        server.script(OK)
        assert (await call(runtime, "fetch", server=server)).success


@pytest.mark.parametrize("name", BREAKS)
async def test_a_change_is_sent_once_and_its_outcome_is_unknown(
    runtime: Runtime, server: ScriptedServer, name: str, connection: str
) -> None:
    await _prepare(runtime, server, connection)
    server.script(BREAKS[name], OK)
    error = failure(await call(runtime, "change", {"body": {"a": 1}}, server=server))
    assert (error.code, error.retryable) == (ErrorCode.OUTCOME_UNKNOWN, False)
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize("action", ["fetch", "find", "replace"])
async def test_what_is_safe_to_repeat_is_sent_again_by_the_runtime_alone(
    runtime: Runtime, server: ScriptedServer, action: str, name: str, connection: str
) -> None:
    await _prepare(runtime, server, connection)
    server.script(BREAKS[name], BREAKS[name], OK)
    result = await call(runtime, action, {"body": {"a": 1}}, server=server)
    assert result.output["value"] == {"fine": True}
    assert len(server.requests) == 3


@pytest.mark.parametrize("step", [hang, drip])
@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_what_hangs_is_sent_once_and_ended_by_the_deadline(
    runtime: Runtime, server: ScriptedServer, action: str, step: Step, connection: str
) -> None:
    await _prepare(runtime, server, connection)
    server.script(step, OK)
    error = failure(await call(runtime, action, server=server, timeout=0.3))
    assert error.code is (ErrorCode.TIMEOUT if action == "fetch" else ErrorCode.OUTCOME_UNKNOWN)
    assert len(server.requests) == 1


@pytest.mark.parametrize("step", [hang, drip])
@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_cancelled_call_ends_at_once_and_its_connection_is_given_up(
    runtime: Runtime, server: ScriptedServer, action: str, step: Step
) -> None:
    server.script(step, OK)
    task = asyncio.create_task(call(runtime, action, server=server))
    await asyncio.to_thread(server.wait_for_requests, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert (await call(runtime, action, server=server)).success
    assert [request.connection for request in server.requests] == [1, 2]


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_connection_that_the_server_closed_while_idle_is_not_used(
    runtime: Runtime, server: ScriptedServer, action: str
) -> None:
    server.script(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"))
    for _ in range(5):
        result = await call(runtime, action, server=server)
        # On a busy machine the client may not have learned of the end when it sends; then the truth is not known.
        assert result.success or (action == "change" and result.error and result.error.code == "outcome_unknown")
        await asyncio.to_thread(server.wait_until_left)
    assert len(server.requests) == server.connections <= 5
    if action == "fetch":
        assert len(server.requests) == 5


@contextmanager
def never_accepting() -> Iterator[str]:
    """An address whose queue of connections is full, so that no connection to it is made."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting: list[socket.socket] = []
        try:
            for _ in range(4):
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(listener.getsockname())
                waiting.append(client)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for client in waiting:
                client.close()


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_connection_that_is_not_made_before_the_deadline_changed_nothing(runtime: Runtime, action: str) -> None:
    with never_accepting() as url:
        credential = {"api_key": KEY, "base_url": url}
        error = failure(await runtime.call("tiny", action, {}, credential=credential, timeout=1))
    assert error.code in (ErrorCode.CONNECTION_FAILED, ErrorCode.TIMEOUT)
    assert error.retryable


async def test_a_deadline_leaves_the_task_of_its_caller_as_it_was(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(hang)
    task = asyncio.current_task()
    assert task is not None
    for name in ("fetch", "change"):
        assert not (await call(runtime, name, server=server, timeout=0.1)).success
        assert task.cancelling() == 0
    # A timeout around several calls still ends them.
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await call(runtime, "fetch", server=server, timeout=5)
    assert task.cancelling() == 0


async def test_a_cancellation_within_the_deadline_of_requests_sent_side_by_side_is_not_lost(
    server: ScriptedServer,
) -> None:
    @action(title="Fan out", read_only=True)
    async def fan_out(context: Context, input: SendInput) -> SendOutput:
        """Send two requests, and give up on both."""
        requests = (context.http.send("GET", "/"), context.http.send("GET", "/"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*requests), 0.1)
        return SendOutput(success=True)

    server.script(hang)
    async with Runtime(plugins=[plugin(fan_out)]) as runtime:
        assert (await call(runtime, "fan_out", server=server)).success
