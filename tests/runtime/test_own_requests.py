"""Handlers that make their own requests: the runtime carries none of them, and keeps its promises all the same."""

import asyncio
import logging
from typing import Any

import pytest
from pydantic import Field

from modulex_mem0.contract import Action, ActionError, ActionInput, ActionOutput, Context, ErrorCode, action
from modulex_mem0.runtime import Result, Runtime, RuntimeSettings
from tests.helpers.calls import check, failure
from tests.helpers.tiny_integration import KEY, plugin, scheme

SCHEME = scheme(base_url=None, headers={}, connection_test=None)


class Nothing(ActionInput):
    """Nothing."""


class Found(ActionOutput):
    """What a handler found by itself."""

    text: str | None = None
    parts: dict[str, Any] = Field(default_factory=dict)


@action(title="Echo")
async def echo(context: Context, input: Nothing) -> Found:
    """Answer as a service does that sends the key back."""
    return Found(success=True, text=f"key {KEY}", parts={"list": [{KEY: [KEY, 1, None]}]})


@action(title="Fail")
async def fail(context: Context, input: Nothing) -> Found:
    """Say that it failed, with the key in every place."""
    return Found(success=False, error=f"API error (401): {KEY}", text=KEY)


@action(title="Refuse")
async def refuse(context: Context, input: Nothing) -> Found:
    """Raise with the key in every place."""
    raise ActionError(ErrorCode.FORBIDDEN, f"not with {KEY}", partial_output={"text": KEY})


@action(title="Log")
async def log(context: Context, input: Nothing) -> Found:
    """Make a library log a URL with the key in it, as it is and as a URL has it."""
    logging.getLogger("httpx").info("HTTP Request: GET https://service.test/?key=%s", KEY)
    return Found(success=True)


@action(title="Look")
async def look(context: Context, input: Nothing) -> Found:
    """Tell which scheme was chosen."""
    return Found(success=True, text=context.scheme.type if context.scheme else None)


@action(title="Hang")
async def hang(context: Context, input: Nothing) -> Found:
    """Never end."""
    await asyncio.sleep(60)
    return Found(success=True)


@action(title="Hang reading", read_only=True)
async def hang_reading(context: Context, input: Nothing) -> Found:
    """Never end, and change nothing."""
    await asyncio.sleep(60)
    return Found(success=True)


@action(title="Ask")
async def ask(context: Context, input: Nothing) -> Found:
    """Use the client, which leads nowhere."""
    await context.http.send("GET", "/")
    return Found(success=True)


ACTIONS: tuple[Action[Any, Any], ...] = (echo, fail, refuse, log, look, hang, hang_reading, ask)


async def _call(name: str, timeout: float = 5) -> Result:
    async with Runtime(RuntimeSettings(), plugins=[plugin(*ACTIONS, auth_schemes=(SCHEME,))]) as runtime:
        result = await runtime.call("tiny", name, {}, credential={"api_key": KEY}, timeout=timeout)
        check(runtime, name, result)
        assert KEY not in str(result)
        return result


async def test_the_key_stays_out_of_the_output() -> None:
    result = await _call("echo")
    assert result.output["text"] == "key **********"
    assert result.output["parts"] == {"list": [{"**********": ["**********", 1, None]}]}


async def test_the_key_stays_out_of_a_failure_and_of_what_is_known() -> None:
    result = await _call("fail")
    assert failure(result).message == "API error (401): **********"
    assert result.output["text"] == "**********"
    result = await _call("refuse")
    assert failure(result).message == "not with **********"
    assert result.output["text"] == "**********"


async def test_the_key_stays_out_of_what_the_http_library_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert (await _call("log")).success
    assert "https://service.test/?key=**********" in caplog.text
    assert KEY not in caplog.text


async def test_a_handler_is_told_the_scheme() -> None:
    assert (await _call("look")).output["text"] == "api_key"


async def test_what_a_handler_that_was_stopped_has_changed_is_not_known() -> None:
    assert failure(await _call("hang", timeout=0.01)).code is ErrorCode.OUTCOME_UNKNOWN
    assert failure(await _call("hang_reading", timeout=0.01)).code is ErrorCode.TIMEOUT


async def test_its_client_leads_nowhere() -> None:
    error = failure(await _call("ask"))
    assert error.code is ErrorCode.INTERNAL
    assert "no base URL" in error.message
