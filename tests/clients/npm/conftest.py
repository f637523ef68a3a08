"""Clients from npm, in one folder that `scripts/npm-clients` fills, each driven by a program of `programs/`."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
INSTALL = FOLDER.parents[2] / "scripts" / "npm-clients"
# How npm says that it reached no registry, in place of a package that cannot be installed.
_UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")

Drive = Callable[[str], dict[str, Any]]
_versions: list[str] = []


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the packages in place."""
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not on this machine")
    try:
        done = subprocess.run([INSTALL], capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not finish within five minutes")
    if done.returncode != 0 and any(code in done.stderr for code in _UNREACHED):
        pytest.skip("npm reached no registry")
    assert done.returncode == 0, done.stdout + done.stderr
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    _versions.append(f"Node {version}")
    return program


@pytest.fixture
def installed(node: str) -> Callable[[str], str]:
    """Check that a package is the version that package.json asks for, and have the report name it."""
    wanted = json.loads((FOLDER / "package.json").read_text())

    def check(name: str) -> str:
        found = json.loads((FOLDER / "node_modules" / name / "package.json").read_text())
        asked = (wanted["dependencies"] | wanted["alone"])[name].rpartition("@")[2]
        assert found["version"] == asked
        label = f"{found['name']} {asked}"
        if label not in _versions:
            _versions.append(label)
        return str(asked)

    return check


@pytest.fixture
def drive(node: str, account: dict[str, str]) -> Drive:
    """Run a program, and return what the client's user saw: the last line that it prints, as JSON."""

    def run(program: str) -> dict[str, Any]:
        command = [node, str(FOLDER / "programs" / program)]
        done = subprocess.run(command, env=account, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return seen

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _versions:
        terminalreporter.write_line(f"clients from npm: {', '.join(_versions)}")
