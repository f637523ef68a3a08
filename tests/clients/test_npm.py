"""Mem0's own JavaScript client, two generations of it, installed from npm into a folder that is thrown away."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_PACKAGES = ("mem0ai@3", "mem0ai-2@npm:mem0ai@2.4.6")
_PROGRAMS = Path(__file__).parent
# How npm says that it reached no registry, in place of a package that cannot be installed.
_UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="Node and npm are not on this machine"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it."""
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    npm = shutil.which("npm") or "npm"
    # The package's peers are databases for its other half, which keeps memories by itself.
    command = [npm, "install", *_PACKAGES, "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not finish within three minutes")
    if done.returncode != 0 and any(code in done.stderr for code in _UNREACHED):
        pytest.skip("npm reached no registry")
    assert done.returncode == 0, done.stderr
    return folder


def _run(program: str, installed: Path, account: dict[str, str]) -> dict[str, Any]:
    """What the client's user saw."""
    shutil.copy(_PROGRAMS / program, installed)
    command = [shutil.which("node") or "node", program]
    done = subprocess.run(command, cwd=installed, env=account, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_everything_that_the_older_client_does(installed: Path, account: dict[str, str]) -> None:
    seen = _run("npm_client_2.mjs", installed, account)
    both = ["I drink tea", "I love hiking in the Alps"]
    assert [entry["status"] for entry in seen["added"]] == ["PENDING"]
    assert (seen["listed"], seen["listed2"], seen["paged"]) == (both, both, 2)
    assert seen["found"] == seen["found2"] == ["I love hiking in the Alps"]
    assert (seen["one"], seen["history"]) == (True, ["ADD", "UPDATE"])
    assert (seen["webhook"], seen["webhooks"]) == ("hook", 1)
    assert (seen["users"], seen["left"]) == (["alice"], 0)


def test_everything_that_the_client_does(installed: Path, account: dict[str, str]) -> None:
    seen = _run("npm_client.mjs", installed, account)
    organization, project = seen["account"]
    assert organization == "org-sandbox"
    assert project.startswith("proj-")
    assert "Invalid API key" in seen["wrongKey"]
    assert seen["added"]["status"] == "PENDING"
    assert seen["added"]["eventId"]
    assert seen["verbatim"] == "My bicycle is red"
    assert (seen["found"]["memory"], seen["found"]["userId"]) == ("I love hiking in the Alps", "alice")
    assert 0 < seen["found"]["score"] <= 1
    assert seen["pages"] == [
        {"count": 3, "texts": ["My bicycle is red", "I drink tea"], "last": False},
        {"count": 3, "texts": ["I love hiking in the Alps"], "last": True},
    ]
    assert (seen["one"]["memory"], seen["one"]["lifecycleState"]) == ("My bicycle is red", "active")
    assert seen["updated"] == "My bicycle is blue"
    assert seen["history"] == [
        ["ADD", None, "My bicycle is red"],
        ["UPDATE", "My bicycle is red", "My bicycle is blue"],
    ]
    assert seen["feedback"]["feedback"] == "POSITIVE"
    assert seen["exported"] == ["I drink tea", "I love hiking in the Alps", "My bicycle is blue"]
    assert seen["batchUpdated"] == "My bicycle is green"
    assert "Memory not found" in seen["gone"]
    assert seen["project"] == {"customInstructions": "Be brief."}
    assert (seen["users"], seen["usersLeft"]) == (["alice", "bob/1"], ["alice"])
    assert seen["deleted"] == "Memory deleted successfully!"
    assert seen["left"] == 0
