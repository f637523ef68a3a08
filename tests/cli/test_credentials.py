"""`credentials`: what is typed or piped in is stored, listed, tested, used and removed; no secret is shown."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modulex_mem0.sandbox import RunningSandbox

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(environment: dict[str, str], tmp_path: Path) -> Path:
    environment.pop("MODULEX_KEY", None)
    environment.update(MODULEX_HOME=str(tmp_path / "home"), MODULEX_KEYRING="off")
    return tmp_path / "home"


def test_the_whole_life_of_a_credential(run: Run, home: Path, sandbox: RunningSandbox) -> None:
    values = {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
    runs = [
        run("credentials", "list"),
        run("credentials", "set", "work", "--default", input=json.dumps(values)),
        run("credentials", "test", "work"),
        run("credentials", "list", "--json"),
        run("credentials", "list"),
        run("call", "get_memories", "-p", "user_id=alice", "--credential", "work"),
        run("credentials", "remove", "work"),
        run("credentials", "test", "work"),
    ]
    assert [ended.returncode for ended in runs] == [0, 0, 0, 0, 0, 0, 0, 2]
    assert runs[0].stdout.startswith("No credential is stored.")
    assert runs[1].stdout.startswith("stored: work for Mem0, the default")
    assert runs[2].stdout == "ok: Mem0 accepts the credential\n"
    (listed,) = json.loads(runs[3].stdout)["credentials"]
    assert (listed["name"], listed["scheme"], listed["default"], listed["test_passed"]) == (
        "work", "api_key", True, True,
    )  # fmt: skip
    assert "passed" in runs[4].stdout
    assert json.loads(runs[5].stdout)["success"] is True
    assert "none is stored" in runs[7].stderr
    shown = "".join(ended.stdout + ended.stderr for ended in runs)
    assert sandbox.api_key not in shown
    assert sandbox.api_key not in "".join(path.read_text() for path in home.iterdir())


def test_the_key_alone_can_be_piped_in_and_a_refused_one_is_one_line(
    run: Run, home: Path, sandbox: RunningSandbox
) -> None:
    assert run("credentials", "set", "work", input="m0-wrong-key-0123\n").returncode == 0
    env = {"MEM0_BASE_URL": sandbox.base_url}
    # The environment never fills the gaps of a stored credential, so this asks api.mem0.ai, through a dead proxy.
    ended = run("credentials", "test", "work", "--timeout", "1", env=env | {"HTTPS_PROXY": "http://127.0.0.1:1"})
    assert ended.returncode == 1
    assert ended.stderr.startswith("connection_failed: ")
    assert "m0-wrong" not in ended.stderr
    wrong = json.dumps({"api_key": "m0-wrong-key-0123", "base_url": sandbox.base_url})
    assert run("credentials", "set", "work", input=wrong).returncode == 0
    ended = run("credentials", "test", "work")
    assert ended.returncode == 1
    assert ended.stderr.startswith("unauthorized: ")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "given", "code", "message"),
    [
        (["set", "work"], "", 2, "standard input is empty"),
        (["set", "work"], '{"api_kee": "m0-secret-0123"}', 1, "unknown field"),
        (["set", "work"], '{"api_key": ""}', 1, "is missing or empty"),
        (["set", "no/name"], "m0-secret-0123", 1, "name: must be"),
        (["set", "work", "m0-secret-0123"], "", 2, "unexpected extra argument"),
        (["remove", "work"], "", 2, "none is stored"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    run: Run, arguments: list[str], given: str, code: int, message: str
) -> None:
    ended = run("credentials", *arguments, input=given)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    if "m0-secret-0123" not in arguments:
        assert "m0-secret-0123" not in ended.stderr


def test_a_damaged_store_is_one_clear_line(run: Run, home: Path) -> None:
    home.mkdir()
    (home / "credentials.json").write_text("half of it")
    for command in (["list"], ["test", "work"], ["remove", "work"]):
        ended = run("credentials", *command)
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
        assert "is damaged" in ended.stderr


def test_a_terminal_does_not_show_what_is_typed(environment: dict[str, str], home: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "modulex_mem0.cli", "credentials", "set", "work"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment | {"TERM": "xterm"}, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        while b"Mem0 API Key" not in shown:
            shown += os.read(ours, 1024)
        os.write(ours, b"m0-typed-secret-0123\n")
        while b"stored: work" not in shown:
            shown += os.read(ours, 1024)
        assert process.wait(20) == 0
    os.close(ours)
    assert b"m0-typed" not in shown


@pytest.mark.parametrize(
    "command",
    [("credentials", "list"), ("credentials", "test", "work"), ("import", "status"), ("serve", "--port", "0")],
    ids=" ".join,
)
def test_a_user_without_a_home_directory_learns_which_variable_to_set(run: Run, command: tuple[str, ...]) -> None:
    # A container may run as a user whom the system does not know.
    ended = run(*command, env={"MODULEX_HOME": "~no-such-user/modulex"})
    assert ended.returncode == 1
    assert ended.stderr == "Error: no home directory can be found; set MODULEX_HOME to a folder\n"


def test_without_a_home_directory_a_call_that_names_a_credential_ends_with_a_result(run: Run) -> None:
    named = ("-p", "user_id=alice", "--credential", "work")
    ended = run("call", "get_memories", *named, env={"MODULEX_HOME": "~no-such-user/modulex"})
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"].startswith("missing_credential: credential: no home directory")
