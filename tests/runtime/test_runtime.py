"""One runtime, many calls at once, several loops and threads, and how it ends."""

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Result, Runtime, RuntimeClosedError, RuntimeSettings
from modulex_mem0.runtime.settings import TransportName
from modulex_mem0.runtime.sync import SyncLoop
from tests.helpers.calls import call, check, credential_for, failure
from tests.helpers.scripted_server import PATIENCE, ScriptedServer
from tests.helpers.steps import after, hang, json_reply
from tests.helpers.tiny_integration import plugin

OK = json_reply({})


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """Collect what was dropped, so that an unclosed socket or task warns, and fails, in the test that left it."""
    yield
    gc.collect()


def _call_sync(runtime: Runtime, server: ScriptedServer, action: str = "fetch") -> Result:
    result = runtime.call_sync("tiny", action, {}, credential=credential_for(server))
    check(runtime, action, result)
    return result


async def test_a_hundred_calls_at_once_share_few_connections(server: ScriptedServer) -> None:
    server.script(OK)
    async with Runtime(RuntimeSettings(max_connections=5), plugins=[plugin()]) as runtime:
        results = await asyncio.gather(*(call(runtime, "change", server=server) for _ in range(100)))
    assert all(result.success for result in results)
    assert len(server.requests) == 100
    assert server.connections <= 5


async def test_calls_one_after_the_other_use_one_connection(runtime: Runtime, server: ScriptedServer) -> None:
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


@pytest.mark.parametrize(
    "least",
    [
        {"attempts": 1},
        {"keepalive_expiry": 0},
        {"max_connections": 1},
        {"max_keepalive": 0},
        {"max_response_bytes": 2},
        {"retry_wait": 0},
        {"trust_env": False},
    ],
    ids=str,
)
async def test_the_least_that_a_setting_may_be_works(
    transport: TransportName, server: ScriptedServer, least: dict[str, Any]
) -> None:
    server.script(OK)
    async with Runtime(RuntimeSettings(transport=transport, **least), plugins=[plugin()]) as runtime:
        results = await asyncio.gather(*(call(runtime, "change", server=server) for _ in range(3)))
    assert all(result.success for result in results)


async def test_a_hundred_calls_wait_for_a_free_connection_no_longer_than_their_deadline(
    server: ScriptedServer,
) -> None:
    server.script(hang)
    async with Runtime(RuntimeSettings(max_connections=1, timeout=0.3), plugins=[plugin()]) as runtime:
        results = await asyncio.gather(*(call(runtime, "change", server=server) for _ in range(100)))
    codes = [failure(result).code for result in results]
    # Only what was sent may have been carried out.
    assert codes.count(ErrorCode.OUTCOME_UNKNOWN) == len(server.requests)
    assert codes.count(ErrorCode.TIMEOUT) == 100 - len(server.requests)


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


async def test_a_callers_own_timeout_passes_through(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(hang)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await call(runtime, "fetch", server=server)


@pytest.mark.parametrize("close", [False, True])
def test_loops_one_after_the_other_leave_nothing_open(server: ScriptedServer, close: bool) -> None:
    server.script(OK)
    runtime = Runtime(plugins=[plugin()])
    for _ in range(3):
        assert asyncio.run(call(runtime, "fetch", server=server)).success
        gc.collect()
    assert server.connections == 3
    if close:
        runtime.close()


def test_two_loops_at_once(server: ScriptedServer) -> None:
    server.script(OK)
    runtime = Runtime(plugins=[plugin()])
    together = threading.Barrier(2)

    async def calls() -> list[Result]:
        together.wait(PATIENCE)
        return await asyncio.gather(*(call(runtime, "fetch", server=server) for _ in range(20)))

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(asyncio.run, calls()) for _ in range(2)]:
            assert all(result.success for result in done.result(PATIENCE))
    assert len(server.requests) == 40


@pytest.mark.parametrize(
    ("action", "code"), [("fetch", ErrorCode.CONNECTION_FAILED), ("change", ErrorCode.OUTCOME_UNKNOWN)]
)
async def test_closing_ends_the_calls_in_flight_with_an_answer(
    server: ScriptedServer, action: str, code: ErrorCode
) -> None:
    server.script(hang)
    runtime = Runtime(RuntimeSettings(max_connections=2, attempts=1000), plugins=[plugin()])
    tasks = [asyncio.create_task(call(runtime, action, server=server)) for _ in range(10)]
    await asyncio.to_thread(server.wait_for_requests, 2)
    await runtime.aclose()
    errors = [failure(result) for result in await asyncio.gather(*tasks)]
    assert all("the runtime was closed" in error.message for error in errors)
    assert all(error.retryable is False for error in errors)
    codes = [error.code for error in errors]
    # Of those that still waited for a connection nothing was sent, nor will be.
    assert (codes.count(code), codes.count(ErrorCode.CONNECTION_FAILED)) == ((10, 10) if action == "fetch" else (2, 8))
    assert (len(server.requests), server.connections) == (2, 2)


async def test_a_closed_runtime_says_so(server: ScriptedServer) -> None:
    runtime = Runtime(plugins=[plugin()])
    await runtime.aclose()
    for _ in range(2):
        with pytest.raises(RuntimeClosedError):
            await runtime.call("tiny", "fetch", {}, credential=credential_for(server))
        with pytest.raises(RuntimeClosedError):
            await runtime.test_credential("tiny", credential=credential_for(server))
        with pytest.raises(RuntimeClosedError):
            runtime.call_sync("tiny", "fetch", {}, credential=credential_for(server))
        with pytest.raises(RuntimeClosedError):
            runtime.test_credential_sync("tiny", credential=credential_for(server))
        with pytest.raises(RuntimeClosedError):
            async with runtime:
                pass
        with pytest.raises(RuntimeClosedError), runtime:
            pass
        await runtime.aclose()
        runtime.close()


async def test_many_may_close_at_once(server: ScriptedServer) -> None:
    server.script(OK)
    runtime = Runtime(plugins=[plugin()])
    await call(runtime, "fetch", server=server)
    await asyncio.to_thread(_call_sync, runtime, server)
    await asyncio.gather(*(runtime.aclose() for _ in range(5)), *(asyncio.to_thread(runtime.close) for _ in range(5)))


def _sync_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "modulex-mem0 sync calls"}


def test_sync_calls_from_many_threads_share_connections(server: ScriptedServer) -> None:
    before = _sync_threads()
    server.script(OK)
    with Runtime(RuntimeSettings(max_connections=4), plugins=[plugin()]) as runtime, ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: _call_sync(runtime, server, "change"), range(50)))
        assert runtime.test_credential_sync("tiny", credential=credential_for(server)).error is not None
    assert all(result.success for result in results)
    assert server.connections <= 4
    assert _sync_threads() == before


async def test_a_sync_call_inside_a_running_loop_works(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(OK)
    assert _call_sync(runtime, server).success
    assert (await call(runtime, "fetch", server=server)).success


def test_closing_ends_the_sync_calls_in_flight_with_an_answer(server: ScriptedServer) -> None:
    server.script(hang)
    runtime = Runtime(plugins=[plugin()])
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(_call_sync, runtime, server, action) for action in ("fetch", "change")]
        server.wait_for_requests(2)
        runtime.close()
        read, changed = (failure(done.result(PATIENCE)).code for done in calls)
    assert (read, changed) == (ErrorCode.CONNECTION_FAILED, ErrorCode.OUTCOME_UNKNOWN)


def test_sync_calls_that_race_with_the_end_are_answered_or_refused(server: ScriptedServer) -> None:
    before = _sync_threads()
    server.script(OK)
    for _ in range(20):
        runtime = Runtime(plugins=[plugin()])
        together = threading.Barrier(5)

        def one(runtime: Runtime = runtime, together: threading.Barrier = together) -> str:
            together.wait(PATIENCE)
            try:
                result = _call_sync(runtime, server)
            except RuntimeClosedError:
                return "refused"
            return "answered" if result.success or failure(result).code is ErrorCode.CONNECTION_FAILED else "odd"

        with ThreadPoolExecutor(4) as threads:
            calls = [threads.submit(one) for _ in range(4)]
            together.wait(PATIENCE)
            runtime.close()
            assert {done.result(PATIENCE) for done in calls} <= {"refused", "answered"}
        runtime.close()
    assert _sync_threads() == before


async def _nothing() -> None:
    return None


def test_a_sync_call_that_comes_after_the_end_starts_no_thread() -> None:
    # The window between a call's check and its start is too small to be hit from outside.
    loop = SyncLoop()
    loop.close()
    with pytest.raises(RuntimeClosedError):
        loop.run(_nothing)
    assert not loop.started


async def test_closing_leaves_calls_on_another_loop_to_end_by_themselves(server: ScriptedServer) -> None:
    release = threading.Event()
    server.script(after(release, OK))
    runtime = Runtime(plugins=[plugin()])
    with ThreadPoolExecutor(1) as threads:
        other_loop = threads.submit(lambda: asyncio.run(call(runtime, "fetch", server=server)))
        await asyncio.to_thread(server.wait_for_requests, 1)
        # A loop's connections are its own: what is in flight on another may end by itself.
        await runtime.aclose()
        release.set()
        assert (await asyncio.to_thread(other_loop.result, PATIENCE)).success


def test_a_program_that_closes_nothing_ends_all_the_same(server: ScriptedServer) -> None:
    program = (
        "from modulex_mem0.runtime import Runtime\n"
        f"credential = {{'api_key': 'm0-0123456789', 'base_url': '{server.url}'}}\n"
        "print(Runtime().call_sync('mem0', 'check_connection', {}, credential=credential).success)\n"
    )
    server.script(json_reply({"status": "ok"}))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
