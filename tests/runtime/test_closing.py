"""The end of a runtime: closed during its first call, forgotten, or outlived by the calls; and waits that end."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import pytest

from modulex_mem0.contract import Action, Context, ErrorCode, Integration, LazyIntegration, action, hookimpl
from modulex_mem0.runtime import Result, Runtime, RuntimeClosedError, RuntimeSettings, RuntimeUsageError, TransportName
from tests.helpers.calls import call, check, credential_for, failure
from tests.helpers.programs import run_program
from tests.helpers.scripted_server import PATIENCE, ScriptedServer
from tests.helpers.steps import hang, json_reply
from tests.helpers.tiny_integration import ACTIONS, SendInput, SendOutput, change, fetch, plugin, profile

OK = json_reply({})


class _Gate:
    """An integration whose loading, or whose action, waits until the test lets it go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self.go_on.wait(PATIENCE)

    def lazy(self) -> object:
        def load() -> Integration:
            self.wait()
            return Integration(profile("late"), actions=ACTIONS)

        class Plugin:
            @hookimpl
            def modulex_integrations(self) -> list[LazyIntegration]:
                return [LazyIntegration(name="late", load=load)]

        return Plugin()

    def action(self, base: Action[Any, Any], name: str) -> Action[Any, Any]:
        async def handler(context: Context, input: SendInput) -> SendOutput:
            await asyncio.to_thread(self.wait)
            result: SendOutput = await base.handler(context, input)
            return result

        return Action(
            name=name,
            title="Gated",
            description="Waits, then sends.",
            input=SendInput,
            output=SendOutput,
            handler=handler,
            hints=base.hints,
        )


@pytest.mark.parametrize("base", [fetch, change], ids=lambda base: base.name)
def test_close_in_the_first_call_ends_it_before_anything_is_sent(
    server: ScriptedServer, base: Action[Any, Any]
) -> None:
    server.script(OK)
    gate = _Gate()
    runtime = Runtime(plugins=[plugin(gate.action(base, "gated"))])
    with ThreadPoolExecutor(1) as threads:
        called = threads.submit(_call_sync, runtime, server, "gated")
        assert gate.reached.wait(PATIENCE)
        begun = time.monotonic()
        runtime.close()
        error = failure(called.result(PATIENCE))
        took = time.monotonic() - begun
        gate.go_on.set()
    assert (error.code, error.retryable) == (ErrorCode.CONNECTION_FAILED, False)
    assert "the runtime was closed" in error.message
    # Half a second for the handler to clean up, of which this one makes full use.
    assert took < 5
    assert server.connections == 0


async def test_aclose_in_the_first_call_ends_it_before_anything_is_sent(server: ScriptedServer) -> None:
    server.script(OK)
    gate = _Gate()
    runtime = Runtime(plugins=[plugin(gate.action(change, "gated"))])
    called = asyncio.create_task(call(runtime, "gated", server=server))
    await asyncio.to_thread(gate.reached.wait, PATIENCE)
    await runtime.aclose()
    error = failure(await asyncio.wait_for(called, 5))
    gate.go_on.set()
    assert (error.code, error.retryable) == (ErrorCode.CONNECTION_FAILED, False)
    assert server.connections == 0


@pytest.mark.parametrize("synchronous", [True, False])
async def test_closing_while_the_integration_is_loaded(server: ScriptedServer, synchronous: bool) -> None:
    server.script(OK)
    gate = _Gate()
    runtime = Runtime(plugins=[gate.lazy()])
    arguments: Any = ("late", "change", {})
    credential = credential_for(server)
    if synchronous:
        called: Any = asyncio.create_task(asyncio.to_thread(runtime.call_sync, *arguments, credential=credential))
    else:
        called = asyncio.create_task(runtime.call(*arguments, credential=credential))
    await asyncio.to_thread(gate.reached.wait, PATIENCE)
    if synchronous:
        runtime.close()
    else:
        await runtime.aclose()
    gate.go_on.set()
    try:
        error = failure(await asyncio.wait_for(called, PATIENCE))
    except RuntimeClosedError:
        pass
    else:
        assert "the runtime was closed" in error.message
    assert server.connections == 0


async def test_a_call_on_another_loop_sends_nothing_more_after_the_end(server: ScriptedServer) -> None:
    server.script(OK)
    gate = _Gate()
    runtime = Runtime(plugins=[plugin(gate.action(change, "gated"))])
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(lambda: asyncio.run(call(runtime, "gated", server=server)))
        await asyncio.to_thread(gate.reached.wait, PATIENCE)
        await runtime.aclose()
        gate.go_on.set()
        error = failure(await asyncio.to_thread(other.result, PATIENCE))
    assert error.message == "the runtime was closed during the call"
    assert server.connections == 0


async def test_a_connection_test_ends_with_its_runtime(server: ScriptedServer) -> None:
    server.script(hang)
    runtime = Runtime(plugins=[plugin()])
    testing = asyncio.create_task(runtime.test_credential("tiny", credential=credential_for(server)))
    await asyncio.to_thread(server.wait_for_requests, 1)
    await runtime.aclose()
    assert failure(await asyncio.wait_for(testing, 5)).message == "the runtime was closed during the call"


@action(title="Own")
async def own(context: Context, input: SendInput) -> SendOutput:
    """Make requests of its own, without an end."""
    context.report("begun")
    await asyncio.Event().wait()
    raise AssertionError


def test_a_handler_that_makes_its_own_requests_ends_with_its_runtime() -> None:
    runtime = Runtime(plugins=[plugin(own, auth_schemes=())])
    begun = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        called = threads.submit(lambda: runtime.call_sync("tiny", "own", {}, on_progress=lambda _: begun.set()))
        assert begun.wait(PATIENCE)
        runtime.close()
        error = failure(called.result(5))
    # What it has done is not known.
    assert error.code is ErrorCode.OUTCOME_UNKNOWN
    assert "the runtime was closed, so it may have been carried out" in error.message


def test_closing_from_a_progress_listener(server: ScriptedServer) -> None:
    runtime = Runtime(plugins=[plugin(own, auth_schemes=())])
    result = runtime.call_sync("tiny", "own", {}, on_progress=lambda _: runtime.close())
    assert "the runtime was closed" in failure(result).message


# Waits that end: whatever blocks the thread of synchronous calls, a caller gets an answer.


@action(title="Block", read_only=True, extra_timeout=lambda asked: asked.wait)
async def block(context: Context, input: SendInput) -> SendOutput:
    """Hold the event loop, as a careless handler does."""
    _blocked.wait(PATIENCE)
    return SendOutput(success=True)


@action(title="Block change")
async def block_change(context: Context, input: SendInput) -> SendOutput:
    """The same, in an action that changes something."""
    _blocked.wait(PATIENCE)
    return SendOutput(success=True)


_blocked = threading.Event()


@pytest.fixture
def _blocking() -> Iterator[None]:
    _blocked.clear()
    yield
    _blocked.set()


@pytest.mark.usefixtures("_blocking")
@pytest.mark.parametrize(("name", "code"), [("block", ErrorCode.TIMEOUT), ("block_change", ErrorCode.OUTCOME_UNKNOWN)])
def test_a_blocked_thread_does_not_hold_its_callers(name: str, code: ErrorCode) -> None:
    runtime = Runtime(plugins=[plugin(block, block_change, auth_schemes=())])
    begun = time.monotonic()
    result = runtime.call_sync("tiny", name, {}, timeout=0.2)
    check(runtime, name, result)
    assert failure(result).code is code
    # So do others that wait behind it, and the end of the runtime.
    assert failure(runtime.call_sync("tiny", "block", {}, timeout=0.1)).code is ErrorCode.TIMEOUT
    assert not runtime.test_credential_sync("tiny", timeout=0.1).success
    runtime.close()
    assert time.monotonic() - begun < 15


@pytest.mark.usefixtures("_blocking")
def test_the_wait_is_as_long_as_the_input_asks() -> None:
    runtime = Runtime(plugins=[plugin(block, auth_schemes=())])
    threading.Timer(3.0, _blocked.set).start()
    # Longer than the timeout and what is allowed beyond it, but not than what the input adds to it.
    result = runtime.call_sync("tiny", "block", {"wait": 20}, timeout=0.1)
    assert result.success
    runtime.close()


def test_a_synchronous_call_on_its_own_thread_is_refused() -> None:
    refused: list[Exception] = []

    def listener(_: object) -> None:
        for ask in (runtime.test_credential_sync, lambda name: runtime.call_sync(name, "own", {})):
            try:
                ask("tiny")
            except RuntimeUsageError as error:
                refused.append(error)

    with Runtime(plugins=[plugin(own, auth_schemes=())]) as runtime:
        result = runtime.call_sync("tiny", "own", {}, timeout=0.1, on_progress=listener)
    assert failure(result).code is ErrorCode.OUTCOME_UNKNOWN
    assert len(refused) == 2
    assert all("another thread" in str(error) for error in refused)


def test_an_interrupt_in_a_listener_reaches_the_caller_and_the_thread_goes_on(server: ScriptedServer) -> None:
    def listener(_: object) -> None:
        raise KeyboardInterrupt

    server.script(OK)
    with Runtime(plugins=[plugin(own, fetch)]) as runtime:
        with pytest.raises(KeyboardInterrupt):
            runtime.call_sync("tiny", "own", {}, credential=credential_for(server), on_progress=listener)
        assert _call_sync(runtime, server).success


@action(title="Cancel all")
async def cancel_all(context: Context, input: SendInput) -> SendOutput:
    """Cancel every task of the loop, as a careless handler does to clean up."""
    for task in asyncio.all_tasks():
        task.cancel()
    await asyncio.Event().wait()
    raise AssertionError


def test_a_handler_that_cancels_every_task_ends_its_own_call_and_no_later_one(server: ScriptedServer) -> None:
    server.script(OK)
    with Runtime(plugins=[plugin(cancel_all, fetch)]) as runtime:
        for _ in range(2):
            with pytest.raises(CancelledError):
                runtime.call_sync("tiny", "cancel_all", {}, credential=credential_for(server))
            assert _call_sync(runtime, server).success
    # On one connection: the thread has not ended in between.
    assert server.connections == 1


def test_without_a_thread_there_is_an_answer(server: ScriptedServer) -> None:
    server.script(OK)
    with Runtime(plugins=[plugin()]) as runtime:
        # A stack for which no machine has room.
        before = threading.stack_size(2**50)
        try:
            refused = failure(_call_sync(runtime, server))
        finally:
            threading.stack_size(before)
        assert refused.code is ErrorCode.CONNECTION_FAILED
        assert "no event loop can be started: no thread can be started" in refused.message
        # Once there is room again, it works.
        assert _call_sync(runtime, server).success


def test_a_runtime_calls_after_another_was_closed(transport: TransportName) -> None:
    # The thread of the first one's calls has ended by then, and with it whatever a library keeps for a thread.
    done = run_program(f"""
from modulex_mem0.runtime import Runtime, RuntimeSettings
for _ in range(3):
    with Runtime(RuntimeSettings(transport={transport!r})) as runtime:
        credential = {{"api_key": "m0-0123456789", "base_url": "http://127.0.0.1:1"}}
        question = {{"user_id": "alice", "query": "food"}}
        result = runtime.call_sync("mem0", "search_memories", question, credential=credential, timeout=2)
        print(result.error.code, flush=True)
""")
    assert (done.returncode, done.stdout.split()) == (0, ["connection_failed"] * 3), done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the open files of a process")
def test_without_descriptors_there_is_an_answer() -> None:
    program = """
import resource
from modulex_mem0.runtime import Runtime
runtime = Runtime()
def call():
    credential = {"api_key": "m0-0123456789", "base_url": "http://127.0.0.1:1"}
    question = {"user_id": "alice", "query": "food"}
    result = runtime.call_sync("mem0", "search_memories", question, credential=credential, timeout=2)
    print(result.error.line)
call()
runtime = Runtime()
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
call()
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
call()
"""
    done = run_program(program)
    before, without, after = done.stdout.splitlines()
    assert "no event loop can be started" in without
    # Once there are some again, it works.
    assert before == after
    assert before.startswith("connection_failed: ")


LATE = """
import asyncio, atexit, sys
from modulex_mem0.runtime import Runtime
runtime = Runtime()
def call():
    credential = {"api_key": "m0-0123456789", "base_url": "http://127.0.0.1:1"}
    question = {"user_id": "alice", "query": "food"}
    try:
        result = runtime.call_sync("mem0", "search_memories", question, credential=credential, timeout=20)
    except Exception as error:
        print(type(error).__name__, flush=True)
    else:
        print(result.error.code, flush=True)
class Late:
    def __del__(self, call=call, print=print):
        call()
"""


@pytest.mark.parametrize(
    ("end", "printed"),
    [
        ("call(); late = Late()", ["connection_failed", "RuntimeClosedError"]),
        ("late = Late()", ["RuntimeClosedError"]),
        ("call(); runtime.close(); late = Late()", ["connection_failed", "RuntimeClosedError"]),
        # In Python 3.12 no thread can be started by then.
        ("atexit.register(call)", ["RuntimeClosedError" if sys.version_info[:2] == (3, 12) else "connection_failed"]),
        ("call(); atexit.register(call)", ["connection_failed", "connection_failed"]),
        ("call(); atexit.register(runtime.close)", ["connection_failed"]),
        ("call(); atexit.register(lambda: print(asyncio.run(runtime.aclose())))", ["connection_failed", "None"]),
    ],
)
def test_a_call_at_the_end_of_the_interpreter_ends(end: str, printed: list[str]) -> None:
    done = run_program(LATE + end)
    assert (done.returncode, done.stdout.split()) == (0, printed), done.stderr


def test_a_call_before_the_runtime_was_imported_comes_too_late() -> None:
    # Exit functions run in the opposite order, so the runtimes are closed by then.
    done = run_program("import atexit\natexit.register(lambda: bool(Late()))\n" + LATE + "call()\n")
    assert (done.returncode, done.stdout.split()) == (0, ["connection_failed", "RuntimeClosedError"]), done.stderr


# Runtimes that nobody closes.


def test_forgotten_runtimes_leave_no_threads_and_no_descriptors(
    server: ScriptedServer, transport: TransportName
) -> None:
    if not os.path.isdir("/proc/self/fd"):  # noqa: PTH112 - a path of the system
        pytest.skip("this system does not list a process's descriptors")
    server.script(OK)
    gc.collect()
    descriptors, threads = _descriptors(), set(threading.enumerate())
    for _ in range(60):
        runtime = Runtime(RuntimeSettings(transport=transport), plugins=[plugin()])
        assert _call_sync(runtime, server).success
        del runtime
    gc.collect()
    for thread in set(threading.enumerate()) - threads:
        if thread.name == "modulex-mem0 sync calls":
            thread.join(PATIENCE)
            assert not thread.is_alive()
    # The server closes its ends as soon as it sees ours closed.
    _wait_until(lambda: len(_descriptors() - descriptors) < 5)


@pytest.mark.parametrize(
    "use",
    [
        "ask()",
        "asyncio.run(main())",
        "ask(); asyncio.run(main())",
        "ask(); runtime.close()",
        "asyncio.run(main()); del runtime; gc.collect()",
        "ask(); del runtime; gc.collect(); time.sleep(0.2)",
        "keep = [ask for runtime in ()]; ask(); sys.exit(0)",
    ],
)
def test_a_program_that_closes_nothing_warns_of_nothing(
    server: ScriptedServer, transport: TransportName, use: str
) -> None:
    program = f"""
import asyncio, gc, sys, time
from modulex_mem0.runtime import Runtime, RuntimeSettings
runtime = Runtime(RuntimeSettings(transport={transport!r}))
credential = {{"api_key": "m0-0123456789", "base_url": {server.url!r}}}
asked = ("mem0", "search_memories", {{"user_id": "alice", "query": "food"}})
def ask():
    assert runtime.call_sync(*asked, credential=credential).success
async def main():
    assert (await runtime.call(*asked, credential=credential)).success
{use}
"""
    server.script(json_reply({"results": []}))
    done = run_program(program, "-X", "dev", "-W", "error::ResourceWarning")
    # Importing the HTTP library in the first call takes long enough for asyncio's debug mode to say so.
    warnings = [line for line in done.stderr.splitlines() if not line.startswith("Executing <Task")]
    assert (done.returncode, warnings) == (0, [])


def test_an_exit_with_a_call_in_flight_does_not_wait_for_it(server: ScriptedServer) -> None:
    program = f"""
import sys, threading
from modulex_mem0.runtime import Runtime
runtime = Runtime()
def ask():
    runtime.call_sync("mem0", "search_memories", {{"user_id": "alice", "query": "food"}},
                      credential={{"api_key": "m0-0123456789", "base_url": {server.url!r}}}, timeout=600)
threading.Thread(target=ask, daemon=True).start()
sys.stdin.read()
"""
    server.script(hang)
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        server.wait_for_requests(1)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")


def _call_sync(runtime: Runtime, server: ScriptedServer, name: str = "fetch") -> Result:
    result = runtime.call_sync("tiny", name, {}, credential=credential_for(server))
    check(runtime, name, result)
    return result


def _descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a path of the system


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
