"""Many calls with hostile replies among them leave nothing behind.

`SOAK_CALLS=100000 make test ARGS="-k hostile_replies_leave_nothing"` soaks for longer than every run of the tests does.
"""

import asyncio
import gc
import gzip
import itertools
import os
import sys

import pytest

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime, RuntimeSettings, TransportName
from tests.helpers.calls import credential_for
from tests.helpers.scripted_server import Exchange, ScriptedServer
from tests.helpers.steps import json_reply, raw, reply, reset
from tests.helpers.tiny_integration import plugin

LIMIT = 100_000
CALLS = int(os.environ.get("SOAK_CALLS", "450"))
OK = json_reply({"fine": True})


def _twice(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}" * 2)


HOSTILE = (
    reset,
    _twice,
    raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"),
    raw(b"no HTTP\r\n\r\n"),
    reply(200, b" " * (LIMIT + 1)),
    reply(200, gzip.compress(b" " * 50 * LIMIT), {"content-encoding": "gzip"}),
    reply(200, b"[" + b"{}," * 30_000 + b"{}]"),
    reply(200, b"no gzip", {"content-encoding": "gzip"}),
    reply(500, b"<html>"),
)


@pytest.mark.skipif(
    "COVERAGE_PROCESS_CONFIG" in os.environ, reason="counts what Python allocates, and coverage does too"
)
async def test_hostile_replies_leave_nothing_behind(transport: TransportName, server: ScriptedServer) -> None:
    settings = RuntimeSettings(
        transport=transport, max_response_bytes=LIMIT, max_response_values=20_000, max_credentials=4, attempts=1
    )
    # One in five.
    steps = itertools.cycle([step for hostile in HOSTILE for step in (hostile, OK, OK, OK, OK)])
    numbers = itertools.count()

    def next_step(exchange: Exchange) -> None:
        next(steps)(exchange)

    async def blocks_after(runtime: Runtime, calls: int) -> int:
        server.script(next_step)
        for _ in range(calls):
            credential = credential_for(server) | {"api_key": f"tk-tenant-{next(numbers) % 6}"}
            result = await runtime.call("tiny", "change", {}, credential=credential)
            assert result.success or result.error is None or result.error.code is not ErrorCode.INTERNAL
        # Makes the server forget the requests that it keeps, and lets closed connections end.
        server.script(OK)
        await asyncio.sleep(0)
        gc.collect()
        return sys.getallocatedblocks()

    async with Runtime(settings, plugins=[plugin()]) as runtime:
        await blocks_after(runtime, 180)
        first = await blocks_after(runtime, 90)
        assert await blocks_after(runtime, CALLS) - first < 400
