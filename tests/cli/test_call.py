"""`call`: input, output, exit codes, progress on a terminal, and Ctrl-C."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.runtime import discover
from tests.helpers.scripted_server import ScriptedServer, Step
from tests.helpers.steps import json_reply

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def other_process(serve: Callable[..., AbstractContextManager[Any]]) -> Iterator[dict[str, str]]:
    """The environment for a sandbox in another process, whose adds take a while."""
    with serve("--key", "m0-other-process", "--delay", "1.5", "--lexical") as (_, account):
        yield account


def test_add_is_pending_then_stored_then_found_and_listed(run: Run, other_process: dict[str, str]) -> None:
    def call(*arguments: str) -> dict[str, Any]:
        ended = run("call", *arguments, env=other_process)
        assert ended.returncode == 0
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


def test_a_pending_add_says_how_to_follow_it(run: Run, other_process: dict[str, str], tmp_path: Path) -> None:
    added = run("call", "add_memories", "-p", "user_id=it's alice", "-p", "messages=I cook.", env=other_process)
    assert json.loads(added.stdout)["status"] == "PENDING"
    note, _, command = added.stderr.partition(": ")
    assert note == "accepted, but not finished; to follow it"
    words = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\n' {command}"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert words[0] == "modulex-mem0"
    followed = run(*words[1:], env=other_process)
    assert (followed.returncode, followed.stderr) == (0, "")
    assert json.loads(followed.stdout)["status"] == "SUCCEEDED"


def test_a_finished_add_says_nothing_more(run: Run, other_process: dict[str, str]) -> None:
    waiting = ("-p", "wait_for_completion=true")
    added = run("call", "add_memories", "-p", "user_id=bob", "-p", "messages=I cook.", *waiting, env=other_process)
    assert json.loads(added.stdout)["status"] == "SUCCEEDED"
    assert added.stderr == ""


@pytest.mark.parametrize(
    ("step", "call", "words"),
    [
        (json_reply({}, 429, {"Retry-After": "90"}), ("get_memories",), "It is safe to repeat the call after 90 s."),
        (json_reply({}, 500), ("get_memories",), "It is safe to repeat the call."),
        (json_reply({}, 404), ("get_memories",), ""),
        (json_reply({}, 500), ("add_memories", "-p", "messages=I cook."), "may have taken effect"),
        (json_reply({}, 502), ("add_memories", "-p", "messages=I cook."), "may have taken effect"),
    ],
)
def test_a_failure_says_in_words_whether_the_call_may_be_repeated(
    run: Run, server: ScriptedServer, step: Step, call: tuple[str, ...], words: str
) -> None:
    server.script(step)
    env = {"MEM0_API_KEY": "m0-any", "MEM0_BASE_URL": server.url}
    ended = run("call", *call, "-p", "user_id=alice", "--timeout", "5", env=env)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert ("may have taken effect" in ended.stderr) is ("may have" in words)


def test_a_missing_credential_can_be_supplied_by_copying_a_line(run: Run) -> None:
    ended = run("call", "get_memories", "-p", "user_id=alice")
    assert "\nexport MEM0_API_KEY='<Mem0 API Key>'\n" in ended.stderr


def test_a_misspelt_parameter_suggests_the_nearest(run_here: Run, account: dict[str, str]) -> None:
    ended = run_here("call", "get_memories", "-p", "user=alice", env=account)
    assert ended.returncode == 1
    assert "did you mean 'user_id'?" in json.loads(ended.stdout)["error"]


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


def test_single_parameters_override_the_input(run_here: Run, echo: dict[str, str]) -> None:
    arguments = ["--input", '{"text": "a", "count": 1}', "-p", "count=7", "-p", 'tags=["x"]']
    ended = run_here("call", "echo", "--integration", "echo", *arguments, env=echo)
    assert json.loads(ended.stdout)["received"] == {"text": "a", "count": 7, "tags": ["x"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
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
def test_a_wrong_command_line_exits_2_and_says_where(
    run_here: Run, echo: dict[str, str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "list.json").write_text('["m0-secret"]')
    ended = run_here("call", "echo", "--integration", "echo", *arguments, env=echo)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in " ".join(ended.stderr.split())
    assert "m0-secret" not in ended.stderr


def test_empty_standard_input_is_a_usage_error(run: Run) -> None:
    ended = run("call", "get_memories", "--input", "-")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "standard input is empty" in ended.stderr


def test_log_lines_go_to_standard_error(run: Run, account: dict[str, str]) -> None:
    ended = run("--log-level", "debug", "call", "get_memories", "-p", "user_id=alice", env=account)
    assert json.loads(ended.stdout)["success"] is True
    assert "DEBUG modulex_mem0.runtime.http" in ended.stderr


def test_progress_is_shown_on_a_terminal_and_erased(run_on_terminal: Run, echo: dict[str, str]) -> None:
    ended = run_on_terminal("call", "wait", "--integration", "echo", env=echo)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["success"] is True
    assert re.search(r"counting 2 of 1234567 \([12] s\)", ended.stderr)
    assert _screen(ended.stderr) == ""
    assert ended.stderr.count("\x1b[?25l") == ended.stderr.count("\x1b[?25h"), "the cursor is hidden"


def _screen(written: str) -> str:
    """What is left on a terminal, by the control sequences that the progress display uses."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[\??\d*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", written):
        if token == "\r":
            column = 0
        elif token == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif token == "\x1b[2K":
            lines[row] = ""
        elif token.endswith("A"):
            row -= int(token[2:-1])
        elif not token.startswith("\x1b"):
            lines[row] = lines[row][:column].ljust(column) + token + lines[row][column + len(token) :]
            column += len(token)
    return "\n".join(lines).strip()


def test_without_a_terminal_no_progress_is_shown(run: Run, echo: dict[str, str]) -> None:
    ended = run("call", "wait", "--integration", "echo", env=echo)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_ctrl_c_ends_a_call_cleanly_and_says_that_it_may_have_taken_effect(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        account = {"MEM0_API_KEY": "m0-any", "MEM0_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with subprocess.Popen(
            [
                sys.executable,
                "-m",
                "modulex_mem0.cli",
                "call",
                "add_memories",
                "-p",
                "user_id=alice",
                "-p",
                "messages=I cook.",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment | account,
        ) as process:
            connection, _ = silent.accept()
            with connection:
                connection.recv(65536)
                process.send_signal(signal.SIGINT)
                output, errors = process.communicate(timeout=15)
    assert (process.returncode, output) == (130, "")
    assert "add_memories may have taken effect; check before you call it again" in errors
    assert errors.endswith("modulex-mem0: interrupted\n")
    assert "Traceback" not in errors
