"""The pool of connections: calls share and reuse them, and queue for them."""

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from modulex_mem0.contract import Context, ErrorCode, action
from modulex_mem0.runtime import Runtime, RuntimeSettings, TransportName
from tests.helpers.calls import call, credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import after, hang, json_reply, raw, reply
from tests.helpers.tiny_integration import SendInput, SendOutput, change, plugin

OK = json_reply({})
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """Collect what was dropped, so that an unclosed socket or task warns, and fails, in the test that left it."""
    yield
    gc.collect()


async def test_a_hundred_calls_at_once_share_few_connections(server: ScriptedServer) -> None:
    server.script(OK)
    async with Runtime(RuntimeSettings(max_connections=5), plugins=[plugin()]) as runtime:
        results = await asyncio.gather(*(call(runtime, "change", server=server) for _ in range(100)))
    assert all(result.success for result in results)
    assert len(server.requests) == 100
    assert server.connections <= 5


async def test_consecutive_calls_use_one_connection(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(OK)
    for _ in range(10):
        assert (await call(runtime, "fetch", server=server)).success
    assert server.connections == 1


async def test_a_burst_leaves_its_connections_to_the_next_one(runtime: Runtime, server: ScriptedServer) -> None:
    for _ in range(2):
        all_are_here = threading.Event()
        server.script(after(all_are_here, OK))
        calls = asyncio.gather(*(call(runtime, "change", server=server) for _ in range(40)))
        await asyncio.to_thread(server.wait_for_requests, 40)
        all_are_here.set()
        assert all(result.success for result in await calls)
        assert server.connections == 40


async def test_where_no_connection_is_kept_each_call_opens_one(
    transport: TransportName, server: ScriptedServer
) -> None:
    server.script(OK)
    settings = RuntimeSettings(transport=transport, max_keepalive=0)
    async with Runtime(settings, plugins=[plugin()]) as runtime:
        for _ in range(3):
            assert (await call(runtime, "fetch", server=server)).success
    assert server.connections == 3


async def test_a_hundred_calls_wait_for_a_free_connection_no_longer_than_their_deadline(
    server: ScriptedServer,
) -> None:
    server.script(hang)
    async with Runtime(RuntimeSettings(max_connections=1, timeout=0.3), plugins=[plugin()]) as runtime:
        results = await asyncio.gather(*(call(runtime, "change", server=server) for _ in range(100)))
    codes = [failure(result).code for result in results]
    # Only what was sent may have been carried out. The connection may come free just before the next deadline, too late
    # for that request to arrive.
    unknown = codes.count(ErrorCode.OUTCOME_UNKNOWN)
    assert 1 <= len(server.requests) <= unknown < 50
    assert codes.count(ErrorCode.TIMEOUT) == 100 - unknown


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_cancellation_passes_through_and_leaves_the_pool_usable(server: ScriptedServer, action: str) -> None:
    server.script(hang, OK)
    async with Runtime(RuntimeSettings(max_connections=1), plugins=[plugin()]) as runtime:
        task = asyncio.create_task(call(runtime, action, server=server))
        await asyncio.to_thread(server.wait_for_requests, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await call(runtime, action, server=server)).success


async def test_a_cancelled_call_gives_up_its_connection_soon_after_its_deadline(transport: TransportName) -> None:
    arrived, ended = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def never_answer() -> None:
            connection, _ = listener.accept()
            with connection:
                arrived.set()
                while connection.recv(65_536):
                    pass
                ended.set()

        threading.Thread(target=never_answer, daemon=True).start()
        credential = {"api_key": "tk-0123456789abcdef", "base_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        async with Runtime(RuntimeSettings(transport=transport), plugins=[plugin()]) as runtime:
            task = asyncio.create_task(runtime.call("tiny", "change", {}, credential=credential, timeout=3))
            await asyncio.to_thread(arrived.wait, PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The runtime is still open.
            assert await asyncio.to_thread(ended.wait, PATIENCE)


async def test_a_callers_own_timeout_passes_through(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(hang)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await call(runtime, "fetch", server=server)


async def test_the_pool_is_usable_after_each_kind_of_failure(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(raw(b"garbage\r\n"), reply(200, b"no gzip", {"content-encoding": "gzip"}), reply(200, b"{}"))
    await call(runtime, "change", server=server)
    await call(runtime, "change", server=server)
    result = await runtime.call("tiny", "change", {}, credential=credential_for(server))
    assert result.success


async def test_a_request_that_is_cancelled_as_its_turn_comes_passes_the_connection_on(
    transport: TransportName, server: ScriptedServer
) -> None:
    @action(title="Send three", read_only=True)
    async def send_three(context: Context, input: SendInput) -> SendOutput:
        """Send two requests, the second of which waits for the first; and a third after giving up on the second."""
        second = asyncio.create_task(context.http.send("GET", "/second"))
        await context.http.send("GET", "/first")
        # The connection is the second's by now, which has had no time to learn of it.
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        await context.http.send("GET", "/third")
        return SendOutput(success=True)

    server.script(OK)
    settings = RuntimeSettings(max_connections=1, transport=transport)
    async with Runtime(settings, plugins=[plugin(send_three)]) as runtime:
        result = await call(runtime, "send_three", server=server, timeout=5)
    assert result.success, result.error
    assert [request.target for request in server.requests] == ["/first", "/third"]


@pytest.mark.parametrize("action_name", ["fetch", "change"])
async def test_a_deadline_that_passes_while_the_runtime_is_closed_does_not_end_a_request_twice(
    transport: TransportName, server: ScriptedServer, action_name: str
) -> None:
    server.script(hang)
    runtime = Runtime(RuntimeSettings(transport=transport), plugins=[plugin()])
    waiting = asyncio.create_task(call(runtime, action_name, server=server, timeout=0.5))
    await asyncio.to_thread(server.wait_for_requests, 1)
    # Nothing else has its turn meanwhile: the deadline's alarm rings as soon as the requests have been ended.
    time.sleep(0.6)  # noqa: ASYNC251
    await runtime.aclose()
    error = failure(await waiting)
    assert error.code is (ErrorCode.CONNECTION_FAILED if action_name == "fetch" else ErrorCode.OUTCOME_UNKNOWN)
    assert "closed" in error.message


@pytest.mark.parametrize("waits", [True, False], ids=["the loop goes on", "the loop is blocked"])
async def test_a_request_from_another_event_loop_than_its_calls_is_refused(
    server: ScriptedServer, *, waits: bool
) -> None:
    @action(title="Send elsewhere", read_only=True)
    async def send_elsewhere(context: Context, input: SendInput) -> SendOutput:
        """Send from a thread with a loop of its own, where no deadline could end the request."""

        def send() -> None:
            asyncio.run(context.http.send("GET", "/"))

        if waits:
            await asyncio.to_thread(send)
        else:
            with ThreadPoolExecutor(1) as threads:
                threads.submit(send).result()
        return SendOutput(success=True)

    server.script(OK)
    async with Runtime(plugins=[plugin(send_elsewhere)]) as runtime:
        error = failure(await call(runtime, "send_elsewhere", server=server))
    assert error.code is ErrorCode.INTERNAL
    assert server.connections == 0


async def test_a_refused_request_does_not_keep_the_connections_of_its_credential(
    transport: TransportName, server: ScriptedServer
) -> None:
    @action(title="Send outside", read_only=True)
    async def send_outside(context: Context, input: SendInput) -> SendOutput:
        """Send a request, and one from outside of any task, which no deadline could end."""
        await context.http.send("GET", "/")
        refused: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

        def step() -> None:
            try:
                context.http.send("GET", "/").__await__().__next__()
            except RuntimeError as error:
                refused.set_result(error)

        asyncio.get_running_loop().call_soon(step)
        assert "must be sent from a task" in str(await refused)
        return SendOutput(success=True)

    server.script(OK)
    settings = RuntimeSettings(transport=transport, max_credentials=1)
    with ScriptedServer() as other:
        other.script(OK)
        async with Runtime(settings, plugins=[plugin(change, send_outside)]) as runtime:
            assert (await call(runtime, "send_outside", server=server)).success
            assert (await call(runtime, "change", server=other)).success
            await asyncio.to_thread(server.wait_until_left)


async def test_a_closed_runtime_has_closed_the_connections_that_it_was_giving_up(
    transport: TransportName, server: ScriptedServer
) -> None:
    @action(title="Send and close", read_only=True)
    async def send_and_close(context: Context, input: SendInput) -> SendOutput:
        """Send a request, and close the runtime as soon as the request has its connection."""
        request = asyncio.create_task(context.http.send("GET", "/"))
        await asyncio.sleep(0)
        closing.append(asyncio.create_task(runtime.aclose()))
        await request
        return SendOutput(success=True)

    closing: list[asyncio.Task[None]] = []
    before = asyncio.all_tasks()
    all_are_here = threading.Event()
    server.script(after(all_are_here, OK))
    settings = RuntimeSettings(transport=transport, max_credentials=1)
    runtime = Runtime(settings, plugins=[plugin(change, send_and_close)])
    # Many connections of one credential take a while to be closed.
    calls = asyncio.gather(*(call(runtime, "change", server=server) for _ in range(40)))
    await asyncio.to_thread(server.wait_for_requests, 40)
    all_are_here.set()
    assert all(result.success for result in await calls)
    # Another credential takes their place. Its request is still open when the runtime closes.
    server.script(hang)
    other = {**credential_for(server), "api_key": "tk-another-0123456789"}
    assert not (await runtime.call("tiny", "send_and_close", {}, credential=other)).success
    await closing[0]
    assert asyncio.all_tasks() == before
