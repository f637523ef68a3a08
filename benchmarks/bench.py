"""A run's processes: the server, and one for each contender, in an environment that favours none of them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import certifi
import trustme

from benchmarks.results import Load

__all__ = ["ROOT", "Bench", "Measure", "open_bench"]

#: The checkout.
ROOT: Final = Path(__file__).parent.parent

#: Makes one round under a load; the keywords are those of `Worker.measure`.
Measure = Callable[..., dict[str, Any]]


class Bench:
    """The server and the contenders of one case, and a folder for its files."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        authority, certificate = trustme.CA(), folder / "server.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        # A bundle of one certificate would favour clients that read it for each call, so ours stands among certifi's.
        self._bundle = folder / "bundle.pem"
        self._bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + authority.cert_pem.bytes())
        self._server = self._start("benchmarks.server", str(certificate))

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of every process: no proxy, no key, no telemetry."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith(("MEM0_", "PYTHON"))
        }
        bundle, folder = str(self._bundle), str(self.folder)
        ours = {"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle, "HOME": folder}
        return kept | ours | {"MEM0_TELEMETRY": "False", "MEM0_DIR": f"{folder}/mem0"} | more

    def contender(self, name: str, *, extra_path: Path | None = None) -> Measure:
        """Start a contender's process, which ends with the bench.

        Args:
            name: The contender's.
            extra_path: A folder of more installed packages.

        Returns:
            A function that measures one round, and adds the server's CPU seconds to the worker's answer.
        """
        worker = self._start("benchmarks.worker", name, **({"PYTHONPATH": str(extra_path)} if extra_path else {}))

        def measure(load: Load, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - numbers and a word
            before = _ask(self._server)
            url = f"{load.scheme}://127.0.0.1:{before['ports'][load.scheme][str(load.records)]}"
            answer = _ask(worker, url=url, records=load.records, at_once=load.at_once, **options)
            return answer | {"server_cpu": _ask(self._server)["cpu"] - before["cpu"]}

        return measure

    def _start(self, module: str, argument: str, **environment: str) -> "subprocess.Popen[str]":
        """A module as a process that answers each line of its input with a line, and ends with its input."""
        process = subprocess.Popen(
            [sys.executable, "-m", module, argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.environment(**environment),
        )
        self._stack.callback(_end, process)
        return process


def _ask(process: "subprocess.Popen[str]", **question: object) -> dict[str, Any]:
    """Send a line and wait for the answer.

    Raises:
        RuntimeError: The process ended; its traceback is on standard error.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    print(json.dumps(question), file=process.stdin, flush=True)
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a process ended unexpectedly: {process.args!r}")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _end(process: "subprocess.Popen[str]") -> None:
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


@contextmanager
def open_bench() -> Iterator[Bench]:
    """A bench, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield Bench(Path(folder), stack)
