"""Workers in processes of their own, started with the command, which a test may kill."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

PATIENCE = 40.0


class WorkerProcess:
    """A worker that is ready for work."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: list[str] = []
        self._change = threading.Condition()
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for("worker of the task queue")

    @property
    def output(self) -> str:
        """What it has written."""
        return "".join(self._lines)

    def wait_for(self, text: str) -> None:
        """Wait until it has written a text."""
        with self._change:
            self._change.wait_for(lambda: text in self.output or self._ended, PATIENCE)
        assert text in self.output, self.output

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def freeze(self) -> None:
        """Stop it as a machine that sleeps."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self._process.terminate()
        return self._process.wait(PATIENCE)

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._add(line)
        self._add("", ended=True)

    def _add(self, line: str, *, ended: bool = False) -> None:
        with self._change:
            self._lines.append(line)
            self._ended = ended
            self._change.notify_all()


@contextmanager
def worker_process(
    address: str, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[WorkerProcess]:
    """Run `modulex-mem0 temporal worker`."""
    command = [sys.executable, "-m", "modulex_mem0.cli", "temporal", "worker", "--address", address, *options]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, encoding="utf-8", env=os.environ | dict(environment or {})
    ) as process:
        try:
            yield WorkerProcess(process)
        finally:
            process.kill()
