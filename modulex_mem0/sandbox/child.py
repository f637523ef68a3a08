"""A sandbox in a process of its own, for those who would block its thread, or kill it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from modulex_mem0.sandbox.settings import SandboxSettings

_ADDRESS = re.compile(r"MEM0_BASE_URL=(\S+) MEM0_API_KEY=(\S+)")
_PATIENCE = 10  # seconds for the child to stop before it is killed


class ChildError(Exception):
    """The child process did not start; the message is what it wrote."""


@dataclass(frozen=True)
class ChildSandbox:
    """A sandbox served by a child process.

    Attributes:
        base_url: Where, without a trailing slash.
        api_key: The first of its keys.
        process: The child, to be killed if that is what is being tried.
    """

    base_url: str
    api_key: str
    process: subprocess.Popen[str]

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request needs."""
        return {"Authorization": f"Token {self.api_key}"}


@contextmanager
def sandbox_process(settings: SandboxSettings | None = None, **overrides: Any) -> Iterator[ChildSandbox]:  # noqa: ANN401
    """Serve a sandbox with ``python -m modulex_mem0.sandbox`` and stop it at the end of the block.

    Args:
        settings: What to start from.
        **overrides: Single settings to change, as named in ``SandboxSettings``.

    Raises:
        ValueError: A setting is out of range.
        ChildError: The child did not start.
    """
    settings = replace(settings or SandboxSettings(), **overrides)
    command = [sys.executable, "-m", "modulex_mem0.sandbox", *_arguments(settings)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        reader = threading.Thread(target=_discard, args=(process,), daemon=True)
        try:
            base_url, key = _address(process)
            reader.start()
            yield ChildSandbox(base_url, key, process)
        finally:
            _stop(process)
            if reader.ident is not None:
                reader.join()


def _address(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Read the banner up to the line that says where the server is."""
    written = ""
    for line in process.stderr or ():
        written += line
        match = _ADDRESS.search(line)
        if match:
            return match.group(1), match.group(2)
    raise ChildError(written.strip())


def _discard(process: subprocess.Popen[str]) -> None:
    """Read what else the child writes: a pipe that nobody reads would stop it once it is full."""
    for _ in process.stderr or ():
        pass


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


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
    return arguments
