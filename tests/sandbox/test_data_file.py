"""The data file: whose it is, whether it is whole, and a disk that takes nothing."""

import random
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import StartError, running_sandbox, sandbox_process

ALICE = {"filters": {"user_id": "alice"}}


def _start(data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "modulex_mem0.sandbox", "--lexical", "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def _is_refused_in_one_line(data: Path, reason: str) -> None:
    done = _start(data)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {data}: "), done.stderr
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def _add(client: httpx.Client, text: str, **extra: Any) -> httpx.Response:
    body = {"messages": [{"role": "user", "content": text}], "user_id": "alice", **extra}
    return client.post("/v3/memories/add/", json=body)


def _filled(path: Path, count: int = 300) -> Path:
    with running_sandbox(delay=0, data=path) as box, httpx.Client(base_url=box.base_url, headers=box.headers) as client:
        for number in range(count):
            _add(client, f"I own book number {number}", infer=False)
    return path


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_another_applications_database_is_refused_and_left_as_it_is(tmp_path: Path, version: int, journal: str) -> None:
    data = tmp_path / "photos.db"
    connection = sqlite3.connect(data)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute("CREATE TABLE memories (id INTEGER PRIMARY KEY, taken TEXT)")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()
    before = data.read_bytes()
    _is_refused_in_one_line(data, "another application")
    assert data.read_bytes() == before


def test_a_database_of_another_application_without_tables_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "empty.db"
    connection = sqlite3.connect(data)
    connection.execute("PRAGMA application_id = 7")
    connection.close()
    _is_refused_in_one_line(data, "another application")


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    data = tmp_path / "new.db"
    data.touch()
    with running_sandbox(data=data) as box:
        assert httpx.get(f"{box.base_url}/v1/ping/", headers=box.headers).status_code == 200


def test_a_name_with_a_meaning_for_sqlite_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running_sandbox(data=Path(":memory:")) as box:
        assert httpx.get(f"{box.base_url}/v1/ping/", headers=box.headers).status_code == 200
    assert (tmp_path / ":memory:").stat().st_size > 0


@pytest.mark.parametrize("data", [Path("/dev/null"), Path("/"), Path()])
def test_what_is_no_file_is_refused(data: Path) -> None:
    _is_refused_in_one_line(data, "is not a file")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    data = _filled(tmp_path / "cut.db")
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    _is_refused_in_one_line(data, "malformed")


def test_a_file_with_damaged_pages_is_refused_or_served_without_a_traceback(tmp_path: Path) -> None:
    whole = _filled(tmp_path / "whole.db").read_bytes()
    chance, refusals = random.Random(18), list[str]()
    for number in range(40):
        data = tmp_path / f"{number}.db"
        damaged = bytearray(whole)
        start = chance.randrange(100, len(damaged) - 2000)
        damaged[start : start + 2000] = chance.randbytes(2000)
        data.write_bytes(damaged)
        try:
            with running_sandbox(delay=0, data=data) as box:
                _use_everything(box.base_url, box.headers)
        except StartError as error:
            refusals.append(str(error))
    assert len(refusals) > 10
    for refusal in refusals:
        assert refusal.startswith(str(tmp_path))
        assert "\n" not in refusal


def _use_everything(base_url: str, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=base_url, headers=headers) as client:
        listed = client.post("/v3/memories/", json=ALICE)
        replies = [
            listed,
            client.post("/v3/memories/search/", json={**ALICE, "query": "book number 7"}),
            client.get("/v1/events/"),
            client.get("/v1/entities/"),
            _add(client, "I moved to Oslo", infer=False),
        ]
        for reply in replies:
            assert reply.status_code in {200, 507}, reply.text
            assert reply.headers["content-type"] == "application/json"


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits the files of another process")
def test_a_disk_that_takes_nothing_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "full.db"
    with (
        sandbox_process(delay=0, search_mode="lexical", data=data) as child,
        httpx.Client(base_url=child.base_url, headers=child.headers) as client,
    ):
        assert _add(client, "I own a red bicycle").status_code == 200
        # No file may grow: what a full disk does, for this process alone.
        _limit_file_size(child.process.pid, 0)
        refused = _add(client, "I own a blue car", infer=False)
        assert refused.status_code == 507
        assert "nothing was changed" in refused.json()["error"]
        assert _listed(client) == ["I own a red bicycle"]
        _limit_file_size(child.process.pid, resource.RLIM_INFINITY)
        assert _add(client, "I own a green boat", infer=False).status_code == 200
        child.process.kill()
    with running_sandbox(data=data) as box, httpx.Client(base_url=box.base_url, headers=box.headers) as client:
        assert _listed(client) == ["I own a green boat", "I own a red bicycle"]


def _limit_file_size(process: int, limit: int) -> None:
    # Only the soft limit, which may be raised again.
    resource.prlimit(process, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def _listed(client: httpx.Client) -> list[str]:
    return [record["memory"] for record in client.post("/v3/memories/", json=ALICE).json()["results"]]
