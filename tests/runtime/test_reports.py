"""What a person reads: the address that did not answer, the wait before another attempt, a limit without a limit."""

import socket
from dataclasses import replace
from typing import Any

import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Progress, Runtime, RuntimeSettings, TransportName
from tests.helpers.calls import call, credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply, reset
from tests.helpers.tiny_integration import KEY, plugin, scheme


async def _heard(runtime: Runtime, server: ScriptedServer) -> list[str]:
    heard: list[Progress] = []
    result = await runtime.call(
        "tiny", "fetch", {}, credential=credential_for(server), on_progress=heard.append, timeout=10
    )
    assert result.success
    return [progress.message for progress in heard]


async def test_a_retry_that_waits_reports_it(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(reply(429, headers={"retry-after": "1"}), json_reply({}))
    assert await _heard(runtime, server) == ["rate limited, retrying in 1 s"]


@pytest.mark.parametrize(
    ("step", "reason"), [(reply(503), "the service failed (HTTP 503)"), (reset, "connection failed")]
)
async def test_the_report_has_the_reason(runtime: Runtime, server: ScriptedServer, step: Any, reason: str) -> None:
    server.script(step, step, json_reply({}))
    messages = await _heard(runtime, server)
    assert len(messages) == 2
    assert all(message.startswith(f"{reason}, retrying in 0.0") for message in messages)


async def test_what_is_reported_shows_no_secret(runtime: Runtime, server: ScriptedServer) -> None:
    heard: list[Progress] = []
    server.script(reply(429, headers={"retry-after": "0"}), json_reply({}))
    await runtime.call("tiny", "fetch", {}, credential=credential_for(server), on_progress=heard.append)
    assert heard
    assert KEY not in str(heard)


async def test_a_failed_connection_names_the_address(runtime: Runtime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {"api_key": KEY, "base_url": f"http://127.0.0.1:{port}/under/a/path"}
    for result in (
        await runtime.call("tiny", "fetch", {}, credential=given),
        await runtime.call("tiny", "change", {}, credential=given),
        await runtime.test_credential("tiny", credential=given),
    ):
        error = failure(result)
        assert error.code is ErrorCode.CONNECTION_FAILED
        assert f"the service at 127.0.0.1:{port}" in error.message
        assert "under" not in error.message
        assert KEY not in error.message


async def test_an_address_that_holds_the_key_is_named_without_it(
    quick: RuntimeSettings, transport: TransportName
) -> None:
    declared = scheme(base_url="https://{api_key}.tiny.invalid", connection_test=None, headers={})
    settings = replace(quick, transport=transport)
    async with Runtime(settings, plugins=[plugin(auth_schemes=(declared,))]) as runtime:
        error = failure(await call(runtime, "fetch"))
    assert "the service at **********.tiny.invalid" in error.message
    assert KEY not in error.message


@pytest.mark.parametrize("timeout", [10**400, float("inf"), 1e300, 10**12])
async def test_a_deadline_beyond_all_limits_is_none(runtime: Runtime, server: ScriptedServer, timeout: float) -> None:
    server.script(json_reply({}))
    assert (await call(runtime, "fetch", server=server, timeout=timeout)).success


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", b"5", True, [], -(10**400)])
async def test_a_deadline_that_is_none_is_refused(runtime: Runtime, timeout: Any) -> None:
    error = failure(await call(runtime, "fetch", timeout=timeout))
    assert error.line == "invalid_input: timeout: must be a number of seconds greater than 0"
