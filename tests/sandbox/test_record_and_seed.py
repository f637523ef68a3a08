"""`--record` writes what was said, without keys; `--seed` fills a sandbox before it serves."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import SandboxSettings, StartError, running_sandbox, sandbox_process

ALICE = {"filters": {"user_id": "alice"}}
KEY = 'm0-"secret"\\key'


def _records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_requests_and_replies_are_recorded_without_the_key(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    with (
        running_sandbox(delay=0, keys=(KEY,), record=path) as box,
        httpx.Client(base_url=box.base_url, headers=box.headers) as client,
    ):
        body = {"messages": [{"role": "user", "content": f"My key is {KEY}"}], "user_id": "alice", "infer": False}
        client.post("/v3/memories/add/", json=body)
        client.get("/v1/entities/", params={"source": KEY})
        client.get("/v1/nowhere/", headers={"Authorization": "Token another-secret", "Cookie": "another-secret"})
        client.post("/v3/memories/", content=b"\xff{")
        box.set_faults({"path": "/v1/ping/", "reset": "before"})
        with pytest.raises(httpx.HTTPError):
            client.get("/v1/ping/")
    added, entities, nowhere, broken, dropped = _records(path)
    text = path.read_text("utf-8")
    assert "secret" not in text
    assert (added["method"], added["path"], added["status"]) == ("POST", "/v3/memories/add/", 200)
    assert added["body"]["messages"][0]["content"] == "My key is <key>"
    assert added["reply"]["results"][0]["data"]["memory"] == "My key is <key>"
    assert added["headers"]["authorization"] == "<key>"
    assert added["milliseconds"] > 0
    assert (entities["query"], nowhere["status"], nowhere["reply"]) == ("source=<key>", 404, {"detail": "Not found."})
    assert (broken["body"], broken["status"]) == ({"base64": "/3s="}, 400)
    assert dropped["status"] is None


def test_a_record_is_appended_to_and_huge_bodies_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    for size in (10, 2 * 1024 * 1024):
        with running_sandbox(record=path) as box, httpx.Client(base_url=box.base_url, headers=box.headers) as client:
            client.post("/v3/memories/", json={**ALICE, "unknown": "x" * size})
    small, large = _records(path)
    assert small["body"]["unknown"] == "x" * 10
    assert large["body"]["bytes"] > 2 * 1024 * 1024
    assert len(large["body"]["beginning"]) == 1024 * 1024


def test_a_record_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="missing"), running_sandbox(record=tmp_path / "missing" / "x"):
        pass


def _write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), "utf-8")
    return path


def _listed(base_url: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    with httpx.Client(base_url=base_url, headers=headers) as client:
        found: list[dict[str, Any]] = client.post("/v3/memories/", json=ALICE).json()["results"]
    return found


@pytest.mark.parametrize(
    "wrap", [lambda items: items, lambda items: {"memories": items}, lambda items: {"results": items}]
)
def test_a_sandbox_starts_with_the_memories_of_its_seed(tmp_path: Path, wrap: Any) -> None:
    memory = {
        "memory": "I drink tea",
        "user_id": "alice",
        "session_id": "r1",
        "metadata": {"n": 1},
        "categories": ["drinks"],
        "created_at": "2020-01-02T03:04:05Z",
        "expiration_date": "2999-01-01",
        "immutable": True,
        "id": "of another server",
        "score": 0.5,
    }
    seed = _write(tmp_path / "seed.json", wrap([memory, {"memory": "I drink milk", "agent_id": "bot"}]))
    with running_sandbox(seed=seed) as box:
        [found] = _listed(box.base_url, box.headers)
        for field in ("memory", "user_id", "session_id", "metadata", "categories", "expiration_date"):
            assert found[field] == memory[field]
        assert found["created_at"].startswith("2020-01-02T03:04:05")


def test_what_a_list_replies_is_a_seed_and_nothing_is_stored_twice(tmp_path: Path) -> None:
    data, seed = tmp_path / "data.db", _write(tmp_path / "seed.json", [{"memory": "I drink tea", "user_id": "alice"}])
    with sandbox_process(delay=0, search_mode="lexical", data=data, seed=seed) as child:
        first = _listed(child.base_url, child.headers)
    again = _write(tmp_path / "again.json", {"results": first})
    with running_sandbox(data=data, seed=again) as box:
        assert _listed(box.base_url, box.headers) == first


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"user_id": "a"}]', "seed[0].memory: This field is required."),
        ('[{"memory": "x"}]', "seed[0]: needs a user_id"),
        ('[{"memory": "x", "user_id": "a"}, 7]', "seed[1]: must be an object"),
        ('[{"memory": "x", "user_id": "a", "created_at": "soon"}]', "seed[0].created_at: "),
        ('{"memory": "x"}', "must be a list of memories"),
        ("[", "Expecting value"),
    ],
)
def test_a_seed_that_cannot_be_used_is_one_line(tmp_path: Path, content: str, reason: str) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(content)
    command = [sys.executable, "-m", "modulex_mem0.sandbox", "--lexical", "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"error: {seed}: ")
    assert reason in done.stderr
    assert SandboxSettings(seed=seed).seed == seed
