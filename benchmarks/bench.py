"""What a run is made of: the server, an environment without surprises, and a process for each contender."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import certifi

from benchmarks.server.running import RunningServer, running_server

__all__ = ["ROOT", "Bench", "Client", "open_bench"]

#: The checkout.
ROOT = Path(__file__).parent.parent


class Client:
    """A contender's process."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", server: RunningServer) -> None:
        self.name = name
        self._process = process
        self._server = server

    def measure(self, scheme: str, records: int, **command: Any) -> dict[str, Any]:  # noqa: ANN401 - numbers and flags
        """One round; the server's own CPU time and the connections opened meanwhile are added.

        Raises:
            RuntimeError: The contender failed; its traceback is on standard error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        before = self._server.counts()
        self._process.stdin.write(
            json.dumps({"url": self._server.url(scheme, records), "records": records, **command}) + "\n"
        )
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended unexpectedly")
        after = self._server.counts()
        answer: dict[str, Any] = json.loads(line)
        # The second count was asked for over a connection of its own.
        return answer | {
            "server_cpu": after["cpu"] - before["cpu"],
            "connections": after["opened"] - before["opened"] - 1,
        }


class Bench:
    """The server and the processes of one run."""

    def __init__(self, server: RunningServer, folder: Path, stack: ExitStack) -> None:
        self.server = server
        self.folder = folder
        self._stack = stack

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of every process: no proxy, no key, no telemetry, and certificates as everybody has them.

        A bundle of one certificate would favour whoever reads it at every call, so that ours stands among certifi's.
        """
        bundle = self.folder / "bundle.pem"
        if not bundle.exists():
            bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + self.server.authority.read_bytes())
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith(("MEM0_", "PYTHON"))
        }
        return kept | {
            "SSL_CERT_FILE": str(bundle),
            "REQUESTS_CA_BUNDLE": str(bundle),
            "MEM0_TELEMETRY": "False",
            "MEM0_DIR": str(self.folder / "mem0"),
            "HOME": str(self.folder),
            **more,
        }

    def client(self, name: str, *, extra_path: Path | None = None) -> Client:
        """Start a contender's process; it ends with the run.

        Args:
            name: The contender's.
            extra_path: A folder of more installed packages.
        """
        more: Mapping[str, str] = {} if extra_path is None else {"PYTHONPATH": str(extra_path)}
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.environment(**more),
        )
        self._stack.callback(_end, process)
        return Client(name, process, self.server)


@contextmanager
def open_bench() -> Iterator[Bench]:
    """The server, while the block lasts, and all that it started."""
    with running_server() as server, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield Bench(server, Path(folder), stack)


def _end(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
