"""n8n's own packages, installed from npm into a folder that is thrown away, and runs of a generated package with them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_PROGRAMS = ("harness.cjs", "lint.mjs")
#: What n8n 2.41 runs nodes with, and the rules of @n8n/scan-community-package.
_PACKAGES = (
    "n8n-workflow@2.41.0",
    "@n8n/eslint-plugin-community-nodes@0.32.0",
    "eslint-plugin-n8n-nodes-base@1.16.7",
    "@typescript-eslint/parser@8",
    "eslint@9.29.0",
    "typescript@5",
)
# How npm says that it reached no registry, in place of a package that cannot be installed.
_UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def n8n_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with n8n's packages and our programs in it."""
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        pytest.skip("Node and npm are not on this machine")
    folder = tmp_path_factory.mktemp("n8n")
    (folder / "package.json").write_text('{"private": true}')
    options = ("--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund")
    command = [npm, "install", *_PACKAGES, "zod@3.25.76", *options]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not finish within four minutes")
    if done.returncode != 0 and any(code in done.stderr for code in _UNREACHED):
        pytest.skip("npm reached no registry")
    assert done.returncode == 0, done.stderr
    for program in _PROGRAMS:
        shutil.copy(Path(__file__).parent / program, folder)
    return folder


@pytest.fixture
def run_node(n8n_packages: Path) -> Run:
    """Run a package's node and credentials; see harness.cjs."""

    def run(package: Path, *runs: dict[str, Any]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = json.loads(
            node(n8n_packages, "harness.cjs", text=json.dumps({"package": str(package.resolve()), "runs": runs}))
        )
        return results

    return run


@pytest.fixture
def lint(n8n_packages: Path) -> Callable[[Path], list[str]]:
    """The findings of n8n's own rules on a package; see lint.mjs."""
    return lambda package: node(n8n_packages, "lint.mjs", str(package.resolve())).splitlines()


def node(folder: Path, *arguments: str, text: str = "") -> str:
    """What a program prints."""
    command = [shutil.which("node") or "node", *arguments]
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
