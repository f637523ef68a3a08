"""Connections and credentials: no connection serves two, and no reply answers another request than its own."""

import asyncio
import os
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from modulex_mem0.runtime import Runtime, RuntimeSettings, TransportName
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import Exchange, ScriptedServer, Step
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import plugin

KEYS = ("tk-tenant-a", "tk-tenant-b", "tk-tenant-c")


def echo(exchange: Exchange) -> None:
    """Reply with the key of the request."""
    json_reply(exchange.request.headers["x-tiny-key"])(exchange)


async def called_with(runtime: Runtime, server: ScriptedServer, key: str) -> Any:
    result = await runtime.call("tiny", "fetch", {}, credential={"api_key": key, "base_url": server.url})
    assert result.success, result.output["error"]
    return result.output["value"]


async def test_connections_are_not_shared_between_credentials(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(echo)
    for key in KEYS * 3:
        assert await called_with(runtime, server, key) == "**********"
    of_key: dict[str, set[int]] = {}
    for request in server.requests:
        of_key.setdefault(request.headers["x-tiny-key"], set()).add(request.connection)
    assert sorted(of_key) == sorted(KEYS)
    assert server.connections == 3
    assert all(len(connections) == 1 for connections in of_key.values())


async def test_many_open_calls_of_many_credentials_are_each_answered_by_their_own(
    transport: TransportName, server: ScriptedServer
) -> None:
    # Fewer transports are kept than there are credentials, so they are closed and opened all the time.
    def numbered(exchange: Exchange) -> None:
        json_reply(exchange.request.headers["x-tiny-key"].removeprefix("tk-tenant-"))(exchange)

    server.script(numbered)
    async with Runtime(RuntimeSettings(transport=transport, max_credentials=3), plugins=[plugin()]) as runtime:
        names = [str(number % 8) for number in range(80)]
        answers = await asyncio.gather(*(called_with(runtime, server, f"tk-tenant-{name}") for name in names))
    assert answers == names
    owners: dict[int, set[str]] = {}
    for request in server.requests:
        owners.setdefault(request.connection, set()).add(request.headers["x-tiny-key"])
    assert all(len(keys) == 1 for keys in owners.values())


async def test_the_least_recently_used_credentials_lose_their_connections(
    transport: TransportName, server: ScriptedServer
) -> None:
    server.script(json_reply({}))
    async with Runtime(RuntimeSettings(transport=transport, max_credentials=2), plugins=[plugin()]) as runtime:
        for key in (KEYS[0], KEYS[1], KEYS[0], KEYS[2], KEYS[0], KEYS[1]):
            await called_with(runtime, server, key)
    assert [request.connection for request in server.requests] == [1, 2, 1, 3, 1, 4]


def unasked(late: threading.Event | None, over: threading.Event) -> Iterable[Step]:
    """A reply with another one after it that nobody asked for: in the same bytes, or later, between two events."""

    def first(exchange: Exchange) -> None:
        sent: list[bytes] = []
        whole = Exchange(exchange.server, exchange._connection, exchange.request)
        whole.send = sent.append  # type: ignore[method-assign, assignment]
        json_reply("own")(whole)
        json_reply("unasked")(whole)
        if late is None:
            exchange.send(b"".join(sent))
        else:
            exchange.send(sent[0])
            late.wait(20)
            exchange.send(sent[1])
            over.set()

    return (first, json_reply("own"))


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_reply_that_comes_with_another_one_does_not_answer_the_next_request(
    runtime: Runtime, server: ScriptedServer, action: str
) -> None:
    server.script(*unasked(None, threading.Event()))
    for _ in range(3):
        assert (await call(runtime, action, server=server)).output["value"] == "own"
    assert [request.connection for request in server.requests] == [1, 2, 2]


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_reply_that_comes_late_does_not_answer_the_next_request(
    runtime: Runtime, server: ScriptedServer, action: str
) -> None:
    late, sent = threading.Event(), threading.Event()
    server.script(*unasked(late, sent))
    assert (await call(runtime, action, server=server)).output["value"] == "own"
    late.set()
    if runtime.settings.transport == "httpx":
        # It looks before it uses a connection. Loopback has delivered the bytes once the server has sent them.
        await asyncio.to_thread(sent.wait, 20)
    else:
        # hyper closes the connection when the bytes come.
        await asyncio.to_thread(server.wait_until_left)
    for _ in range(2):
        assert (await call(runtime, action, server=server)).output["value"] == "own"
    assert [request.connection for request in server.requests] == [1, 2, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
async def test_a_forked_process_opens_its_own_connections_and_leaves_its_parents_alone(
    runtime: Runtime, server: ScriptedServer
) -> None:
    server.script(json_reply({}))
    assert (await call(runtime, "fetch", server=server)).success
    child = os.fork()
    if child == 0:
        os._exit(_call_in_a_new_loop(runtime, server))
    assert os.waitstatus_to_exitcode(await asyncio.to_thread(lambda: os.waitpid(child, 0)[1])) == 0
    assert (await call(runtime, "fetch", server=server)).success
    assert [request.connection for request in server.requests] == [1, 2, 2, 1]


def _call_in_a_new_loop(runtime: Runtime, server: ScriptedServer) -> int:
    # A child of a running event loop has it set as running.
    asyncio.events._set_running_loop(None)

    async def calls() -> bool:
        return all([(await call(runtime, "fetch", server=server, timeout=5)).success for _ in range(2)])

    try:
        return 0 if asyncio.new_event_loop().run_until_complete(calls()) else 1
    except BaseException:
        return 2


async def test_a_refused_address_is_reported_for_each_credential(runtime: Runtime) -> None:
    for key in KEYS:
        credential = {"api_key": key, "base_url": "http://127.0.0.1:9"}
        assert failure(await runtime.call("tiny", "change", {}, credential=credential)).retryable
