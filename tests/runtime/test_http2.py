"""Over HTTP/2, where calls share a connection, all holds that holds over HTTP/1.1."""

import asyncio
import gzip
import io
import json
import logging
import ssl
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import util
from typing import Any

import httpx
import pytest
import trustme
from calls import call, check, failure
from http2_server import Http2Server, Request, echo, serving
from scripted_server import PATIENCE, Exchange, ScriptedServer
from steps import after, json_reply
from tiny_integration import KEY, Plugin, plugin, profile, scheme

from modulex_mem0.contract import ErrorCode, Integration
from modulex_mem0.runtime import Result, Runtime, RuntimeSettings
from modulex_mem0.runtime.http import http2_transport
from modulex_mem0.runtime.settings import TransportName

REFUSED_STREAM = 7
INTERNAL_ERROR = 2


@pytest.fixture
async def shared(trusted: trustme.CA) -> AsyncIterator[Http2Server]:
    async with Http2Server(trusted) as running:
        yield running


def _runtime(**changes: Any) -> Runtime:
    return Runtime(RuntimeSettings(**({"http2": True, "retry_wait": 0.001} | changes)), plugins=[plugin()])


@pytest.fixture
async def http2(trusted: trustme.CA) -> AsyncIterator[Runtime]:
    async with _runtime() as made:
        yield made


async def _call(
    runtime: Runtime, action: str, body: Any = None, *, server: Http2Server, timeout: float | None = None
) -> Result:
    credential = {"api_key": KEY, "base_url": server.url}
    result = await runtime.call("tiny", action, {"body": body}, credential=credential, timeout=timeout)
    check(runtime, action, result)
    return result


async def test_many_calls_at_once_share_one_connection(http2: Runtime, shared: Http2Server) -> None:
    everyone = asyncio.Event()

    async def together(request: Request) -> None:
        if len(shared.requests) == 50:
            everyone.set()
        await everyone.wait()
        await echo(request)

    shared.answer = together
    results = await asyncio.gather(*(_call(http2, "change", number, server=shared) for number in range(50)))
    assert [result.output["value"] for result in results] == list(range(50))
    assert shared.protocols == ["h2"]
    assert shared.requests[0].headers["x-tiny-key"] == KEY


async def test_calls_one_after_another_share_it_too(http2: Runtime, shared: Http2Server) -> None:
    for number in range(5):
        assert (await _call(http2, "change", number, server=shared)).output["value"] == number
    assert shared.protocols == ["h2"]


@pytest.mark.parametrize("transport", ["auto", "httpx"])
async def test_http_1_is_the_default(shared: Http2Server, transport: TransportName) -> None:
    async with Runtime(RuntimeSettings(transport=transport), plugins=[plugin()]) as runtime:
        assert (await _call(runtime, "fetch", server=shared)).output["value"] == 11
    assert "h2" not in shared.protocols


@pytest.mark.parametrize("offered", [["http/1.1"], []], ids=["http/1.1", "nothing"])
async def test_a_service_without_http_2_is_spoken_to_as_it_can(
    http2: Runtime, authority: trustme.CA, offered: list[str]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(offered)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedServer(tls=context) as server:
        server.script(json_reply({"a": 1}))
        results = await asyncio.gather(*(call(http2, "change", server=server) for _ in range(10)))
        assert [result.output["value"] for result in results] == [{"a": 1}] * 10
        assert len(server.requests) == 10


async def test_over_http_1_a_call_that_ends_late_ends_its_own_connection(http2: Runtime, authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ended = threading.Event()

    def until_it_ends(exchange: Exchange) -> None:
        assert exchange._connection.recv(1) == b""
        ended.set()
        exchange.close()

    with ScriptedServer(tls=context) as server:
        # While another call is still under way.
        server.script(after(ended, json_reply(1)), until_it_ends, json_reply(2))
        other = asyncio.create_task(call(http2, "change", server=server))
        await asyncio.to_thread(server.wait_for_requests, 1)
        late = await call(http2, "change", server=server, timeout=0.5)
        assert failure(late).code is ErrorCode.OUTCOME_UNKNOWN
        assert await asyncio.to_thread(ended.wait, PATIENCE)
        assert (await other).output["value"] == 1
        assert (await call(http2, "change", server=server)).output["value"] == 2


async def test_plain_http_is_as_ever(http2: Runtime, server: ScriptedServer) -> None:
    server.script(json_reply(1))
    assert (await call(http2, "change", server=server)).success


def test_aiohttp_cannot_be_asked_for_it() -> None:
    with pytest.raises(ValueError, match="http2 needs transport='httpx' or 'auto'"):
        RuntimeSettings(http2=True, transport="aiohttp")


@pytest.mark.parametrize(
    ("package", "setting", "extra"), [("h2", {"http2": True}, "http2"), ("aiohttp", {"transport": "aiohttp"}, "fast")]
)
def test_where_a_package_is_missing_its_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, setting: dict[str, Any], extra: str
) -> None:
    found = util.find_spec
    missing: Callable[[str], Any] = lambda name: None if name == package else found(name)  # noqa: E731
    monkeypatch.setattr("modulex_mem0.runtime.settings.find_spec", missing)
    RuntimeSettings()
    with pytest.raises(ValueError, match=rf"pip install 'modulex-mem0\[{extra}\]'"):
        RuntimeSettings(**setting)


# What ends in place of an answer.


async def _reset_connection(request: Request) -> None:
    request.connection.reset()


async def _close_connection(request: Request) -> None:
    request.connection.close()


async def _reset_stream(request: Request) -> None:
    request.reset(INTERNAL_ERROR)


async def _go_away(request: Request) -> None:
    request.connection.go_away(request.stream)


async def _go_away_and_answer(request: Request) -> None:
    # In one packet; the h2 package takes what follows the announcement for a fault.
    request.connection.go_away(request.stream)
    await echo(request)


async def _half_an_answer(request: Request) -> None:
    request.head()
    request.reset(INTERNAL_ERROR)


async def _half_an_answer_and_refuse(request: Request) -> None:
    request.head()
    request.reset(REFUSED_STREAM)


async def _garbage(request: Request) -> None:
    # Data that belongs to no stream.
    request.connection.writer.write(bytes(9))


ENDS = [
    _reset_connection,
    _close_connection,
    _reset_stream,
    _go_away,
    _go_away_and_answer,
    _half_an_answer,
    _half_an_answer_and_refuse,
    _garbage,
]


@pytest.mark.parametrize("end", ENDS)
async def test_a_change_that_may_have_been_made_is_sent_once(http2: Runtime, shared: Http2Server, end: Any) -> None:
    shared.answer = end
    error = failure(await _call(http2, "change", 1, server=shared))
    assert error.code is ErrorCode.OUTCOME_UNKNOWN
    assert error.retryable is False
    assert len(shared.requests) == 1


@pytest.mark.parametrize("end", ENDS)
async def test_a_read_is_repeated(http2: Runtime, shared: Http2Server, end: Any) -> None:
    async def first_in_vain(request: Request) -> None:
        await (end if len(shared.requests) == 1 else echo)(request)

    shared.answer = first_in_vain
    assert (await _call(http2, "find", 1, server=shared)).output["value"] == 1
    assert len(shared.requests) == 2


@pytest.mark.parametrize("end", ENDS)
async def test_a_read_that_fails_each_time_says_why(http2: Runtime, shared: Http2Server, end: Any) -> None:
    shared.answer = end
    error = failure(await _call(http2, "find", 1, server=shared))
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert error.retryable
    assert len(shared.requests) == 3


async def _refuse(request: Request) -> None:
    request.reset(REFUSED_STREAM)


async def _refuse_all(request: Request) -> None:
    request.connection.go_away(0)


@pytest.mark.parametrize("refuse", [_refuse, _refuse_all])
async def test_a_change_that_the_service_says_it_did_not_begin_did_no_harm(
    http2: Runtime, shared: Http2Server, refuse: Any
) -> None:
    shared.answer = refuse
    error = failure(await _call(http2, "change", 1, server=shared))
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert error.retryable
    assert len(shared.requests) == 1


async def test_a_service_that_went_away_before_a_change_gets_it_on_a_new_connection(
    http2: Runtime, shared: Http2Server
) -> None:
    async def only_the_first(request: Request) -> None:
        if request.connection.number == 1 and request.stream > 1:
            request.connection.go_away(1)
        else:
            await echo(request)

    shared.answer = only_the_first
    assert (await _call(http2, "change", 1, server=shared)).output["value"] == 1
    assert (await _call(http2, "change", 2, server=shared)).output["value"] == 2
    assert [request.connection.number for request in shared.requests] == [1, 1, 2]


@pytest.mark.parametrize("end", ["close", "go_away"])
async def test_a_connection_that_ended_while_idle_is_not_used_for_a_change(
    http2: Runtime, shared: Http2Server, end: str
) -> None:
    assert (await _call(http2, "change", 1, server=shared)).success
    idle = shared.requests[0].connection
    idle.close() if end == "close" else idle.go_away(2**31 - 1)
    # What was written has arrived once another connection has been opened and answered.
    async with httpx.AsyncClient(verify=ssl.create_default_context()) as other:
        await other.get(shared.url)
    assert (await _call(http2, "change", 2, server=shared)).output["value"] == 2


async def test_a_call_that_ends_late_does_not_end_the_others(http2: Runtime, shared: Http2Server) -> None:
    late_ended = asyncio.Event()

    async def answer(request: Request) -> None:
        if request.body != b'"late"':
            await late_ended.wait()
            await echo(request)

    shared.answer = answer
    # It comes first, so that it is the one that reads from the connection.
    late = asyncio.create_task(_call(http2, "change", "late", server=shared, timeout=1))
    await shared.until(lambda server: len(server.requests) == 1)
    others = [asyncio.create_task(_call(http2, "change", number, server=shared)) for number in range(5)]
    await shared.until(lambda server: len(server.requests) == 6)
    assert failure(await late).code is ErrorCode.OUTCOME_UNKNOWN
    # One that comes now does not share a connection with an answer that nobody will read.
    next_one = asyncio.create_task(_call(http2, "change", 6, server=shared))
    await shared.until(lambda server: len(server.requests) == 7)
    late_ended.set()
    assert [(await other).output["value"] for other in others] == list(range(5))
    assert (await next_one).output["value"] == 6
    assert [request.connection.number for request in shared.requests] == [1] * 6 + [2]
    await shared.until(lambda server: server.closed == 1)


async def test_a_reply_that_is_too_large_does_not_end_the_others(shared: Http2Server) -> None:
    ended = asyncio.Event()

    async def answer(request: Request) -> None:
        if request.body == b'"large"':
            request.head()
            await request.data(10**9)
        else:
            await ended.wait()
            await echo(request)

    shared.answer = answer
    async with _runtime(max_response_bytes=10**6) as runtime:
        other = asyncio.create_task(_call(runtime, "change", 1, server=shared))
        await shared.until(lambda server: len(server.requests) == 1)
        large = failure(await _call(runtime, "find", "large", server=shared))
        assert large.code is ErrorCode.BAD_RESPONSE
        assert "larger than 1000000 bytes" in large.message
        ended.set()
        assert (await other).output["value"] == 1
        # The rest of the large reply ends with its connection.
        await shared.until(lambda server: server.closed == 1)


async def test_a_compressed_reply_that_unfolds_without_bound_is_not_unfolded(shared: Http2Server) -> None:
    packed = gzip.compress(bytes(128 * 2**20))

    async def bomb(request: Request) -> None:
        request.head(headers={"content-encoding": "gzip"})
        for start in range(0, len(packed), 2**14):
            request.connection.h2.send_data(request.stream, packed[start : start + 2**14])
        request.connection.h2.end_stream(request.stream)
        request.connection.flush()

    shared.answer = bomb
    async with _runtime(max_response_bytes=2**20) as runtime:
        tracemalloc.start()
        try:
            error = failure(await _call(runtime, "fetch", server=shared))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert error.code is ErrorCode.BAD_RESPONSE
    assert most < 64 * 2**20


async def test_a_call_that_waits_for_a_stream_until_its_deadline_is_never_sent(
    authority: trustme.CA, http2: Runtime
) -> None:
    free = asyncio.Event()

    async def answer(request: Request) -> None:
        await free.wait()
        await echo(request)

    async with Http2Server(authority, streams=1) as server:
        server.answer = answer
        first = asyncio.create_task(_call(http2, "change", 1, server=server))
        await server.until(lambda server: len(server.requests) == 1)
        waited = failure(await _call(http2, "change", 2, server=server, timeout=0.3))
        assert waited.code in (ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED)
        free.set()
        assert (await first).output["value"] == 1
        assert (await _call(http2, "change", 3, server=server)).output["value"] == 3
        assert [json.loads(request.body) for request in server.requests] == [1, 3]


async def test_a_request_that_was_given_up_half_sent_is_not_sent_to_its_end(
    http2: Runtime, shared: Http2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_transport, "_SETTLE", 0)
    free = asyncio.Event()

    async def answer(request: Request) -> None:
        await free.wait()
        await echo(request)

    shared.answer = answer
    other = asyncio.create_task(_call(http2, "change", 1, server=shared))
    await shared.until(lambda server: len(server.requests) == 1)
    shared.room = False
    half = failure(await _call(http2, "replace", "x" * 200_000, server=shared, timeout=0.3))
    assert half.code is ErrorCode.TIMEOUT
    connection = shared.requests[0].connection
    sent = len(connection.requests[3].body)
    assert 0 < sent < 200_000
    shared.room = True
    connection.h2.acknowledge_received_data(sent, 3)
    connection.flush()
    free.set()
    assert (await other).success
    await shared.until(lambda server: server.closed == 1)
    assert len(connection.requests[3].body) == sent


async def test_a_service_may_allow_few_streams(authority: trustme.CA, http2: Runtime) -> None:
    async with Http2Server(authority, streams=2) as server:
        results = await asyncio.gather(*(_call(http2, "change", number, server=server) for number in range(20)))
        assert [result.output["value"] for result in results] == list(range(20))
        assert server.protocols == ["h2"]


async def test_no_more_requests_are_under_way_than_the_setting_says(shared: Http2Server) -> None:
    under_way = most = 0

    async def count(request: Request) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        # Whoever else may come has the time to.
        for _ in range(20):
            await asyncio.sleep(0)
        under_way -= 1
        await echo(request)

    shared.answer = count
    async with _runtime(max_connections=3) as runtime:
        results = await asyncio.gather(*(_call(runtime, "change", number, server=shared) for number in range(20)))
    assert all(result.success for result in results)
    assert 1 < most <= 3


async def test_a_runtime_that_is_closed_ends_its_calls(shared: Http2Server) -> None:
    async def never(_request: Request) -> None:
        await asyncio.Event().wait()

    shared.answer = never
    runtime = _runtime()
    calls = [asyncio.create_task(_call(runtime, name, 1, server=shared)) for name in ("change", "find")]
    await shared.until(lambda server: len(server.requests) == 2)
    await runtime.aclose()
    change, find = [failure(await call) for call in calls]
    assert (change.code, find.code) == (ErrorCode.OUTCOME_UNKNOWN, ErrorCode.CONNECTION_FAILED)
    assert "closed" in change.message
    assert "closed" in find.message
    await shared.until(lambda server: server.closed == 1)


async def test_a_call_that_its_caller_cancels_ends_at_once(http2: Runtime, shared: Http2Server) -> None:
    async def never(_request: Request) -> None:
        await asyncio.Event().wait()

    shared.answer = never
    calling = asyncio.create_task(_call(http2, "change", 1, server=shared))
    await shared.until(lambda server: len(server.requests) == 1)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await shared.until(lambda server: server.closed == 1)
    shared.answer = echo
    assert (await _call(http2, "change", 2, server=shared)).output["value"] == 2


async def test_a_connection_does_not_get_as_old_as_servers_end_them(
    http2: Runtime, shared: Http2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_transport, "_LONGEST", 10)
    results = await asyncio.gather(*(_call(http2, "change", number, server=shared) for number in range(25)))
    assert [result.output["value"] for result in results] == list(range(25))
    carried = [request.connection.number for request in shared.requests]
    assert sorted(carried.count(number) for number in set(carried)) == [5, 10, 10]


# What is logged.


class _Everything(logging.Handler):
    """Writes all that a record holds, as handlers do that send records elsewhere."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        if not serving.get():
            print(record.getMessage(), vars(record), file=self.told)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    import h2.connection  # noqa: F401 - so that its loggers are there

    handler = _Everything()
    known = [logging.getLogger(), *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]
    levels = [logger.level for logger in known]
    for logger in known:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield handler.told
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(known, levels, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize("header", ["Authorization", "X-Tiny-Key"])
async def test_no_log_shows_a_key(shared: Http2Server, log: io.StringIO, header: str) -> None:
    keys = [f"tk-{number}-0123456789abcdef" for number in range(4)]

    async def reveal(request: Request) -> None:
        # All at once, so that each may be read by the task of another call.
        if len(shared.requests) % 4:
            return
        for each in shared.requests[-4:]:
            key = each.headers[header.lower()]
            each.reply(value=key, headers={"x-echo": key, "set-cookie": f"key={key}"})

    shared.answer = reveal
    bearing = Integration(
        profile(auth_schemes=(scheme(headers={header: "Bearer {api_key}"}),)),
        actions=[*Runtime(plugins=[plugin()]).integrations["tiny"].actions.values()],
    )
    async with Runtime(RuntimeSettings(http2=True), plugins=[Plugin(bearing)]) as runtime:
        for _ in range(2):
            credentials = [{"api_key": key, "base_url": shared.url} for key in keys]
            results = await asyncio.gather(
                *(runtime.call("tiny", "change", {"body": 1}, credential=credential) for credential in credentials)
            )
            assert all(result.success for result in results)
    # The keys were sent, and the library did log.
    assert [request.headers[header.lower()] for request in shared.requests[:4]] == [f"Bearer {key}" for key in keys]
    told = log.getvalue()
    assert "receive_response_headers.complete" in told
    for hidden in (*keys, "0123456789abcdef", *map(_compressed, keys)):
        assert hidden not in told
    assert not any(hidden in repr(results) for hidden in keys)


def _compressed(key: str) -> str:
    """As HTTP/2 sends a key that stands in a header: its bytes in the middle, as a log would show them."""
    from hpack import Encoder

    encoded: bytes = Encoder().encode([("x", key)])
    return repr(encoded[-12:])[2:-1]


async def test_what_a_service_says_as_it_goes_away_is_not_told(
    http2: Runtime, shared: Http2Server, log: io.StringIO
) -> None:
    other = "tk-of-another-caller"

    async def tell(request: Request) -> None:
        request.connection.go_away(request.stream, words=other.encode())

    shared.answer = tell
    result = await _call(http2, "change", 1, server=shared)
    assert "ConnectionTerminated" in log.getvalue()
    for shown in (other[:8], other[:8].encode().hex()):
        assert shown not in log.getvalue() + repr(result)


async def test_others_may_log_the_compression_of_their_headers(shared: Http2Server, log: io.StringIO) -> None:
    async with httpx.AsyncClient(http2=True, verify=ssl.create_default_context()) as own:
        await own.post(shared.url, json=1, headers={"x-own": "of the host itself"})
    assert "of the host itself" in log.getvalue()


def test_each_logger_of_the_libraries_is_known() -> None:
    import h2.connection  # noqa: F401

    from modulex_mem0.runtime.http import log_masking

    known = {*log_masking._MASKED, *log_masking._DROPPED}
    made = {
        name
        for name in logging.root.manager.loggerDict
        if name.partition(".")[0] in ("httpcore", "h2", "hpack", "hyperframe")
    }
    # No module logs to these two.
    assert made - {"httpcore", "hpack"} <= known
