"""Mem0's command line for Node, as its user runs it: a process for each command, and a home of its own."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.conftest import Mem0, Read
from tests.clients.npm.conftest import FOLDER


@pytest.fixture
def mem0(node: str, installed: Callable[[str], str], account: dict[str, str]) -> Mem0:
    installed("@mem0/cli")
    program = FOLDER / "node_modules" / "@mem0" / "cli" / "dist" / "index.js"

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [node, "--require", str(FOLDER / "programs" / "no_idle_wait.cjs"), str(program), *arguments]
        return subprocess.run(
            command,
            env=account | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_the_account(read: Read, mem0: Mem0, account: dict[str, str]) -> None:
    done = mem0("init", "--api-key", account["MEM0_API_KEY"], "--user-id", "carl", "--force")
    assert done.returncode == 0, done.stderr
    saved = json.loads((Path(account["HOME"]) / ".mem0" / "config.json").read_text())
    assert (saved["platform"]["base_url"], saved["defaults"]["user_id"]) == (account["MEM0_BASE_URL"], "carl")
    assert mem0("config", "set", "defaults.user_id", "dora").returncode == 0
    assert mem0("config", "get", "defaults.user_id").stdout.strip() == "dora"
    assert account["MEM0_API_KEY"] not in json.dumps(read("config", "show"))
    assert read("status")["data"]["connected"] is True
    refused = mem0("list", "--user-id", "carl", MEM0_API_KEY="m0-wrong")
    assert (refused.returncode, "Invalid or expired API key" in refused.stderr) == (1, True)


def test_the_life_of_a_memory(read: Read, mem0: Mem0) -> None:
    added = read("add", "I have a red car. I love hiking.", "--user-id", "carl")
    assert added["status"] == "PENDING"
    event = read("event", "status", added["event_id"])["data"]
    assert (event["status"], len(event["results"])) == ("SUCCEEDED", 2)
    verbatim = [
        "--no-infer", "--metadata", '{"a": 1}', "--expires", "2999-01-01", "--timestamp", "1760000000",
        "--custom-instructions", "Be brief.", "--custom-categories", '[{"boats": "ships"}]',
    ]  # fmt: skip
    assert read("add", "I own a boat", "--user-id", "carl", *verbatim)["results"]
    listed = read("list", "--user-id", "carl", "--before", "2999-01-01", "--page-size", "2", "--latest-only")
    assert [entry["memory"] for entry in listed["data"]] == ["I love hiking", "I have a red car"]
    [found] = read("search", "red car", "--user-id", "carl", "--rerank", "--top-k", "1")
    assert found["memory"] == "I have a red car"
    assert found["score"] >= 0.3, "the threshold that the command sends"
    updated = read("update", found["id"], "I have a blue car", "--metadata", '{"k": 1}', "--expires", "2999-01-01")
    assert (updated["memory"], updated["metadata"]) == ("I have a blue car", {"k": 1})
    assert read("get", found["id"])["memory"] == "I have a blue car"
    assert "Would delete memory" in mem0("delete", found["id"], "--dry-run").stderr
    read("delete", found["id"], "--force")
    gone = mem0("get", found["id"])
    assert (gone.returncode, "not found" in gone.stderr.lower()) == (1, True)
    assert {event["event_type"] for event in read("event", "list")["data"]} == {"ADD", "SEARCH"}


def test_files_and_entities_and_deleting_everything(read: Read, mem0: Mem0, tmp_path: Path) -> None:
    messages, memories = tmp_path / "messages.json", tmp_path / "memories.json"
    messages.write_text('[{"role": "user", "content": "I have a red car."}]')
    memories.write_text('[{"memory": "I play chess"}, {"memory": "I bake bread"}]')
    read("add", "--file", str(messages), "--user-id", "a/b")
    imported = mem0("import", str(memories), "--user-id", "carl")
    assert (imported.returncode, "Imported 2 memories" in imported.stdout) == (0, True)
    assert [entity["name"] for entity in read("entity", "list", "users")["data"]] == ["a/b", "carl"]
    read("delete", "--entity", "--user-id", "a/b", "--force")
    assert [entity["name"] for entity in read("entity", "list", "users")["data"]] == ["carl"]
    assert "Would delete 2" in mem0("delete", "--all", "--user-id", "carl", "--dry-run").stderr
    read("delete", "--all", "--user-id", "carl", "--force")
    assert read("list", "--user-id", "carl")["count"] == 0
    read("add", "I have a blue boat.", "--user-id", "dora")
    read("delete", "--all", "--project", "--force")
    assert read("list", "--user-id", "dora")["count"] == 0


@pytest.mark.xfail(strict=True, raises=json.JSONDecodeError, reason="it prints its progress before the JSON")
def test_an_import_is_reported_as_json(read: Read, tmp_path: Path) -> None:
    memories = tmp_path / "memories.json"
    memories.write_text('[{"memory": "I play chess"}]')
    assert read("import", str(memories), "--user-id", "carl")["data"] == {"added": 1, "failed": 0}
