"""Mem0's own command line, as its user runs it: a process for each command, and a home of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mem0_cli", reason="mem0-cli is not installed: pip install --group clients")

from modulex_mem0.sandbox import sandbox_process
from tests.clients.conftest import Mem0, Read


def _run(account: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mem0_cli", *arguments]
    return subprocess.run(
        command, env=account, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def mem0(account: dict[str, str]) -> Mem0:
    return lambda *arguments: _run(account, *arguments)


def test_it_connects_and_saves_the_account_in_its_home(read: Read, account: dict[str, str]) -> None:
    status = read("status")["data"]
    assert status == {"connected": True, "backend": "platform", "base_url": account["MEM0_BASE_URL"]}
    saved = json.loads((Path(account["HOME"]) / ".mem0" / "config.json").read_text())["platform"]
    assert (saved["api_key"], saved["base_url"]) == (account["MEM0_API_KEY"], account["MEM0_BASE_URL"])


def test_a_wrong_key_is_refused(account: dict[str, str]) -> None:
    refused = _run({**account, "MEM0_API_KEY": "m0-wrong"}, "list", "--user-id", "carl")
    assert refused.returncode == 1
    assert "Invalid or expired API key" in refused.stderr


def test_the_life_of_a_memory(read: Read, mem0: Mem0) -> None:
    [added] = read("add", "I have a red car. I love hiking.", "--user-id", "carl")
    assert added["status"] == "PENDING"
    event = read("event", "status", added["event_id"])
    assert (event["status"], len(event["results"])) == ("SUCCEEDED", 2)
    listed = read("list", "--user-id", "carl")
    assert (listed["count"], [entry["memory"] for entry in listed["data"]]) == (
        2,
        ["I love hiking", "I have a red car"],
    )
    [found] = read("search", "red car", "--user-id", "carl")
    assert found["memory"] == "I have a red car"
    assert found["score"] >= 0.3, "the threshold that the command sends"
    assert found["id"] in {result["id"] for result in event["results"]}
    read("update", found["id"], "I have a blue car")
    assert read("get", found["id"])["memory"] == "I have a blue car"
    read("delete", found["id"], "--force")
    assert [entry["memory"] for entry in read("list", "--user-id", "carl")["data"]] == ["I love hiking"]
    gone = mem0("get", found["id"])
    assert (gone.returncode, "not found" in (gone.stdout + gone.stderr).lower()) == (1, True)


def test_an_event_is_shown_as_text(read: Read, mem0: Mem0) -> None:
    [added] = read("add", "I moved to Oslo.", "--user-id", "carl")
    shown = mem0("event", "status", added["event_id"])
    assert shown.returncode == 0
    for text in (added["event_id"], "SUCCEEDED", "Results (1)", "I moved to Oslo"):
        assert text in shown.stdout
    assert [event["id"] for event in read("event", "list")] == [added["event_id"]]


def test_a_pending_event_is_shown_as_pending(account: dict[str, str]) -> None:
    with sandbox_process(delay=3600) as box:
        own = {**account, "MEM0_BASE_URL": box.base_url, "MEM0_API_KEY": box.api_key}
        [added] = json.loads(_run(own, "add", "I moved to Oslo.", "--user-id", "carl", "-o", "json").stdout)
        event = json.loads(_run(own, "event", "status", added["event_id"], "-o", "json").stdout)
        assert (event["status"], event["results"]) == ("PENDING", [])
        assert json.loads(_run(own, "list", "--user-id", "carl", "-o", "json").stdout)["count"] == 0


def test_entities_and_deleting_everything_of_one(read: Read, mem0: Mem0) -> None:
    for user in ("carl", "a/b"):
        read("add", "I have a red car.", "--user-id", user)
    assert [entity["name"] for entity in read("entity", "list", "users")] == ["a/b", "carl"]
    assert mem0("entity", "delete", "--user-id", "a/b", "--force").returncode == 0
    assert [entity["name"] for entity in read("entity", "list", "users")] == ["carl"]
    read("delete", "--all", "--user-id", "carl", "--force")
    assert read("list", "--user-id", "carl")["count"] == 0


def test_deleting_everything_of_the_project(read: Read, mem0: Mem0) -> None:
    read("add", "I have a red car.", "--user-id", "carl")
    read("add", "I have a blue boat.", "--user-id", "dora")
    done = mem0("delete", "--all", "--project", "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    for user in ("carl", "dora"):
        assert read("list", "--user-id", user)["count"] == 0
