"""Calls of handlers that break the rules, and of handlers that make their own requests: the host survives both.

What the integration's own code does wrong is reported as its defect.
"""

import asyncio
import logging
import math
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from modulex_mem0.contract import (
    Action,
    ActionError,
    ActionInput,
    ActionOutput,
    Context,
    ErrorCode,
    Hints,
    action,
)
from modulex_mem0.runtime import Result, Runtime, RuntimeSettings
from modulex_mem0.runtime.settings import LARGE_BODY
from tests.helpers.calls import call, check, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import drip, hang, json_reply, reply, reset
from tests.helpers.tiny_integration import KEY, SendInput, SendOutput, fetch, plugin, scheme

Handler = Callable[[Context, SendInput], Awaitable[Any]]


def _action(handler: Handler, **changes: Any) -> Action[Any, Any]:
    declared: dict[str, Any] = {
        "name": "hostile",
        "title": "Hostile",
        "description": "Breaks the rules.",
        "input": SendInput,
        "output": SendOutput,
        "handler": handler,
    }
    return Action(**(declared | changes))


async def _run(handler: Handler, server: ScriptedServer | None = None, **changes: Any) -> Result:
    async with Runtime(RuntimeSettings(retry_wait=0.001), plugins=[plugin(_action(handler, **changes))]) as runtime:
        return await call(runtime, "hostile", server=server, timeout=0.3)


def _raising(error: BaseException) -> Handler:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        raise error

    return handler


def _returning(value: Any) -> Handler:
    async def handler(context: Context, input: SendInput) -> Any:
        return value

    return handler


class _UnprintableError(Exception):
    def __str__(self) -> str:
        raise ValueError


def _validation_error() -> ValidationError:
    try:
        SendInput.model_validate({"path": 7})
    except ValidationError as error:
        return error
    raise AssertionError


RAISED = [
    ValueError("no"),
    KeyError("id"),
    SystemExit(3),
    asyncio.CancelledError(),
    TimeoutError(),
    AssertionError(),
    StopAsyncIteration(),
    MemoryError(),
    ExceptionGroup("two", [ValueError(), TypeError()]),
    _UnprintableError(),
    _validation_error(),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_an_exception_of_a_handler_is_a_defect(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    reported = failure(await _run(_raising(error)))
    assert (reported.code, reported.retryable) == (ErrorCode.INTERNAL, False)
    # The log has the reason.
    assert [(record.levelno, "hostile" in record.getMessage()) for record in caplog.records] == [(logging.ERROR, True)]


class _Other(BaseModel):
    success: bool = True


RETURNED = {
    "nothing": None,
    "text": "done",
    "list": [SendOutput(success=True)],
    "another model": _Other(),
    "the class": SendOutput,
    "not validated": SendOutput.model_construct(success="perhaps"),  # type: ignore[arg-type]
    "nearly a truth": SendOutput.model_construct(success="yes"),  # type: ignore[arg-type]
    "nearly a number": SendOutput.model_construct(success=True, status="7"),  # type: ignore[arg-type]
    "nothing set": SendOutput.model_construct(),  # type: ignore[call-arg]
    "wrong nested value": SendOutput.model_construct(success=True, value=object()),  # type: ignore[arg-type]
    "wrong field type": SendOutput.model_construct(success=True, status="many"),  # type: ignore[arg-type]
    "unknown field": {"success": True, "surprise": 1},
    "no success": {"status": 200},
    "coroutine function": test_an_exception_of_a_handler_is_a_defect,
}


@pytest.mark.parametrize("kind", RETURNED)
async def test_an_output_that_does_not_fit_is_a_defect(kind: str) -> None:
    assert failure(await _run(_returning(RETURNED[kind]))).code is ErrorCode.INTERNAL


async def test_an_output_changed_after_its_validation_is_checked() -> None:
    output = SendOutput(success=True)
    output.status = "many"  # type: ignore[assignment]
    assert failure(await _run(_returning(output))).code is ErrorCode.INTERNAL


class _Limited(SendOutput):
    """An output with a limit beyond its type."""

    count: int = Field(default=1, ge=1)


async def test_a_limit_of_the_output_is_checked_too() -> None:
    for output in (_Limited.model_construct(success=True, count=0), {"success": True, "count": 0}):
        assert failure(await _run(_returning(output), output=_Limited)).code is ErrorCode.INTERNAL


class _Polite(SendOutput):
    """An output with a rule that its schema cannot say."""

    @field_validator("header")
    @classmethod
    def _is_polite(cls, header: str | None) -> str | None:
        if header is not None and "please" not in header:
            raise ValueError
        return header


async def test_a_rule_of_the_output_that_its_schema_cannot_say_is_checked_too() -> None:
    rude, polite = (_Polite.model_construct(success=True, header=text) for text in ("now", "now, please"))
    assert failure(await _run(_returning(rude), output=_Polite)).code is ErrorCode.INTERNAL
    assert (await _run(_returning(polite), output=_Polite)).output["header"] == "now, please"


class _Short(SendOutput):
    """An output whose schema says more than its model checks."""

    code: str = Field(default="", json_schema_extra={"maxLength": 3})


async def test_an_output_that_only_its_schema_refuses_is_a_defect() -> None:
    pytest.importorskip("jsonschema_rs", reason="the extra `fast` is not installed")
    assert failure(await _run(_returning(_Short(success=True, code="long")), output=_Short)).code is ErrorCode.INTERNAL
    assert (await _run(_returning(_Short(success=True, code="abc")), output=_Short)).output["code"] == "abc"


@pytest.mark.parametrize("kind", RETURNED)
async def test_an_output_is_checked_without_the_extra_fast_too(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    assert failure(await _run(_returning(RETURNED[kind]))).code is ErrorCode.INTERNAL
    # The one has plain fields alone, and the other has not.
    for model, fields in ((Found, {"text": "a", "parts": {"a": [1]}}), (_Limited, {"value": {"a": [1]}, "count": 2})):
        output = (await _run(_returning(model(success=True, **fields)), output=model)).output
        assert fields.items() <= output.items()


class _Scored(SendOutput):
    score: float = 0.0


@pytest.mark.parametrize("fast", [True, False])
async def test_a_number_that_json_does_not_have_never_leaves(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fast:
        monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    for returned in (_Scored.model_construct(success=True, score=math.nan), {"success": True, "score": math.inf}):
        assert failure(await _run(_returning(returned), output=_Scored)).code is ErrorCode.INTERNAL
    # Where the model allows anything, it is a null.
    output = (await _run(_returning(Found(success=True, parts={"a": [math.nan]})), output=Found)).output
    assert output["parts"] == {"a": [None]}


async def test_a_dict_that_fits_is_as_good_as_the_model() -> None:
    result = await _run(_returning({"success": True, "status": 200}))
    assert result.output == {"success": True, "error": None, "status": 200, "value": None, "header": None}


async def test_a_handler_that_recurses_without_end_is_a_defect() -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        return await handler(context, input)

    assert failure(await _run(handler)).code is ErrorCode.INTERNAL


async def test_a_handler_that_hangs_is_ended() -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        await asyncio.Event().wait()
        raise AssertionError

    error = failure(await _run(handler))
    assert error.code is ErrorCode.TIMEOUT
    assert "calling it again does no harm" in error.message


async def test_a_handler_sees_the_timeout_before_it_is_stopped(server: ScriptedServer) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        try:
            await context.http.send("GET", "/")
        except ActionError as error:
            return SendOutput(success=True, header=error.code)
        raise AssertionError

    for never_ending in (hang, drip):
        server.script(never_ending)
        assert (await _run(handler, server)).output["header"] == "timeout"


async def test_a_handler_may_return_a_failure() -> None:
    output = SendOutput(success=False, error="not_found: no such thing", status=7)
    result = await _run(_returning(output))
    assert failure(result).code is ErrorCode.NOT_FOUND
    assert (result.output["error"], result.output["status"]) == ("not_found: no such thing", 7)


@pytest.mark.parametrize("text", [None, "", "it broke", "odd_code: it broke", "two\nlines", "x" * 2000])
async def test_a_returned_failure_without_a_code_gets_one(text: str | None) -> None:
    assert failure(await _run(_returning(SendOutput(success=False, error=text)))).code is ErrorCode.SERVICE_ERROR


@pytest.mark.parametrize(
    "known", [{"status": 7}, {"status": "many"}, {"surprise": 1}, {"success": True, "error": None}, [1], "text", 3]
)
async def test_partial_output_is_kept_where_it_fits(known: Any) -> None:
    result = await _run(_raising(ActionError(ErrorCode.EVENT_FAILED, "why", partial_output=known)))
    fits = known == {"status": 7}
    assert failure(result).code in ({ErrorCode.EVENT_FAILED} if isinstance(known, dict) else set(ErrorCode))
    assert result.output["status"] == (7 if fits else None)


@pytest.mark.parametrize(
    "parts",
    [{"message": None}, {"message": b"x"}, {"retry_after": "soon"}, {"http_status": "x"}, {"message": "\x00\n"}],
)
async def test_an_error_with_odd_parts_is_still_an_answer(parts: dict[str, Any]) -> None:
    error = ActionError(ErrorCode.NOT_FOUND, **({"message": "gone"} | parts))
    assert failure(await _run(_raising(error))).code in (ErrorCode.NOT_FOUND, ErrorCode.INTERNAL)


async def test_a_code_given_as_text_is_the_code() -> None:
    error = ActionError("not_found", "gone")  # type: ignore[arg-type]
    assert failure(await _run(_raising(error))).code is ErrorCode.NOT_FOUND


async def test_a_progress_listener_that_raises_does_not_end_the_call() -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        context.report("half", done=1, total=2)
        return SendOutput(success=True)

    seen: list[object] = []

    def listener(progress: object) -> None:
        seen.append(progress)
        raise ValueError

    async with Runtime(plugins=[plugin(_action(handler), auth_schemes=())]) as runtime:
        result = await runtime.call("tiny", "hostile", {}, on_progress=listener)
    assert result.success
    assert len(seen) == 1


@pytest.mark.parametrize("ending", [hang, reset, reply(503), reply(429, headers={"retry-after": "60"})])
async def test_a_failure_after_a_change_is_not_retryable(server: ScriptedServer, ending: Any) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        (await context.http.send("POST", "/change/")).require_success()
        (await context.http.send("GET", "/state/")).require_success()
        return SendOutput(success=True)

    server.script(json_reply({}), ending)
    error = failure(await _run(handler, server))
    assert error.retryable is False
    assert error.code not in (ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED)
    if error.code is ErrorCode.OUTCOME_UNKNOWN:
        assert "look before you repeat the call" in error.message
    assert [request.method for request in server.requests].count("POST") == 1


async def test_hanging_after_a_change_leaves_the_outcome_unknown(server: ScriptedServer) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        (await context.http.send("POST", "/change/")).require_success()
        await asyncio.Event().wait()
        raise AssertionError

    server.script(json_reply({}))
    error = failure(await _run(handler, server))
    assert (error.code, error.retryable) == (ErrorCode.OUTCOME_UNKNOWN, False)
    assert "it may have been carried out" in error.message


async def test_a_change_in_flight_is_remembered_while_other_requests_end(server: ScriptedServer) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        change = asyncio.create_task(context.http.send("POST", "/change/"))
        await asyncio.to_thread(server.wait_for_requests, 1)
        (await context.http.send("GET", "/state/")).require_success()
        change.cancel()
        await asyncio.wait([change])
        raise ActionError(ErrorCode.TIMEOUT, "gave up")

    server.script(hang, json_reply({}))
    error = failure(await _run(handler, server))
    assert (error.code, error.retryable) == (ErrorCode.OUTCOME_UNKNOWN, False)


async def test_a_change_that_was_refused_is_no_change(server: ScriptedServer) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        await context.http.send("POST", "/change/")
        raise ActionError(ErrorCode.TIMEOUT, "gave up")

    server.script(reply(400))
    error = failure(await _run(handler, server))
    assert (error.code, error.retryable) == (ErrorCode.TIMEOUT, True)


async def test_a_call_that_is_cancelled_after_its_handler_has_ended_is_cancelled(server: ScriptedServer) -> None:
    async def handler(context: Context, input: SendInput) -> SendOutput:
        await context.http.send("GET", "/")
        # A turn later the handler has ended, and its call lets others have a turn before it checks the output.
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: loop.call_soon(called.cancel))
        return SendOutput(success=True)

    server.script(json_reply("x" * LARGE_BODY))
    called = asyncio.create_task(_run(handler, server))
    with pytest.raises(asyncio.CancelledError):
        await called


@pytest.mark.parametrize("hints", [Hints(), Hints(read_only=True)])
async def test_the_host_goes_on_after_a_defect(server: ScriptedServer, hints: Hints) -> None:
    server.script(json_reply({}))
    hostile = _action(_raising(SystemExit()), hints=hints)
    async with Runtime(plugins=[plugin(hostile, fetch)]) as runtime:
        assert not (await call(runtime, "hostile", server=server)).success
        assert (await call(runtime, "fetch", server=server)).success


# Handlers that make their own requests: the runtime carries none of them, and its guarantees hold nevertheless.

NO_BASE_URL = scheme(base_url=None, headers={}, connection_test=None)


class NoInput(ActionInput):
    """No parameters."""


class Found(ActionOutput):
    """The answer of a handler that makes its own requests."""

    text: str | None = None
    parts: dict[str, Any] = Field(default_factory=dict)


class NoParts(ActionOutput):
    """An object that a handler may put into its output."""


@action(title="Echo")
async def echo(context: Context, input: NoInput) -> Found:
    """Answer as a service does that sends the key back."""
    return Found(success=True, text=f"key {KEY}", parts={"list": [{KEY: [KEY, 1, None]}]})


@action(title="Fail")
async def fail_by_output(context: Context, input: NoInput) -> Found:
    """Say that it failed, with the key in every place."""
    return Found(success=False, error=f"API error (401): {KEY}", text=KEY)


@action(title="Refuse")
async def refuse(context: Context, input: NoInput) -> Found:
    """Raise with the key in every place."""
    known = {"text": KEY, "parts": {"pair": (KEY, KEY), "model": NoParts(error=KEY, success=False), KEY: {KEY}}}
    raise ActionError(ErrorCode.FORBIDDEN, f"not with {KEY}", partial_output=known)


@action(title="Log")
async def log(context: Context, input: NoInput) -> Found:
    """Make a library log a URL with the key in it, as it is and as a URL has it."""
    logging.getLogger("httpx").info("HTTP Request: GET https://service.test/?key=%s", KEY)
    return Found(success=True)


@action(title="Look")
async def look(context: Context, input: NoInput) -> Found:
    """Return the scheme that was chosen."""
    return Found(success=True, text=context.scheme.type if context.scheme else None)


@action(title="Hang changing")
async def hang_changing(context: Context, input: NoInput) -> Found:
    """Never end."""
    await asyncio.sleep(60)
    return Found(success=True)


@action(title="Hang reading", read_only=True)
async def hang_reading(context: Context, input: NoInput) -> Found:
    """Never end, and change nothing."""
    await asyncio.sleep(60)
    return Found(success=True)


@action(title="Ask")
async def ask(context: Context, input: NoInput) -> Found:
    """Use the client, which has no service."""
    await context.http.send("GET", "/")
    return Found(success=True)


OWN_REQUESTS: tuple[Action[Any, Any], ...] = (echo, fail_by_output, refuse, log, look, hang_changing, hang_reading, ask)


async def _call_own(name: str, timeout: float = 5) -> Result:
    async with Runtime(RuntimeSettings(), plugins=[plugin(*OWN_REQUESTS, auth_schemes=(NO_BASE_URL,))]) as runtime:
        result = await runtime.call("tiny", name, {}, credential={"api_key": KEY}, timeout=timeout)
        check(runtime, name, result)
        assert KEY not in str(result)
        return result


async def test_the_key_stays_out_of_the_output() -> None:
    result = await _call_own("echo")
    assert result.output["text"] == "key **********"
    assert result.output["parts"] == {"list": [{"**********": ["**********", 1, None]}]}


async def test_the_key_stays_out_of_a_failure_and_of_what_is_known() -> None:
    result = await _call_own("fail_by_output")
    assert failure(result).message == "API error (401): **********"
    assert result.output["text"] == "**********"
    result = await _call_own("refuse")
    assert failure(result).message == "not with **********"
    assert result.output["text"] == "**********"


async def test_the_key_stays_out_of_what_the_http_library_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert (await _call_own("log")).success
    assert "https://service.test/?key=**********" in caplog.text
    assert KEY not in caplog.text


async def test_a_handler_sees_the_scheme() -> None:
    assert (await _call_own("look")).output["text"] == "api_key"


async def test_what_a_handler_that_was_stopped_has_changed_is_not_known() -> None:
    assert failure(await _call_own("hang_changing", timeout=0.01)).code is ErrorCode.OUTCOME_UNKNOWN
    assert failure(await _call_own("hang_reading", timeout=0.01)).code is ErrorCode.TIMEOUT


async def test_the_client_refuses_to_send() -> None:
    error = failure(await _call_own("ask"))
    assert error.code is ErrorCode.INTERNAL
    assert "no base URL" in error.message
