"""Make very many calls with faults among them: `python -m tests.soak --calls 1000000`.

A server in a process of its own counts what arrives and spoils one reply in twenty: it resets the connection, cuts the
reply off, or answers with 429, 503 or no JSON. Nothing may be lost, doubled or handed to another call, and when a tenth
of the calls is done, what the process holds may no longer grow.
"""

import argparse
import asyncio
import gc
import itertools
import json
import os
import sys
import threading
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import get_args

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime, RuntimeSettings, TransportName
from tests.helpers.tiny_integration import KEY, plugin

__all__ = ["main"]

_MOST_GROWTH = 16  # megabytes
_FAULTS = (
    b"",
    b'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"n": 1',
    b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 2\r\n\r\n{}",
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
)


class _Server:
    """Answers a request with its own body; counts how often each number arrived to change something."""

    def __init__(self, calls: int, share: float) -> None:
        self.arrived = bytearray(calls)
        self._share = share
        self._random = Random(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; returns whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        body = await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0))
        if not head.startswith(b"get "):
            self.arrived[json.loads(body)["n"]] += 1
        if self._random.random() >= self._share:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
            return True
        fault = self._random.choice(_FAULTS)
        writer.write(fault)
        if not fault:
            writer.transport.abort()
        return b"length: 2\r" in fault or b"length: 6\r" in fault


def _serve(pipe: Connection, calls: int, share: float) -> None:
    """Serve until the other end of the pipe asks for the counts."""

    async def run() -> bytearray:
        state = _Server(calls, share)
        server = await asyncio.start_server(state.serve, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(pipe.recv)
        return state.arrived

    pipe.send(bytes(asyncio.run(run())))


def _holdings() -> dict[str, int]:
    """Megabytes of memory, open files and threads of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    return {"MB": pages * os.sysconf("SC_PAGE_SIZE") >> 20, "files": files, "threads": threading.active_count()}


async def _call_all(
    port: int, calls: int, abreast: int, transport: TransportName
) -> tuple[Counter[str], bytearray, list[str]]:
    """Returns how the calls ended, which changes succeeded, and what is wrong."""
    ended: Counter[str] = Counter()
    changed = bytearray(calls)
    wrong: list[str] = []
    credential = {"api_key": KEY, "base_url": f"http://127.0.0.1:{port}"}
    settings = RuntimeSettings(transport=transport, retry_wait=0.001, max_connections=abreast, max_keepalive=abreast)

    async with Runtime(settings, plugins=[plugin()]) as runtime:

        async def work(numbers: "itertools.islice[int]") -> None:
            for number in numbers:
                action = ("change", "fetch")[number % 2]
                given = {"body": {"n": number}}
                result = await runtime.call("tiny", action, given, credential=credential)
                ended[result.error.code.value if result.error else "success"] += 1
                if result.error and result.error.code is ErrorCode.INTERNAL:
                    wrong.append(f"call {number} failed inside: {result.error.message}")
                elif result.success and result.output["value"] != {"n": number}:
                    wrong.append(f"call {number} got the reply {result.output['value']}")
                elif result.success and action == "change":
                    changed[number] = 1

        source = iter(range(calls))
        warm = calls // 10
        await asyncio.gather(*(work(share) for share in [itertools.islice(source, warm)] * abreast))
        before = _holdings()
        await asyncio.gather(*(work(share) for share in [itertools.islice(source, calls - warm)] * abreast))
        after = _holdings()
    if len(asyncio.all_tasks()) > 1:
        wrong.append(f"tasks are left: {asyncio.all_tasks()}")
    print(f"after a tenth: {before}; at the end: {after}")  # noqa: T201 - what a command prints
    if after["MB"] - before["MB"] > _MOST_GROWTH:
        wrong.append("memory grew")
    if after["files"] > before["files"] + abreast or after["threads"] > before["threads"]:
        wrong.append("files or threads are left")
    return ended, changed, wrong


def main() -> int:
    """Run the calls; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000, help="(default: %(default)s)")
    parser.add_argument("--open", type=int, default=128, help="calls under way at once (default: %(default)s)")
    parser.add_argument("--faults", type=float, default=5, help="percent of the replies (default: %(default)s)")
    parser.add_argument("--transport", choices=get_args(TransportName), default="auto", help="(default: %(default)s)")
    options = parser.parse_args()
    context = get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=_serve, args=(there, options.calls, options.faults / 100), daemon=True)
    server.start()
    began = time.monotonic()
    ended, changed, wrong = asyncio.run(_call_all(here.recv(), options.calls, options.open, options.transport))
    seconds = time.monotonic() - began
    here.send("end")
    arrived: bytes = here.recv()
    server.join()
    wrong += [f"change {n} arrived {arrived[n]} times" for n in range(0, options.calls, 2) if arrived[n] > 1]
    wrong += [f"change {n} succeeded, and never arrived" for n in range(options.calls) if changed[n] > arrived[n]]
    if ended.total() != options.calls:
        wrong.append(f"only {ended.total()} calls ended")
    print(f"{options.calls} calls in {seconds:.0f} s: {dict(ended.most_common())}")  # noqa: T201
    for line in wrong[:20]:
        print(line)  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
