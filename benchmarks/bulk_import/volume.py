"""Imports many rows into a server that takes everything at once, and reports the time and the peak of the memory.

    python -m benchmarks.bulk_import.volume --rows 1000000

The server is not the sandbox, which would be what is measured: a million rows in it take a disk and hours.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bulk_import.harness import import_process, write_rows

__all__ = ["Taker", "run", "taking_server"]


@dataclass
class Taker:
    """The server, as the import is pointed at it."""

    base_url: str
    api_key: str = "m0-volume"
    taken: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request needs."""
        return {"Authorization": f"Token {self.api_key}"}


class _Connection(asyncio.Protocol):
    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._data) < end + 4 + length:
                return
            self._data = self._data[end + 4 + length :]
            self._answer(head.split(b" ", 2)[1])

    def _answer(self, path: bytes) -> None:
        if path.startswith(b"/v3/memories/add/"):
            self._taker.taken += 1
            body = b'{"message":"ok","status":"SUCCEEDED","event_id":"e-%d"}' % self._taker.taken
        elif path.startswith(b"/v1/ping/"):
            body = b'{"status":"ok","org_id":"org-1","project_id":"proj-1","user_email":"a@example.com"}'
        else:
            body = b'{"count":0,"next":null,"previous":null,"results":[]}'
        if self._transport is not None:
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )


@contextmanager
def taking_server() -> Iterator[Taker]:
    """A server on this machine that accepts every add at once, on a thread."""
    loop = asyncio.new_event_loop()
    taker = Taker("")
    server = loop.run_until_complete(loop.create_server(lambda: _Connection(taker), "127.0.0.1", 0))
    taker.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield taker
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def run(folder: Path, rows: int) -> tuple[float, float, int]:
    """Import so many rows; returns the seconds, the peak in MB, and how many adds arrived."""
    file = folder / "rows.jsonl"
    write_rows(file, rows, users=1000)
    begun = time.monotonic()
    with taking_server() as taker, import_process(file, taker, folder, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"the import ended with {process.returncode}")
    # Kilobytes on Linux, bytes on macOS.
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return time.monotonic() - begun, peak, taker.taken


def main() -> None:
    """Run it as a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds, peak, taken = run(Path(folder), given.rows)
    print(json.dumps({"rows": given.rows, "taken": taken, "seconds": round(seconds), "peak_mb": round(peak)}))
    raise SystemExit(taken != given.rows)


if __name__ == "__main__":
    main()
