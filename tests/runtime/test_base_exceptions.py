"""What foreign code raises that is no `Exception`: it ends neither the host nor the other integrations.

A Rust extension's panic, pytest's `Skipped`, SystemExit and a group with any of these are such. Only an interrupt and
the caller's own cancellation pass.
"""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from modulex_mem0.contract import (
    Action,
    ActionInput,
    Context,
    ErrorCode,
    Integration,
    LazyIntegration,
    action,
    hookimpl,
)
from modulex_mem0.runtime import BrokenIntegrationError, Result, Runtime, UnknownIntegrationError, discover
from tests.helpers.calls import call, check, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import KEY, Plugin, SendInput, SendOutput, fetch, plugin, profile


class PanicException(BaseException):
    """As a Rust extension raises it."""


class Unprintable(BaseException):
    def __str__(self) -> str:
        raise PanicException


def _raised() -> list[BaseException]:
    return [
        PanicException("rust panicked"),
        BaseExceptionGroup("several", [PanicException("one"), ValueError("two")]),
        BaseExceptionGroup("nested", [BaseExceptionGroup("inner", [SystemExit(1)])]),
        pytest.skip.Exception("not today"),
        SystemExit(2),
        GeneratorExit(),
        asyncio.CancelledError("by itself"),
        Unprintable(),
    ]


RAISED = pytest.mark.parametrize("error", _raised(), ids=lambda error: f"{type(error).__name__}")


def _raising(error: BaseException) -> Callable[..., Any]:
    def function(*_arguments: object) -> Any:
        raise error

    return function


def _action(handler: Any, **changes: Any) -> Action[Any, Any]:
    declared: dict[str, Any] = {
        "name": "hostile",
        "title": "Hostile",
        "description": "Breaks the rules.",
        "input": SendInput,
        "output": SendOutput,
        "handler": handler,
    }
    return Action(**(declared | changes))


@RAISED
async def test_raised_by_a_handler_it_is_a_defect(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        raise error

    async with Runtime(plugins=[plugin(_action(handler), auth_schemes=())]) as runtime:
        reported = failure(await call(runtime, "hostile"))
        assert (reported.code, reported.retryable) == (ErrorCode.INTERNAL, False)
        result = await asyncio.to_thread(runtime.call_sync, "tiny", "hostile", {})
        check(runtime, "hostile", result)
        assert failure(result).code is ErrorCode.INTERNAL
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


async def test_raised_by_a_task_of_a_handler_it_is_a_defect() -> None:
    async def panic() -> None:
        raise PanicException

    async def handler(context: Context, input: SendInput) -> SendOutput:
        async with asyncio.TaskGroup() as group:
            group.create_task(panic())
        raise AssertionError

    async with Runtime(plugins=[plugin(_action(handler), auth_schemes=())]) as runtime:
        assert failure(await call(runtime, "hostile")).code is ErrorCode.INTERNAL


@RAISED
async def test_raised_in_the_check_of_an_input_it_is_a_defect(error: BaseException) -> None:
    class Input(ActionInput):
        @classmethod
        def seconds(cls, _input: object) -> float:
            raise error

    async def handler(context: Context, input: Input) -> SendOutput:
        return SendOutput(success=True)

    hostile = _action(handler, input=Input, extra_timeout=Input.seconds)
    async with Runtime(plugins=[plugin(hostile, auth_schemes=())]) as runtime:
        assert failure(await call(runtime, "hostile")).code is ErrorCode.INTERNAL


@RAISED
def test_raised_by_a_hook_it_affects_no_other_plugin(error: BaseException) -> None:
    class Bad:
        modulex_integrations = hookimpl(_raising(error), specname="modulex_integrations")

    registry = discover([Bad(), plugin(name="good")])
    assert {"mem0", "good"} <= set(registry)
    (reported,) = registry.failures
    assert (reported.name, type(error).__name__ in reported.reason) == ("Bad", True)


class _LazyPlugin:
    def __init__(self, *integrations: LazyIntegration) -> None:
        self._integrations = integrations

    @hookimpl
    def modulex_integrations(self) -> Iterable[LazyIntegration]:
        return self._integrations


@RAISED
async def test_raised_when_an_integration_is_loaded_it_is_the_reason(error: BaseException) -> None:
    lazy = _LazyPlugin(LazyIntegration(name="late", load=_raising(error)))
    broken = Plugin(Integration(profile("broken"), _raising(error)))
    async with Runtime(plugins=[lazy, broken]) as runtime:
        for _ in range(2):
            with pytest.raises(UnknownIntegrationError, match=f"failed to load: {type(error).__name__}"):
                await runtime.call("late", "any", {})
            with pytest.raises(BrokenIntegrationError, match=f"{type(error).__name__}"):
                await runtime.call("broken", "any", {})
            with pytest.raises(BrokenIntegrationError):
                runtime.call_sync("broken", "any", {})


@RAISED
async def test_raised_by_a_progress_listener_it_does_not_end_the_call(error: BaseException) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        context.report("half", done=1, total=2)
        return SendOutput(success=True)

    async with Runtime(plugins=[plugin(_action(handler), auth_schemes=())]) as runtime:
        assert (await runtime.call("tiny", "hostile", {}, on_progress=_raising(error))).success
        sync = await asyncio.to_thread(runtime.call_sync, "tiny", "hostile", {}, on_progress=_raising(error))
        assert sync.success


@pytest.mark.parametrize(
    "interrupt", [KeyboardInterrupt(), BaseExceptionGroup("g", [ValueError(), KeyboardInterrupt()])], ids=repr
)
def test_an_interrupt_passes(interrupt: BaseException, server: ScriptedServer) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        raise interrupt

    server.script(json_reply({}))
    hostile = _action(handler)
    runtime = Runtime(plugins=[plugin(hostile, fetch)])
    with pytest.raises(KeyboardInterrupt):
        runtime.call_sync("tiny", "hostile", {}, credential={"api_key": KEY})
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(runtime.call("tiny", "hostile", {}, credential={"api_key": KEY}))
    # The thread of synchronous calls has not ended with it.
    result = runtime.call_sync("tiny", "fetch", {}, credential={"api_key": KEY, "base_url": server.url})
    assert result.success
    runtime.close()
    with pytest.raises(KeyboardInterrupt):
        discover([_LazyPlugin(), type("Bad", (), {"modulex_integrations": hookimpl(_raising(KeyboardInterrupt()))})()])


async def test_the_callers_own_cancellation_passes() -> None:
    begun = asyncio.Event()

    async def handler(context: Context, input: SendInput) -> SendOutput:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with Runtime(plugins=[plugin(_action(handler), auth_schemes=())]) as runtime:
        for end in ("cancelled", "timed out"):
            begun.clear()
            called = asyncio.create_task(runtime.call("tiny", "hostile", {}))
            await begun.wait()
            if end == "cancelled":
                called.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await called
            else:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(called, 0.01)


# A handler that fails while it is being stopped: asyncio logs what a task raises and nobody reads, secrets included.


@action(title="Stumble", read_only=True)
async def stumble(context: Context, input: SendInput) -> SendOutput:
    """Fail while being stopped, with the key in the message."""
    key: Any = context.credential["api_key"]
    context.report("begun")
    try:
        await asyncio.Event().wait()
    finally:
        raise ConnectionError(f"cannot log out of https://service.test/?key={key.get_secret_value()}")


@pytest.mark.parametrize("end", ["deadline", "cancelled", "closed"])
async def test_a_handler_that_fails_while_it_is_stopped_gives_no_secret_away(
    end: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    begun = asyncio.Event()

    async def begin(runtime: Runtime, timeout: float) -> Result:
        return await runtime.call(
            "tiny", "stumble", {}, credential={"api_key": KEY}, timeout=timeout, on_progress=lambda _: begun.set()
        )

    runtime = Runtime(plugins=[plugin(stumble)])
    called = asyncio.create_task(begin(runtime, 0.01 if end == "deadline" else 60))
    await begun.wait()
    if end == "closed":
        await runtime.aclose()
    if end == "cancelled":
        called.cancel()
        with pytest.raises(asyncio.CancelledError):
            await called
    else:
        assert failure(await called).code in (ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED)
    await runtime.aclose()
    del called, runtime
    gc.collect()
    await asyncio.sleep(0)
    assert KEY not in caplog.text
    assert "never retrieved" not in caplog.text
    if end in ("deadline", "closed"):
        # Its author can still find it.
        assert "https://service.test/?key=**********" in caplog.text


async def test_a_call_that_is_cancelled_in_the_turn_in_which_its_handler_failed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, fail = asyncio.Event(), asyncio.Event()

    async def handler(context: Context, input: SendInput) -> SendOutput:
        begun.set()
        await fail.wait()
        called.cancel()
        raise ConnectionError(KEY)

    async with Runtime(plugins=[plugin(_action(handler))]) as runtime:
        called = asyncio.create_task(runtime.call("tiny", "hostile", {}, credential={"api_key": KEY}))
        await begun.wait()
        fail.set()
        with pytest.raises(asyncio.CancelledError):
            await called
        gc.collect()
    assert KEY not in caplog.text
    assert "never retrieved" not in caplog.text


async def test_a_connection_test_that_panics_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    async def panic(*_arguments: object, **_more: object) -> Any:
        raise PanicException(f"with {KEY}")

    # There is no other way to have a transport panic.
    monkeypatch.setattr("modulex_mem0.runtime.http.ServiceClient.send", panic)
    async with Runtime(plugins=[plugin()]) as runtime:
        result = await runtime.test_credential("tiny", credential={"api_key": KEY})
        assert failure(result).code is ErrorCode.INTERNAL
        assert failure(await call(runtime, "fetch")).code is ErrorCode.INTERNAL
        assert KEY not in str(result)
