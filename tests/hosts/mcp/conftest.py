"""The MCP server in its own process, between a real client of the SDK and a sandbox."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

COMMAND = ("-m", "modulex_mem0.cli")

# A third-party integration. Its actions report over a socket to the test.
TALKATIVE = """
import asyncio
import os

from modulex_mem0.contract import Action, Hints, Integration, Profile, hookimpl

print("printed while it is loaded")

OUTPUT = {
    "type": "object",
    "properties": {
        "success": {"type": "boolean"},
        "error": {"type": ["string", "null"]},
        "said": {"type": ["string", "null"], "default": None},
    },
    "required": ["success"],
}
INPUT = {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False}


async def say(context, input):
    print("printed during a call")
    os.system("echo printed by a child")
    context.report("no numbers")
    context.report("done is known", done=2, total=7)
    context.report("done went back", done=1, total=7)
    context.report("again no numbers")
    return {"success": True, "error": None, "said": input.get("text")}


async def wait_forever(context, input):
    _, writer = await asyncio.open_connection("127.0.0.1", int(input["text"]))
    writer.write(b"started ")
    await writer.drain()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        writer.write(b"cancelled")
        raise
    finally:
        writer.close()


@hookimpl
def modulex_integrations():
    profile = Profile(
        name="talkative", display_name="Talkative", description="Talks.", version="2.0.1", author="Someone"
    )
    return [Integration(profile, [
        Action(name="say", title="Say", description="Says it.", input=INPUT, output=OUTPUT, handler=say),
        Action(
            name="wait_forever", title="Wait", description="Waits.", input=INPUT, output=OUTPUT, handler=wait_forever,
            hints=Hints(read_only=True),
        ),
    ])]
"""


@pytest.fixture
def talkative(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine where the third-party integration `talkative` is installed."""
    site = tmp_path / "site"
    information = site / "talkative-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: talkative\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[modulex]\ntalkative = talkative_plugin\n")
    (site / "talkative_plugin.py").write_text(TALKATIVE)
    return {"PYTHONPATH": str(site)}


@dataclass(frozen=True)
class Log:
    """The server's standard error."""

    path: Path

    @property
    def text(self) -> str:
        """Everything that was written so far."""
        return self.path.read_text()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "stderr.txt")


Connect = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def connect(log: Log) -> Connect:
    """Start `modulex-mem0 mcp` with arguments, as a client does, and connect to it over stdio."""

    @asynccontextmanager
    async def connect_to(
        *arguments: str, env: dict[str, str] | None = None, mode: str = "auto", root: tuple[str, ...] = ()
    ) -> AsyncIterator[Any]:
        from mcp import Client, StdioServerParameters, stdio_client

        parameters = StdioServerParameters(
            command=sys.executable, args=[*COMMAND, *root, "mcp", *arguments], env=env or {}
        )
        with log.path.open("a") as errors:
            async with Client(stdio_client(parameters, errors), mode=mode, read_timeout_seconds=60) as client:
                yield client

    return connect_to


@dataclass(frozen=True)
class HttpServer:
    """A running server."""

    url: str
    process: "subprocess.Popen[str]" = field(repr=False)


Serve = Callable[..., AbstractContextManager[HttpServer]]


def _follow(process: "subprocess.Popen[str]", log: Log, address: "Queue[str | None]") -> None:
    """Copy what the server writes, and put the address that it announces into the queue; None when it ends."""
    assert process.stdout is not None
    with log.path.open("a") as copy, process.stdout as lines:
        for line in lines:
            copy.write(line)
            copy.flush()
            found = re.search(r"MCP server at (\S+)", line)
            if found:
                address.put(found[1])
    address.put(None)


@pytest.fixture
def serve(log: Log) -> Serve:
    """Start `modulex-mem0 mcp --http` on a free port, and end it after the block."""

    @contextmanager
    def serve_http(
        *arguments: str, env: dict[str, str] | None = None, root: tuple[str, ...] = (), files: int | None = None
    ) -> Iterator[HttpServer]:
        command = [sys.executable, *COMMAND, *root, "mcp", "--http", "127.0.0.1:0", *arguments]
        if files is not None:
            command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
        process = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
        )
        address: Queue[str | None] = Queue()
        # Read until the server ends: a full pipe would block it.
        reader = threading.Thread(target=_follow, args=(process, log, address))
        reader.start()
        try:
            url = address.get(timeout=60)
            assert url is not None, f"the server ended before it announced its address: {log.text}"
            yield HttpServer(url, process)
        finally:
            process.terminate()
            process.wait(timeout=30)
            reader.join()

    return serve_http


@pytest.fixture
def connect_http() -> Connect:
    """Connect to a server over HTTP, with headers."""

    @asynccontextmanager
    async def connect_to(url: str, headers: dict[str, str] | None = None, mode: str = "auto") -> AsyncIterator[Any]:
        import httpx2
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, mode=mode, read_timeout_seconds=60) as client:
                yield client

    return connect_to


class Listener:
    """Receives what `wait_forever` reports over its socket."""

    def __init__(self, port: int, reader: "asyncio.Future[asyncio.StreamReader]") -> None:
        self.port = str(port)
        self._reader = reader

    async def expect(self, word: bytes) -> None:
        """Wait for the word."""
        async with asyncio.timeout(30):
            assert await (await self._reader).readexactly(len(word)) == word


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    connected: asyncio.Future[asyncio.StreamReader] = asyncio.get_running_loop().create_future()
    writers: list[asyncio.StreamWriter] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        connected.set_result(reader)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield Listener(server.sockets[0].getsockname()[1], connected)
        for writer in writers:
            writer.close()
