"""A runtime: its usage errors, its settings, several loops and threads, synchronous calls, and its end."""

import asyncio
import gc
import logging
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modulex_mem0.contract import Action, ErrorCode, Integration
from modulex_mem0.runtime import (
    BrokenIntegrationError,
    Result,
    Runtime,
    RuntimeClosedError,
    RuntimeSettings,
    RuntimeUsageError,
    TransportName,
    UnknownActionError,
)
from modulex_mem0.runtime.sync import SyncLoop
from tests.helpers.calls import call, check, credential_for, failure
from tests.helpers.programs import run_program
from tests.helpers.scripted_server import PATIENCE, ScriptedServer
from tests.helpers.steps import after, hang, json_reply
from tests.helpers.tiny_integration import KEY, Plugin, fetch, plugin, profile

OK = json_reply({})


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """Collect what was dropped, so that an unclosed socket or task warns, and fails, in the test that left it."""
    yield
    gc.collect()


async def test_an_unknown_action_is_raised_with_the_nearest_name(runtime: Runtime) -> None:
    with pytest.raises(UnknownActionError, match="did you mean 'fetch'"):
        await runtime.call("tiny", "fetsch", {}, credential={"api_key": KEY})


def test_usage_errors_have_one_base() -> None:
    assert issubclass(UnknownActionError, LookupError)
    for kind in (BrokenIntegrationError, RuntimeClosedError, UnknownActionError):
        assert issubclass(kind, RuntimeUsageError)


@pytest.mark.parametrize("error", [ImportError("gone"), SystemExit(2), RecursionError()])
async def test_actions_that_cannot_be_loaded_are_reported_and_the_others_work(
    error: BaseException, server: ScriptedServer
) -> None:
    def load() -> Iterable[Action[Any, Any]]:
        raise error

    server.script(json_reply({}))
    async with Runtime(plugins=[Plugin(Integration(profile("sad"), load)), plugin()]) as runtime:
        with pytest.raises(BrokenIntegrationError, match=f"actions of integration 'sad'.*{type(error).__name__}"):
            await runtime.call("sad", "any", {})
        assert (await call(runtime, "fetch", server=server)).success


async def test_two_actions_of_one_name_are_a_broken_integration() -> None:
    async with Runtime(plugins=[plugin(fetch, fetch)]) as runtime:
        for _ in range(2):
            with pytest.raises(BrokenIntegrationError, match="fetch"):
                await runtime.call("tiny", "fetch", {}, credential={"api_key": KEY})


def test_a_transport_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="transport must be one of auto, pyreqwest, httpx"):
        RuntimeSettings(transport="requests")  # type: ignore[arg-type]


def test_a_transport_that_is_not_installed_is_refused_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyreqwest", None)
    with pytest.raises(ValueError, match=r"needs pyreqwest: pip install 'modulex-mem0\[fast\]'"):
        RuntimeSettings(transport="pyreqwest")
    assert RuntimeSettings().transport == "auto"


@pytest.mark.parametrize("setting", ["timeout", "connect_timeout", "attempts", "max_response_bytes", "max_connections"])
@pytest.mark.parametrize("value", [0, -1])
def test_settings_under_which_nothing_works_are_refused(setting: str, value: int) -> None:
    with pytest.raises(ValueError, match=setting):
        RuntimeSettings(**{setting: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["retry_wait", "max_keepalive", "keepalive_expiry"])
def test_these_settings_may_be_zero_but_not_negative(setting: str) -> None:
    RuntimeSettings(**{setting: 0})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=setting):
        RuntimeSettings(**{setting: -1})  # type: ignore[arg-type]


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
async def test_each_setting_works_at_its_minimum(
    transport: TransportName, server: ScriptedServer, least: dict[str, Any]
) -> None:
    server.script(OK)
    async with Runtime(RuntimeSettings(transport=transport, **least), plugins=[plugin()]) as runtime:
        results = await asyncio.gather(*(call(runtime, "change", server=server) for _ in range(3)))
    assert all(result.success for result in results)


def _call_sync(runtime: Runtime, server: ScriptedServer, action: str = "fetch") -> Result:
    result = runtime.call_sync("tiny", action, {}, credential=credential_for(server))
    check(runtime, action, result)
    return result


@pytest.mark.parametrize("close", [False, True])
def test_consecutive_loops_leave_nothing_open(server: ScriptedServer, close: bool) -> None:
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
    loop = SyncLoop(_nothing)
    loop.stop()
    with pytest.raises(RuntimeClosedError):
        loop.run(_nothing, lambda: PATIENCE)
    assert not loop.started


def test_a_sync_call_whose_loop_ends_before_it_is_begun_is_refused() -> None:
    class Ending(SyncLoop):
        # Another such window.
        def _started(self) -> asyncio.AbstractEventLoop:
            loop = super()._started()
            self.stop()
            self.join()
            return loop

    with pytest.raises(RuntimeClosedError):
        Ending(_nothing).run(_nothing, lambda: PATIENCE)


def test_a_timeout_of_what_runs_ends_the_wait_at_once() -> None:
    async def late() -> None:
        raise TimeoutError("its own")

    loop = SyncLoop(_nothing)
    with pytest.raises(TimeoutError, match="its own"):
        loop.run(late, lambda: PATIENCE)
    loop.stop()
    loop.join()


def test_connections_that_cannot_be_closed_are_logged_and_the_thread_ends(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise OSError("no luck")

    loop = SyncLoop(fail)
    loop.run(_nothing, lambda: PATIENCE)
    loop.stop()
    loop.join()
    assert not loop.started
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "connections could not be closed: OSError: no luck"
    ]


@pytest.mark.parametrize("timeout", [0, -1, "5"])
def test_a_sync_call_with_an_invalid_timeout_is_refused(timeout: Any) -> None:
    with Runtime(plugins=[plugin()]) as runtime:
        result = runtime.call_sync("tiny", "fetch", {}, credential={"api_key": KEY}, timeout=timeout)
    assert failure(result).line == "invalid_input: timeout: must be a number of seconds greater than 0"


def test_a_shell_completes_all_public_names_before_their_first_use() -> None:
    program = "from modulex_mem0 import runtime\nprint(set(runtime.__all__) <= set(dir(runtime)))"
    done = run_program(program)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


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


def test_a_program_that_closes_nothing_still_exits(server: ScriptedServer) -> None:
    program = (
        "from modulex_mem0.runtime import Runtime\n"
        f"credential = {{'api_key': 'm0-0123456789', 'base_url': '{server.url}'}}\n"
        "print(Runtime().call_sync('mem0', 'check_connection', {}, credential=credential).success)\n"
    )
    server.script(json_reply({"status": "ok"}))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
