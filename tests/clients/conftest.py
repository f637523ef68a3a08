"""Other people's clients, as installed from their registries, against the sandbox.

What is not installed is skipped, with the reason. `scripts/test-elsewhere` installs and runs all of it; a folder with a
`requirements.txt` has an environment of its own.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox

Mem0 = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[..., Any]

_CLIENTS = (
    "agent-framework-mem0", "agno", "camel-ai", "mem0-cli", "mem0-haystack", "mem0-mcp-server", "mem0-strands",
    "mem0ai", "modulex-integrations", "nvidia-nat-mem0ai", "pipecat-ai", "strands-agents-tools",
)  # fmt: skip

_HOME = tempfile.TemporaryDirectory(prefix="mem0-clients-")
# Read by these packages when they are imported, which is before any fixture: no telemetry, no file in the user's home.
_AT_IMPORT = {"MEM0_TELEMETRY": "False", "MEM0_DIR": _HOME.name, "HAYSTACK_TELEMETRY_ENABLED": "False"}
_BEFORE = {name: os.environ.get(name) for name in _AT_IMPORT}
os.environ.update(_AT_IMPORT)


def pytest_unconfigure() -> None:
    """Leave the environment and the disk as they were."""
    for name, value in _BEFORE.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    _HOME.cleanup()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the releases that were run."""
    found = []
    for name in _CLIENTS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    if found:
        terminalreporter.write_line(f"clients: {', '.join(found)}")


@pytest.fixture
def read(mem0: Mem0) -> Read:
    """What a command line of Mem0's, the file's fixture `mem0`, prints as JSON, once it has succeeded."""

    def run(*arguments: str) -> Any:
        done = mem0(*arguments, "--output", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def built_in_address(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a client that has Mem0's address built in."""
    pytest.importorskip("trustme", reason="trustme is not installed: pip install --group test")
    from tests.clients.platform_address import platform_address

    port = int(sandbox.base_url.rpartition(":")[2])
    with platform_address(port, tmp_path) as environment:
        yield {**environment, "MEM0_API_KEY": sandbox.api_key}


@pytest.fixture
def account(sandbox: RunningSandbox, tmp_path: Path) -> dict[str, str]:
    """The environment of a client in a process of its own, with a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "MEM0_BASE_URL": sandbox.base_url,
        "MEM0_API_KEY": sandbox.api_key,
        "MEM0_TELEMETRY": "false",
    }
