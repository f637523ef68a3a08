"""n8n's own packages, installed from npm once for every environment, and runs of a generated package with them."""

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
    "zod@3.25.76",
)
_FOLDER = Path(__file__).parents[3] / "build" / "n8n-packages"
# How npm says that it reached no registry, in place of a package that cannot be installed.
_UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")

# What n8n's rules find in the sources, and why it stays.
_ACCEPTED = {
    "n8n-nodes-base/node-param-default-wrong-for-limit": "the default of `limit` is documented, and is not 50",
    "n8n-nodes-base/node-param-description-wrong-for-limit": "the description says more than n8n's",
    "n8n-nodes-base/node-param-default-wrong-for-options": "a choice that has to be made is not made for anybody",
    "@n8n/community-nodes/resource-operation-pattern": "an integration has actions, without resources above them",
    "@n8n/community-nodes/credential-unnecessary-password": "the rule knows `apiKey`, and not `api_key`",
}

Run = Callable[..., list[dict[str, Any]]]
Lint = Callable[..., list[str]]


@pytest.fixture(scope="session")
def n8n_packages() -> Path:
    """A folder with n8n's packages and our programs in it."""
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        pytest.skip("Node and npm are not on this machine")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for program in _PROGRAMS:
        shutil.copy(Path(__file__).parent / program, _FOLDER)
    installed, wanted = _FOLDER / "installed", "\n".join(_PACKAGES)
    if installed.exists() and installed.read_text() == wanted:
        return _FOLDER
    (_FOLDER / "package.json").write_text('{"private": true}')
    options = ("--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund")
    command = [npm, "install", *_PACKAGES, *options]
    try:
        done = subprocess.run(command, cwd=_FOLDER, capture_output=True, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not finish within four minutes")
    if done.returncode != 0 and any(code in done.stderr for code in _UNREACHED):
        pytest.skip("npm reached no registry")
    assert done.returncode == 0, done.stderr
    installed.write_text(wanted)
    return _FOLDER


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
def lint(n8n_packages: Path) -> Lint:
    """The findings of n8n's own rules on packages, without what is accepted; see lint.mjs."""

    def find(*packages: Path) -> list[str]:
        lines = node(n8n_packages, "lint.mjs", *(str(package.resolve()) for package in packages)).splitlines()
        return [line for line in lines if line.split(" ", 2)[1].rstrip(":") not in _ACCEPTED]

    return find


def node(folder: Path, *arguments: str, text: str = "") -> str:
    """What a program prints."""
    command = [shutil.which("node") or "node", *arguments]
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
