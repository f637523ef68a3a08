"""A bound integration: the results of `Runtime.call`, with a credential that is resolved once."""

import asyncio

import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import (
    BoundIntegration,
    Runtime,
    RuntimeClosedError,
    UnknownActionError,
    UnknownIntegrationError,
)
from tests.helpers.calls import check, credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply, reply
from tests.helpers.tiny_integration import KEY, plugin


@pytest.fixture
def bound(runtime: Runtime, server: ScriptedServer) -> BoundIntegration:
    return runtime.bind("tiny", credential=credential_for(server))


async def test_calls_have_the_results_of_unbound_ones(
    runtime: Runtime, bound: BoundIntegration, server: ScriptedServer
) -> None:
    for answer in (json_reply({"echo": KEY}), reply(404), reply(200, b"no JSON")):
        server.script(answer)
        for action in ("fetch", "change"):
            own = await bound.call(action, {"body": 1})
            assert own == await runtime.call("tiny", action, {"body": 1}, credential=credential_for(server))
            check(runtime, action, own)
            assert KEY not in f"{own}"
    # All of them over connections of the same credential.
    assert server.connections == 1


async def test_synchronous_calls_are_made_too(bound: BoundIntegration, server: ScriptedServer) -> None:
    server.script(json_reply({"a": 1}))
    result = await asyncio.to_thread(bound.call_sync, "fetch", {})
    assert result.output["value"] == {"a": 1}
    assert server.requests[0].headers["x-tiny-key"] == KEY


async def test_the_environment_is_read_at_the_first_call(
    runtime: Runtime, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script(json_reply({}))
    bound = runtime.bind("tiny")
    assert failure(await bound.call("fetch", {})).code is ErrorCode.MISSING_CREDENTIAL
    monkeypatch.setenv("TINY_API_KEY", KEY)
    monkeypatch.setenv("TINY_BASE_URL", server.url)
    assert (await bound.call("fetch", {})).success
    monkeypatch.setenv("TINY_API_KEY", "another")
    assert (await bound.call("fetch", {})).success
    assert [request.headers["x-tiny-key"] for request in server.requests] == [KEY, KEY]


async def test_a_later_change_of_the_mapping_changes_nothing(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply({}))
    credential = credential_for(server)
    bound = runtime.bind("tiny", credential=credential)
    credential["api_key"] = "tk-somebody-else"
    await bound.call("fetch", {})
    assert server.requests[0].headers["x-tiny-key"] == KEY


async def test_a_credential_that_cannot_be_used_makes_each_call_fail(runtime: Runtime) -> None:
    for credential in ({}, {"api_key": "ä"}, {"wrong": KEY}, {"api_key": KEY, "base_url": "ftp://x"}):
        bound = runtime.bind("tiny", credential=credential)
        for _ in range(2):
            result = await bound.call("fetch", {})
            assert result == await runtime.call("tiny", "fetch", {}, credential=credential)
            assert not result.success


async def test_programming_errors_are_raised(runtime: Runtime, bound: BoundIntegration) -> None:
    with pytest.raises(UnknownIntegrationError):
        runtime.bind("tinny")
    with pytest.raises(UnknownActionError):
        await bound.call("fetsh", {})
    assert KEY not in f"{bound!r}{vars(bound)}"
    async with Runtime(plugins=[plugin()]) as closed:
        pass
    with pytest.raises(RuntimeClosedError):
        closed.bind("tiny")
