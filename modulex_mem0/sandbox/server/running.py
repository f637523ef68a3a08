"""Runs a sandbox for the length of a `with` block: on a thread of this process, or in a process of its own."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from modulex_mem0.sandbox.faults.rules import FaultBoard, parse_rules
from modulex_mem0.sandbox.http.auth import Keyring
from modulex_mem0.sandbox.search.vectors import choose_mode
from modulex_mem0.sandbox.server.serving import SandboxServer
from modulex_mem0.sandbox.settings import SandboxSettings, SearchMode, StartError

__all__ = ["ChildSandbox", "RunningSandbox", "running_sandbox", "sandbox_process"]

_EXPORT_LINE = re.compile(r"MEM0_BASE_URL=(\S+) MEM0_API_KEY=(\S+)")
_STOP_TIMEOUT = 10  # seconds that the child has to stop before it is killed


@dataclass(frozen=True)
class _Account:
    base_url: str
    api_key: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request needs."""
        return {"Authorization": f"Token {self.api_key}"}


@dataclass(frozen=True)
class RunningSandbox(_Account):
    """A sandbox that is served on a thread.

    Attributes:
        base_url: Its address, without a trailing slash.
        api_key: The first of its keys.
        search_mode: `semantic` or `lexical`, also if the settings say `auto`.
    """

    search_mode: SearchMode
    _keyring: Keyring = field(repr=False)
    _faults: FaultBoard = field(repr=False)

    def with_fresh_project(self) -> Self:
        """The same server seen through a new key, which opens an empty project."""
        return replace(self, api_key=self._keyring.add_fresh())

    def set_faults(self, *rules: dict[str, Any]) -> None:
        """Replace the faults in force. They apply to the whole server, for every key.

        Raises:
            FaultsError: A rule is invalid.
        """
        self._faults.replace(parse_rules(list(rules)))


@dataclass(frozen=True)
class ChildSandbox(_Account):
    """A sandbox that is served by a child process.

    Attributes:
        base_url: Its address, without a trailing slash.
        api_key: The first of its keys.
        process: The child, which a test may kill.
    """

    process: subprocess.Popen[str]


@contextmanager
def running_sandbox(settings: SandboxSettings | None = None, **overrides: Any) -> Iterator[RunningSandbox]:  # noqa: ANN401
    """Serve a sandbox on a background thread.

    Args:
        settings: The settings to start from.
        **overrides: Single settings to change, named as in `SandboxSettings`.

    Raises:
        ValueError: A setting is out of range.
        StartError: The sandbox cannot start: the port, a file or a package is missing or cannot be used.
    """
    settings = replace(settings or SandboxSettings(), **overrides)
    server = SandboxServer(settings)
    failures: list[Exception] = []

    def run() -> None:
        try:
            server.serve_until_exit()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="sandbox-server", daemon=True)
    thread.start()
    server.ready.wait()
    try:
        if failures:
            raise failures[0]
        key = settings.keys[0].partition("=")[0]
        mode = choose_mode(settings.search_mode)
        yield RunningSandbox(server.base_url, key, mode, server.app.state.keyring, server.app.state.faults)
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def sandbox_process(settings: SandboxSettings | None = None, **overrides: Any) -> Iterator[ChildSandbox]:  # noqa: ANN401
    """Serve a sandbox with `python -m modulex_mem0.sandbox`, in a process that a test may kill.

    Args:
        settings: The settings to start from.
        **overrides: Single settings to change, named as in `SandboxSettings`.

    Raises:
        ValueError: A setting is out of range.
        StartError: The child did not start; the message is what it wrote.
    """
    settings = replace(settings or SandboxSettings(), **overrides)
    command = [sys.executable, "-m", "modulex_mem0.sandbox", *_arguments(settings)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        reader = threading.Thread(target=_discard_output, args=(process,), daemon=True)
        try:
            base_url, key = _read_banner(process)
            reader.start()
            yield ChildSandbox(base_url, key, process)
        finally:
            _stop(process)
            if reader.ident is not None:
                reader.join()


def _arguments(settings: SandboxSettings) -> list[str]:
    arguments = [f"--port={settings.port}", f"--delay={settings.delay!r}"]
    arguments += [f"--key={key}" for key in settings.keys]
    if settings.search_mode != "auto":
        arguments.append(f"--{settings.search_mode}")
    if settings.data is not None:
        arguments.append(f"--data={settings.data}")
    if settings.faults is not None:
        arguments.append(f"--faults={settings.faults}")
    if settings.allow_fault_control:
        arguments.append("--fault-control")
    if settings.allow_remote_webhooks:
        arguments.append("--remote-webhooks")
    if settings.record is not None:
        arguments.append(f"--record={settings.record}")
    if settings.seed is not None:
        arguments.append(f"--seed={settings.seed}")
    return arguments


def _read_banner(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Read the child's output up to its address and key."""
    written = ""
    for line in process.stderr or ():
        written += line
        match = _EXPORT_LINE.search(line)
        if match:
            return match.group(1), match.group(2)
    raise StartError(written.strip())


def _discard_output(process: subprocess.Popen[str]) -> None:
    """Read what else the child writes: a full pipe would block it."""
    for _ in process.stderr or ():
        pass


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
