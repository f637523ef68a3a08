"""CPU that the REST API adds to a call through the runtime: python -m benchmarks.rest [calls].

A process makes the calls through the runtime; another one is the server, which is sent the same calls one after the
other over a kept connection. Both call one sandbox. The difference of their CPU times per call is what HTTP, the
checks, the JSON and the record of the run cost. Rounds alternate, and the median counts.
"""

import asyncio
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.sandbox import sandbox_process
from modulex_mem0.server import ServerSettings, TemporaryCredential, serve

__all__ = ["LIMIT", "measure"]

#: Milliseconds that the REST API may add to a call.
LIMIT = 0.3

_TOKEN = "benchmark-token-0123456789"  # noqa: S105 - of a server on this machine that ends with this program
_ROUNDS = 7
_WARM_UP = 200
_INPUT = {"user_id": "alice", "query": "vegetarian", "limit": 10}
_PATH = "/v1/integrations/mem0/actions/search_memories"


def main() -> None:
    """Measure and print."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    taken = measure(calls, _ROUNDS)
    for number, (direct, served) in enumerate(taken, 1):
        print(f"round {number}: runtime {direct:.3f} ms, server {served:.3f} ms")
    added = statistics.median(served - direct for direct, served in taken)
    print(f"the REST API adds {added:.3f} ms of CPU to a call, for {LIMIT} ms: {'met' if added <= LIMIT else 'missed'}")


def measure(calls: int, rounds: int) -> list[tuple[float, float]]:
    """Milliseconds of CPU for each call through the runtime, and through the server, by round.

    Raises:
        RuntimeError: A call failed, or a process ended.
    """
    with sandbox_process(delay=0) as sandbox, tempfile.TemporaryDirectory() as folder:
        variables = {"MEM0_API_KEY": sandbox.api_key, "MEM0_BASE_URL": sandbox.base_url, "MODULEX_HOME": folder}
        with _child("runtime", variables) as runtime, _child("server", variables) as server:
            # The first line that the server writes is its address.
            host = (server.stdout.readline() if server.stdout else "").strip().removeprefix("http://")
            if not host:
                raise RuntimeError("the server did not start")
            _direct(runtime, _WARM_UP)
            _served(server, host, _WARM_UP)
            return [(_direct(runtime, calls), _served(server, host, calls)) for _ in range(rounds)]


@contextmanager
def _child(role: str, variables: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"from benchmarks.rest import {role}; {role}()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
        env=os.environ | variables,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _direct(process: "subprocess.Popen[str]", calls: int) -> float:
    """Milliseconds of CPU for each call through the runtime."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{calls}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the process of the runtime ended")
    return float(line) * 1000 / calls


def _served(process: "subprocess.Popen[str]", host: str, calls: int) -> float:
    """Milliseconds of the server's CPU for each call over REST."""
    connection = http.client.HTTPConnection(host)
    headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
    body = json.dumps(_INPUT)
    before = _cpu_seconds(process.pid)
    for _ in range(calls):
        connection.request("POST", _PATH, body, headers)
        reply = connection.getresponse()
        content = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"the server replied {reply.status}: {content[:200]!r}")
    used = _cpu_seconds(process.pid) - before
    connection.close()
    return used * 1000 / calls


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def runtime() -> None:
    """The child that calls through the runtime: a number of calls in, seconds of CPU out, line by line."""

    async def run() -> None:
        async with Runtime(RuntimeSettings(trust_env=False)) as made:
            for line in sys.stdin:
                before = time.process_time()
                for _ in range(int(line)):
                    result = await made.call("mem0", "search_memories", _INPUT)
                    if not result.success:
                        raise SystemExit(result.output["error"])
                print(time.process_time() - before, flush=True)

    asyncio.run(run())


def server() -> None:
    """The child that serves; it writes its address."""
    offered = TemporaryCredential(
        "sandbox", "mem0", {"api_key": os.environ["MEM0_API_KEY"], "base_url": os.environ["MEM0_BASE_URL"]}
    )
    settings = ServerSettings(token=_TOKEN, directory=Path(os.environ["MODULEX_HOME"]), temporary=offered)
    made = Runtime(RuntimeSettings(trust_env=False))
    serve(settings, announce=lambda url: print(url, flush=True), runtime=made)


if __name__ == "__main__":
    main()
