"""`sandbox`: it starts, prints its address, keeps data, stops; and says in a line why it cannot start."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., AbstractContextManager[tuple[subprocess.Popen[str], dict[str, str]]]]


def test_data_is_kept_in_the_file_until_the_next_start(run: Run, serve: Serve, tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "memories.db"), "--key", "m0-one", "--key", "m0-two", "--delay", "0")
    with serve(*options) as (process, account):
        assert account["MEM0_API_KEY"] == "m0-one"
        added = run("call", "add_memories", "-p", "user_id=alice", "-p", "messages=I cook.", env=account)
        assert json.loads(added.stdout)["success"] is True
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=15)
        assert process.returncode == 0
        assert "Traceback" not in output
    with serve(*options) as (_, account):
        listed = json.loads(run("call", "get_memories", "-p", "user_id=alice", env=account).stdout)
        assert [memory["memory"] for memory in listed["memories"]] == ["I cook"]
        other = json.loads(
            run("call", "get_memories", "-p", "user_id=alice", env=account | {"MEM0_API_KEY": "m0-two"}).stdout
        )
        assert other["memories"] == []


def test_a_port_that_is_taken(run_here: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = run_here("sandbox", "--port", str(listener.getsockname()[1]))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: the sandbox cannot start: ")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--faults", "missing.json"], 1, "missing.json"),
        (["--key", "two words"], 2, "a key must be printable ASCII"),
        (["--port", "70000"], 2, "--port"),
        (["--delay", "-1"], 2, "--delay"),
        (["--delay", "nan"], 2, "delay must be"),
    ],
)
def test_invalid_settings(run_here: Run, arguments: list[str], code: int, message: str) -> None:
    ended = run_here("sandbox", *arguments)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("command", "package"), [("sandbox", "uvicorn"), ("demo", "starlette")])
def test_a_missing_extra_is_named(environment: dict[str, str], command: str, package: str) -> None:
    program = f"import sys; sys.modules['{package}'] = None; from modulex_mem0.cli import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", program, command], check=False, capture_output=True, text=True, env=environment
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"the sandbox needs {package}; install it with: pip install 'modulex-mem0[sandbox]'" in ended.stderr
    assert "Traceback" not in ended.stderr
