"""`call`: what goes in, what comes out, and the exit codes."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.runtime import discover

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def other_process(serve: Callable[..., AbstractContextManager[Any]]) -> Iterator[dict[str, str]]:
    """A sandbox in another process, whose adds take a while; the environment that it says to export."""
    with serve("--key", "m0-other-process", "--delay", "1.5", "--lexical") as (_, account):
        yield account


def test_add_is_pending_then_stored_then_found_and_listed(run: Run, other_process: dict[str, str]) -> None:
    def call(*arguments: str) -> dict[str, Any]:
        ended = run("call", *arguments, env=other_process)
        assert (ended.returncode, ended.stderr) == (0, "")
        output: dict[str, Any] = json.loads(ended.stdout)
        return output

    added = call("add_memories", "-p", "user_id=alice", "-p", "messages=My favourite tea is sencha.")
    assert added["status"] == "PENDING"
    assert added["event_id"]

    deadline = time.monotonic() + 15
    listed = call("get_memories", "-p", "user_id=alice")
    while not listed["memories"] and time.monotonic() < deadline:
        listed = call("get_memories", "-p", "user_id=alice")
    (memory,) = listed["memories"]
    assert "sencha" in memory["memory"]
    assert memory["user_id"] == "alice"

    found = call("search_memories", "--input", '{"user_id": "alice", "query": "favourite tea", "limit": 3}')
    assert found["ids"] == [memory["id"]]
    assert 0 < found["search_results"][0]["score"] <= 1
    assert call("get_memories", "-p", "user_id=bob")["memories"] == []


def test_the_output_satisfies_the_actions_schema_on_failure_too(run_here: Run, account: dict[str, str]) -> None:
    ended = run_here("call", "get_memories", "-p", "user_id=alice", "-p", "limit=5000", env=account)
    assert ended.returncode == 1
    output = json.loads(ended.stdout)
    schema = discover()["mem0"].actions["get_memories"].describe().output_schema
    assert set(output) == set(schema["properties"])
    assert output["error"].startswith("invalid_input: limit: ")
    assert "Correct the field that the message names" in ended.stderr


def test_without_a_credential_the_environment_variable_is_named(run_here: Run) -> None:
    ended = run_here("call", "get_memories", "-p", "user_id=alice")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"].startswith("missing_credential: ")
    assert "MEM0_API_KEY" in ended.stdout


def test_a_credential_file_is_used_instead_of_the_environment(
    run: Run, credential: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "credential.json"
    file.write_text(json.dumps(credential))
    elsewhere = {"MEM0_API_KEY": "m0-wrong", "MEM0_BASE_URL": "http://127.0.0.1:9"}
    ended = run("call", "get_memories", "-p", "user_id=alice", "--credential-file", str(file), env=elsewhere)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["success"] is True


@pytest.mark.parametrize("source", ["file", "standard input", "argument"])
def test_input_from_a_file_standard_input_or_the_command_line(
    run: Run, echo: dict[str, str], tmp_path: Path, source: str
) -> None:
    text = '{"text": "Grüße", "flag": true}'
    (tmp_path / "input.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    value = {"file": "@input.json", "standard input": "-", "argument": text}[source]
    ended = run("call", "echo", "--integration", "echo", "--input", value, env=echo, input=text)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["received"] == {"text": "Grüße", "flag": True, "count": 3}


def test_single_parameters_win_over_the_input(run_here: Run, echo: dict[str, str]) -> None:
    arguments = ["--input", '{"text": "a", "count": 1}', "-p", "count=7", "-p", 'tags=["x"]']
    ended = run_here("call", "echo", "--integration", "echo", *arguments, env=echo)
    assert json.loads(ended.stdout)["received"] == {"text": "a", "count": 7, "tags": ["x"]}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--input", '{\n "text": "a"\n "count": 1}'], "line 3, column 2"),
        (["--input", "@missing.json"], "cannot read missing.json: No such file"),
        (["-p", "text"], "'text' is not of the form name=value"),
        (["--credential-file", "missing.json"], "cannot read missing.json: No such file"),
        (["--credential-file", "list.json"], "must be a JSON object, not a list"),
        (["--timeout", "0"], "--timeout"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_of_the_command_line_exit_2_and_say_where(
    run_here: Run, echo: dict[str, str], tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "list.json").write_text('["m0-secret"]')
    ended = run_here("call", "echo", "--integration", "echo", *arguments, env=echo)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in " ".join(ended.stderr.split())
    assert "m0-secret" not in ended.stderr


def test_empty_standard_input_is_a_mistake_too(run: Run) -> None:
    ended = run("call", "get_memories", "--input", "-")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "standard input is empty" in ended.stderr


def test_log_lines_go_to_standard_error(run: Run, account: dict[str, str]) -> None:
    ended = run("--log-level", "debug", "call", "get_memories", "-p", "user_id=alice", env=account)
    assert json.loads(ended.stdout)["success"] is True
    assert "DEBUG modulex_mem0.runtime.http" in ended.stderr
