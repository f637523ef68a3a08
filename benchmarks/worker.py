"""A contender's process: `python -m benchmarks.worker NAME`, one command a line in, one answer a line out."""

import asyncio
import gc
import json
import os
import selectors
import signal
import socket
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.contenders import CONTENDERS, HEADERS, RAW, Call, Target
from benchmarks.server import SEARCH, canned_replies

__all__ = ["Worker", "drive", "raw_sockets"]


class Worker:
    """Keeps what a contender opened from one command to the next, on one event loop."""

    def __init__(self, name: str) -> None:
        self._contender = CONTENDERS[name]
        self._opened = AsyncExitStack()
        self._target: Target | None = None
        self._call: Call

    async def measure(
        self, *, url: str, records: int, at_once: int, seconds: float = 0.0, calls: int = 0, mode: str = ""
    ) -> dict[str, Any]:
        """Make one round of calls: for a time, or until so many were made.

        Args:
            url: The server.
            records: How many records each reply holds.
            at_once: How many calls to keep open.
            seconds: How long to go on.
            calls: How many calls to make at least.
            mode: `warm` leaves out the warm-up, `watch` times the event loop's steps, `profile` samples the CPU.
        """
        await self._open(Target(url, records))
        if self._contender.pooled and mode != "warm":
            # Connections that were idle since the last round are gone; opening them is not what is measured.
            await drive(self._call, at_once, records, 0.15, max(2 * at_once, self._contender.connections))
            calls = calls or 3 * at_once
        seen: dict[str, Any]
        with _MODES.get(mode, lambda: nullcontext({}))() as seen:
            taken = await drive(self._call, at_once, records, seconds, calls)
        return {**taken, **_memory(), **seen}

    async def close(self) -> None:
        """Close what is open."""
        await self._opened.aclose()

    async def _open(self, target: Target) -> None:
        if target != self._target:
            await self.close()
            self._target = target
            self._call = await self._opened.enter_async_context(self._contender.open(target))
            gc.collect()


async def drive(call: Call, at_once: int, records: int, seconds: float, calls: int) -> dict[str, Any]:
    """Keep `at_once` calls open until the time is over and `calls` were made; each caller makes at least one.

    Returns:
        The calls made, the seconds they took, the CPU seconds of this process (all threads, kernel time included),
        and the latencies in milliseconds that half of the calls, and one in a hundred, exceeded.

    Raises:
        ValueError: A reply held another number of records.
    """
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while True:
            begun = time.perf_counter()
            got = await call()
            ended = time.perf_counter()
            if got != records:
                raise ValueError(f"the reply held {got} records, not {records}")
            latencies.append((ended - begun) * 1000)
            # The calls that the other callers have open count.
            if ended >= end and len(latencies) + at_once > calls:
                return

    wall, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(caller())
    taken = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    latencies.sort()
    made = len(latencies)
    return {"calls": made, **taken, "p50": latencies[int(made * 0.5)], "p99": latencies[int(made * 0.99)]}


@contextmanager
def _longest_step() -> Iterator[dict[str, Any]]:
    """The longest callback of the event loop while the block lasts, which slows each by about a microsecond.

    In milliseconds of this thread's CPU time, so that other work on the machine does not count: `milliseconds` with the
    garbage collections that fell into the step, `own` without them.
    """
    longest = {"milliseconds": 0.0, "own": 0.0}
    original = asyncio.Handle._run  # noqa: SLF001 - every callback passes through it
    collection_begun = collected = 0.0

    def collecting(phase: str, _info: dict[str, Any]) -> None:
        nonlocal collection_begun, collected
        if phase == "start":
            collection_begun = time.thread_time()
        else:
            collected += time.thread_time() - collection_begun

    def timed(handle: asyncio.Handle) -> None:
        nonlocal collected
        collected = 0.0
        begun = time.thread_time()
        original(handle)
        taken = time.thread_time() - begun
        longest["milliseconds"] = max(longest["milliseconds"], taken * 1000)
        longest["own"] = max(longest["own"], (taken - collected) * 1000)

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]  # noqa: SLF001
    gc.callbacks.append(collecting)
    try:
        yield {"longest_step": longest}
    finally:
        gc.callbacks.remove(collecting)
        asyncio.Handle._run = original  # type: ignore[method-assign]  # noqa: SLF001


@contextmanager
def _cpu_samples() -> Iterator[dict[str, Any]]:
    """Count, at every tick of the CPU clock, the innermost module of ours that is running, or else the library."""
    modules: Counter[str] = Counter()

    def sample(_signal: int, frame: FrameType | None) -> None:
        names: list[str] = []
        while frame is not None:
            names.append(frame.f_globals.get("__name__", ""))
            frame = frame.f_back
        ours = (name for name in names if name.startswith("modulex_mem0."))
        modules[next(ours, names[0].partition(".")[0])] += 1

    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    try:
        yield {"modules": modules}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


_MODES: Final[dict[str, Callable[[], Any]]] = {"watch": _longest_step, "profile": _cpu_samples}


def _memory() -> dict[str, int]:
    """The process's resident memory, and the blocks that Python has allocated."""
    statm = Path("/proc/self/statm")
    pages = int(statm.read_text().split()[1]) if statm.exists() else 0
    return {"rss": pages * os.sysconf("SC_PAGE_SIZE"), "blocks": sys.getallocatedblocks()}


def raw_sockets(*, url: str, records: int, at_once: int, seconds: float) -> dict[str, float]:
    """Keep `at_once` requests open: send the same bytes each time and count the reply's bytes, which are not parsed.

    How fast this is says how fast the server is.
    """
    address = urlsplit(url)
    body = json.dumps(Target(url, records).body()).encode()
    headers = HEADERS | {"Host": address.netloc, "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    request = SEARCH + b" HTTP/1.1\r\n" + head + b"\r\n" + body
    length = len(canned_replies(records)[SEARCH])
    context = ssl.create_default_context() if address.scheme == "https" else None
    made = 0
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for _ in range(at_once):
            connection = socket.create_connection((address.hostname, address.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                connection = context.wrap_socket(connection, server_hostname=address.hostname)
            stack.enter_context(connection)
            # One exchange before the clock starts, so that the server has accepted the connection.
            connection.send(request)
            _received(connection, [length])
            connection.setblocking(False)
            # Kept with each connection: how many bytes of the reply are missing.
            selector.register(connection, selectors.EVENT_READ, [length])
            connection.send(request)
        begun = time.perf_counter()
        while (now := time.perf_counter()) < begun + seconds:
            for key, _ in selector.select():
                ready: Any = key.fileobj
                if _received(ready, key.data):
                    made += 1
                    key.data[0] = length
                    ready.send(request)
    return {"calls": made, "seconds": now - begun}


def _received(connection: socket.socket, missing: list[int]) -> bool:
    """Read what has arrived, or all of it where the socket blocks; true when the reply is complete."""
    while missing[0] > 0:
        try:
            missing[0] -= len(connection.recv(2**20))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
    return True


def _main(name: str) -> None:
    # The answers have standard output for themselves: what a library prints goes to standard error.
    with os.fdopen(os.dup(1), "w", buffering=1) as answers, asyncio.Runner() as runner:
        os.dup2(2, 1)
        worker = None if name == RAW else Worker(name)
        for command in map(json.loads, sys.stdin):
            answer = runner.run(worker.measure(**command)) if worker else raw_sockets(**command)
            print(json.dumps(answer), file=answers)
        if worker:
            runner.run(worker.close())


if __name__ == "__main__":
    _main(sys.argv[1])
