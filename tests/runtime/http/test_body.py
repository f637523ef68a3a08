"""Bodies: what is within the limits is read, and nothing outlasts the deadline or takes memory without bound."""

import asyncio
import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime import Runtime, RuntimeSettings, TransportName
from modulex_mem0.runtime.http.body import Body, check_values
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import Exchange, ScriptedServer
from tests.helpers.steps import reply
from tests.helpers.tiny_integration import KEY, plugin

MEGABYTE = 1024 * 1024


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


ENCODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "identity": ("identity", lambda body: body),
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", _raw_deflate),
}


@given(body=st.binary(max_size=3000), encoding=st.sampled_from(sorted(ENCODINGS)), sizes=st.lists(st.integers(1, 900)))
def test_any_body_is_read_in_whatever_pieces_it_comes(body: bytes, encoding: str, sizes: list[int]) -> None:
    name, encode = ENCODINGS[encoding]
    encoded = encode(body)

    async def read() -> bytes:
        reading = Body(200, name, str(len(encoded)), len(body) + len(encoded))
        left = encoded
        for size in [*sizes, len(left) or 1]:
            if left:
                await reading.add(left[:size])
                left = left[size:]
        return reading.finish()

    assert asyncio.run(read()) == body


@given(body=st.binary(min_size=20, max_size=3000), encoding=st.sampled_from(["gzip", "deflate"]), at=st.integers(1, 15))
def test_a_body_that_ends_early_is_refused(body: bytes, encoding: str, at: int) -> None:
    encoded = ENCODINGS[encoding][1](body)

    async def read() -> None:
        reading = Body(200, encoding, None, 10_000)
        await reading.add(encoded[:-at])
        reading.finish()

    with pytest.raises(ActionError, match="compression is broken"):
        asyncio.run(read())


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_reply_without_a_body_means_what_its_status_says_whatever_its_encoding(
    runtime: Runtime, server: ScriptedServer, encoding: str
) -> None:
    server.script(reply(401, headers={"content-encoding": encoding}))
    assert failure(await call(runtime, "fetch", server=server)).line == "unauthorized: the reply has no body (HTTP 401)"


async def test_a_reply_that_expands_stops_at_the_limit_and_holds_nobody_up(
    transport: TransportName, server: ScriptedServer
) -> None:
    # A few kilobytes that stand for gigabytes: compressed in steps, since zeros compress a thousandfold.
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(bytes(MEGABYTE)) for _ in range(400)]
    server.script(reply(200, b"".join(parts) + packer.flush(), {"content-encoding": "gzip"}))
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - begun)

    async with Runtime(RuntimeSettings(transport=transport), plugins=[plugin()]) as runtime:
        await call(runtime, "fetch", server=server)
        watching = asyncio.create_task(watch())
        tracemalloc.start()
        try:
            error = failure(await call(runtime, "fetch", server=server))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            watching.cancel()
    assert error.code is ErrorCode.BAD_RESPONSE
    assert "larger than" in error.message
    assert peak < 80 * MEGABYTE
    # CPU time, so that other work on the machine does not count.
    assert longest < 0.5


async def test_a_compressed_reply_without_end_is_ended_by_the_deadline(
    runtime: Runtime, server: ScriptedServer
) -> None:
    def drips(exchange: Exchange) -> None:
        packer = zlib.compressobj(9, wbits=31)
        exchange.send(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
        while not server.stopping.wait(0.01):
            exchange.send(packer.compress(b" ") + packer.flush(zlib.Z_SYNC_FLUSH))
        exchange.close()

    server.script(drips)
    assert failure(await call(runtime, "fetch", server=server, timeout=0.3)).code is ErrorCode.TIMEOUT


MANY: dict[str, bytes] = {
    "empty objects": b"[" + b",".join([b"{}"] * 300_000) + b"]",
    "numbers": json.dumps(list(range(300_000))).encode(),
    "empty lists": b"[" + b",".join([b"[]"] * 200_000) + b"]",
    "fields": json.dumps({str(number): 0 for number in range(300_000)}).encode(),
    "lists in lists": b"[" * 300_000 + b"]" * 300_000,
}


@pytest.mark.parametrize("kind", MANY)
async def test_a_reply_with_more_values_than_the_limit_is_refused_unread(
    runtime: Runtime, server: ScriptedServer, kind: str
) -> None:
    server.script(reply(200, MANY[kind]))
    tracemalloc.start()
    try:
        error = failure(await call(runtime, "fetch", server=server))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (error.code, error.retryable) == (ErrorCode.BAD_RESPONSE, False)
    assert "values" in error.message
    assert peak < 20 * len(MANY[kind])


async def test_commas_in_a_text_are_no_values(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(reply(200, json.dumps({"text": ',[{"\\' * 300_000}).encode()))
    assert (await call(runtime, "fetch", server=server)).success


@pytest.mark.parametrize("end", [b"", b"\\"])
async def test_a_text_without_end_is_searched_once(runtime: Runtime, server: ScriptedServer, end: bytes) -> None:
    # Searched again from each quotation mark in it, this would take an hour.
    server.script(reply(200, b'{"a": "' + b',\\"' * 300_000 + end))
    error = failure(await call(runtime, "fetch", server=server))
    assert error.message.startswith("the reply is not JSON")


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_the_count_of_values_is_never_too_low(value: Any) -> None:
    def count(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + sum(map(count, inner))

    body = json.dumps(value).encode()
    if count(value) > 4:
        # Of each list, one value has no comma, and its bracket counts for it.
        with pytest.raises(ActionError):
            check_values(body, (count(value) - 2) // 2, 200)
    check_values(body, 2 * count(value), 200)


async def test_a_reply_nested_without_end_is_a_bad_response(runtime: Runtime, server: ScriptedServer) -> None:
    server.script(reply(200, b"[" * 50_000 + b"]" * 50_000))
    assert failure(await call(runtime, "fetch", server=server)).code is ErrorCode.BAD_RESPONSE


async def test_escapes_take_little_memory_and_the_key_in_them_is_masked(
    runtime: Runtime, server: ScriptedServer
) -> None:
    spelled = "".join(f"\\u{ord(character):04x}" for character in KEY).encode()
    body = b'"' + b"\\u0041" * 500_000 + spelled + b"\\n" * 1000 + KEY.encode() + b'"'
    server.script(reply(200, body))
    await call(runtime, "fetch", server=server)
    tracemalloc.start()
    try:
        result = await call(runtime, "fetch", server=server)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    text = str(result.output["value"])
    assert KEY not in text
    assert text.count("**********") == 2
    assert text.startswith("A" * 500_000)
    assert peak < 8 * len(body)
