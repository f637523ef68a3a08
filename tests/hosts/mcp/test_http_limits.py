"""What one client can take of the HTTP server: no sessions, bounded bodies, time, connections and log lines."""

import asyncio
import json
import logging
import os
import select
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from mcp.server import Server, ServerRequestContext
from mcp.types import CallToolRequestParams, CallToolResult, TextContent

from modulex_mem0.hosts.mcp import Address, HttpLimits, http_limits, serve_http
from modulex_mem0.hosts.mcp.http_limits import bounded_log

Serve = Callable[..., AbstractContextManager[Any]]
Tool = Callable[[ServerRequestContext[Any, Any], CallToolRequestParams], Awaitable[CallToolResult]]

STREAM = {"Accept": "application/json, text/event-stream"}
# In this process: once a signal has ended a server, the library of event streams ends every later stream at once.
JSON = {"Accept": "application/json"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
HALF = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "


def call(name: str, number: int = 1, **arguments: Any) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    }


def post(url: str, message: Any, **headers: str) -> httpx.Response:
    return httpx.post(url, json=message, headers={**STREAM, **headers}, timeout=30, trust_env=False)


def open_socket(url: str, sent: bytes) -> socket.socket:
    address = urlsplit(url)
    connection = socket.create_connection((str(address.hostname), address.port or 0), timeout=30)
    connection.sendall(sent)
    return connection


def memory(process: Any) -> int:
    """Of a process, in kB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


# Without sessions


@pytest.mark.parametrize(
    "accept", ["application/json, text/event-stream", "text/event-stream", "application/json", "*/*", "", "text/html"]
)
def test_a_tool_is_called_without_a_handshake(serve: Serve, account: dict[str, str], accept: str) -> None:
    with serve(env=account) as server:
        answer = post(server.url, call("search_memories", user_id="alice", query="food"), Accept=accept)
    assert answer.status_code == 200, answer.text
    streamed = answer.headers["content-type"].startswith("text/event-stream")
    assert streamed is ("event-stream" in accept)
    message = json.loads(answer.text.partition("data: ")[2] if streamed else answer.text)
    assert message["result"]["structuredContent"]["success"] is True


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_handshakes_leave_nothing_behind(serve: Serve, account: dict[str, str]) -> None:
    with serve(env=account) as server, httpx.Client(headers=STREAM, trust_env=False, timeout=30) as http:

        def begin() -> None:
            session = http.post(server.url, json=INITIALIZE).headers["mcp-session-id"]
            initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            http.post(server.url, json=initialized, headers={"mcp-session-id": session})

        for _ in range(50):
            begin()
        before = memory(server.process)
        for _ in range(500):
            begin()
        # Sessions that were kept cost 18 MB here.
        assert memory(server.process) - before < 4_000
        # Any session id is as good as another.
        assert http.post(server.url, json=PING, headers={"mcp-session-id": "mine"}).status_code == 200
        assert http.delete(server.url, headers={"mcp-session-id": "mine"}).status_code == 405
        assert http.get(server.url).status_code == 405
        assert http.post(server.url.replace("/mcp", "/other"), json=PING).status_code == 404


async def test_only_the_client_of_a_session_cancels_its_request(
    serve: Serve, talkative: dict[str, str], listener: Any
) -> None:
    with serve("--integration", "talkative", env=talkative) as server:
        async with httpx.AsyncClient(headers=STREAM, trust_env=False, timeout=30) as http:

            async def session() -> dict[str, str]:
                return {"mcp-session-id": (await http.post(server.url, json=INITIALIZE)).headers["mcp-session-id"]}

            async def cancel(headers: dict[str, str]) -> None:
                params = {"requestId": 7}
                message = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
                assert (await http.post(server.url, json=message, headers=headers)).status_code == 202

            own, other = await session(), await session()
            waiting = asyncio.create_task(
                http.post(server.url, json=call("wait_forever", 7, text=listener.port), headers=own)
            )
            await listener.expect(b"started ")
            for headers in (other, {}):
                await cancel(headers)
            said = await http.post(server.url, json=call("say", text="between"), headers=own)
            assert "between" in said.text
            assert not waiting.done()
            await cancel(own)
            await listener.expect(b"cancelled")
            assert '"result"' not in (await waiting).text


async def test_a_cancelled_request_for_json_is_answered_too() -> None:
    begun = asyncio.Event()

    async def wait(_context: ServerRequestContext[Any, Any], _params: CallToolRequestParams) -> CallToolResult:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with running(HttpLimits(), wait) as url, httpx.AsyncClient(headers=JSON, trust_env=False, timeout=30) as http:
        session = {"mcp-session-id": (await http.post(url, json=INITIALIZE)).headers["mcp-session-id"]}
        waiting = asyncio.create_task(http.post(url, json=call("any", 7), headers=session))
        await begun.wait()
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        assert (await http.post(url, json=cancel, headers=session)).status_code == 202
        cancelled = await waiting
    assert cancelled.status_code == 400
    assert cancelled.json()["error"]["message"] == "the request was cancelled"


@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "application/json"])
async def test_a_call_ends_with_its_connection(
    serve: Serve, talkative: dict[str, str], listener: Any, accept: str
) -> None:
    with serve("--integration", "talkative", env=talkative) as server:
        body = json.dumps(call("wait_forever", text=listener.port)).encode()
        head = f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
        connection = open_socket(server.url, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await listener.expect(b"started ")
        connection.close()
        await listener.expect(b"cancelled")


# Bytes


def test_a_large_request_is_refused_and_holds_up_no_other(serve: Serve, account: dict[str, str]) -> None:
    large = json.dumps(call("add_memories", user_id="alice", messages=[1] * 1_000_000), separators=(",", ":")).encode()
    headers = {**STREAM, "Content-Type": "application/json"}
    with serve(env=account) as server, httpx.Client(headers=headers, trust_env=False, timeout=30) as http:
        # What was said is not waited for: the rest of the body is still to come.
        head = f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(large)}\r\n\r\n".encode()
        with open_socket(server.url, head + large[:1000]) as half:
            assert half.recv(4096).startswith(b"HTTP/1.1 413 ")
            assert http.post(server.url, json=PING).elapsed.total_seconds() < 1
        declared = http.post(server.url, content=large)
        chunked = http.post(server.url, content=iter([large[:900_000], large[900_000:]]))
        assert http.post(server.url, json=PING).status_code == 200
    assert declared.status_code == chunked.status_code == 413
    assert declared.json()["error"]["message"] == "the request is larger than 1,048,576 bytes; send less at a time"


def test_many_values_are_refused_and_hold_up_no_other(serve: Serve, account: dict[str, str]) -> None:
    many = call("add_memories", user_id="alice", messages=[1] * 300_000)
    with serve(env=account) as server:
        refused = post(server.url, many)
        assert post(server.url, PING).elapsed.total_seconds() < 1
        deep = httpx.post(server.url, content=b"[" * 500_000, headers=STREAM, timeout=30, trust_env=False)
        assert post(server.url, PING).status_code == 200
    assert refused.status_code == 413
    assert refused.json()["error"]["message"] == "the request has more than 100,000 values; send less at a time"
    assert deep.status_code == 400


# Time


async def answer(_context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
    """A tool whose answer is late, or long."""
    arguments = params.arguments or {}
    await asyncio.sleep(arguments.get("seconds", 0))
    return CallToolResult(content=[TextContent(type="text", text="x" * arguments.get("length", 1))])


@asynccontextmanager
async def running(limits: HttpLimits, tool: Tool = answer) -> AsyncIterator[str]:
    """A server in this process, until the block ends."""
    announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = Server("limited", on_call_tool=tool)
    serving = asyncio.create_task(
        serve_http(server, Address("127.0.0.1", 0), announce=announced.set_result, limits=limits)
    )
    try:
        yield await announced
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await serving


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /mcp", HALF, b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
async def test_what_does_not_arrive_in_time_is_given_up(sent: bytes) -> None:
    async with running(HttpLimits(receive_seconds=0.2)) as url:
        connection = open_socket(url, sent)
        with connection:
            assert await asyncio.to_thread(connection.recv, 1) == b""


async def test_time_for_the_answer_does_not_count() -> None:
    async with (
        running(HttpLimits(receive_seconds=0.2)) as url,
        httpx.AsyncClient(headers=JSON, trust_env=False) as http,
    ):
        for _ in range(2):
            late = await http.post(url, json=call("any", seconds=0.5))
            assert '"text":"x"' in late.text


async def test_a_client_that_does_not_read_is_given_up() -> None:
    async with running(HttpLimits(send_seconds=0.2)) as url:
        body = json.dumps(call("any", length=20_000_000)).encode()
        head = (
            b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        )
        with open_socket(url, head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body) as connection:
            poll = select.poll()
            poll.register(connection, select.POLLHUP | select.POLLERR)
            assert await asyncio.to_thread(poll.poll, 30_000)


async def test_a_client_that_reads_in_time_after_all_keeps_its_connection() -> None:
    async with (
        running(HttpLimits(send_seconds=0.5)) as url,
        httpx.AsyncClient(headers=JSON, trust_env=False, timeout=30) as http,
    ):
        # More than the system takes at once, so that the server has to wait for the client.
        large = await http.post(url, json=call("any", length=20_000_000))
        assert len(large.text) > 20_000_000
        used = large.extensions["network_stream"].get_extra_info("client_addr")
        late = await http.post(url, json=call("any", seconds=1))
        assert '"text":"x"' in late.text
        assert late.extensions["network_stream"].get_extra_info("client_addr") == used


# Connections


def test_half_sent_requests_do_not_keep_others_out(serve: Serve, account: dict[str, str], log: Any) -> None:
    with serve(env=account, files=128) as server, ExitStack() as half_sent:
        for _ in range(150):
            try:
                half_sent.enter_context(open_socket(server.url, HALF))
            except ConnectionError:
                continue
        answered = post(server.url, call("search_memories", user_id="alice", query="food"))
        assert '"success":true' in answered.text
    assert len(log.text) < 1000, log.text[:2000]


async def test_the_connection_that_waits_longest_makes_room() -> None:
    async with (
        running(HttpLimits(connections=2)) as url,
        httpx.AsyncClient(headers=JSON, trust_env=False) as http,
    ):
        at_work = asyncio.create_task(http.post(url, json=call("any", seconds=1)))
        first = open_socket(url, HALF)
        second = open_socket(url, HALF)
        with first, second:
            assert await asyncio.to_thread(first.recv, 1) == b""
            assert '"text":"x"' in (await at_work).text
            second.settimeout(0)
            with pytest.raises(BlockingIOError):
                second.recv(1)


# Log lines


def test_what_clients_cause_in_the_log_is_bounded(serve: Serve, account: dict[str, str], log: Any) -> None:
    with serve(env=account) as server:
        began = time.monotonic()
        for _ in range(100):
            with open_socket(server.url, b"nonsense\r\n\r\n") as connection:
                assert connection.recv(12) == b"HTTP/1.1 400"
        for _ in range(100):
            refused = post(server.url, PING, Host="evil.example" + "x" * 5000)
            assert refused.status_code == 421
        assert post(server.url, PING).status_code == 200
        periods = (time.monotonic() - began) // 10 + 1
    lines = log.text.splitlines()
    # 20 lines of each of two libraries, in each period that the requests took.
    assert len(lines) < 50 * periods
    assert max(map(len, lines)) < 700
    assert any("no more lines of uvicorn.error for 10 s" in line for line in lines)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of the limits on log lines, which a test moves."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(http_limits, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_after_a_while_the_libraries_may_write_again_and_our_own_lines_are_never_dropped(
    clock: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    def written(name: str) -> int:
        caplog.clear()
        for number in range(30):
            logging.getLogger(name).warning("line %d", number)
        return len(caplog.records)

    with bounded_log():
        assert written("uvicorn.error") == 20
        assert written("mcp.server") == 20
        assert written("modulex_mem0.calls") == 30
        clock.now += 9.9
        assert written("uvicorn.error") == 0
        clock.now += 0.2
        assert written("uvicorn.error") == 20
    assert written("uvicorn.error") == 30


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("length", [1, 1000])
def test_each_handler_writes_as_many_lines_however_many_there_are(length: int) -> None:
    logger = logging.getLogger()
    outs = [StringIO(), StringIO(), StringIO()]
    handlers = [logging.StreamHandler(out) for out in outs]
    for handler in handlers:
        logger.addHandler(handler)
    try:
        with bounded_log():
            for _ in range(30):
                logging.getLogger("uvicorn.error").warning("x" * length)
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
    line = "x" * length if length == 1 else "x" * 500 + "…"
    last = f"{line} (no more lines of uvicorn.error for 10 s)"
    assert [out.getvalue().splitlines() for out in outs] == [[line] * 19 + [last]] * 3
