"""Standard streams that are closed, full or gone, and plugins that print: one line at most, and only our own output."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Completed = subprocess.CompletedProcess[str]
Run = Callable[..., Completed]
Install = Callable[[str, str], dict[str, str]]

ADD = ("call", "add_memories", "-p", "user_id=alice", "-p", "messages=I cook.")
LIST = ("call", "get_memories", "-p", "user_id=alice")
COMMANDS = [
    ("--help",),
    ("--version",),
    ("actions",),
    ("actions", "get_memories", "--json"),
    ("auth",),
    ("integrations",),
    ("integrations", "--load", "--json"),
    ("test-credential",),
    LIST,
    ("manifest", "--directory", "m"),
    ("docs", "--output", "-"),
    ("check", "--static"),
    ("new", "weather"),
    ("demo",),
]


@pytest.fixture
def run_redirected(environment: dict[str, str], tmp_path: Path) -> Run:
    """As `run`, with the redirections of a shell behind the command: `2>&-` closes standard error."""

    def run_command(
        *arguments: str, redirections: str, env: dict[str, str] | None = None, input: str = ""
    ) -> Completed:
        return subprocess.run(
            ["/bin/sh", "-c", f'"$@" {redirections}', "sh", sys.executable, "-m", "modulex_mem0.cli", *arguments],
            check=False,
            capture_output=True,
            cwd=tmp_path,
            encoding="utf-8",
            env=environment | (env or {}),
            input=input,
            timeout=60,
        )

    return run_command


def stored(run: Run, account: dict[str, str]) -> list[str]:
    """The texts of Alice's memories."""
    return [memory["memory"] for memory in json.loads(run(*LIST, env=account).stdout)["memories"]]


@pytest.mark.parametrize("redirections", ["2>&-", "2>/dev/full", "<&-", "<&- 2>&-"])
def test_a_call_does_its_work_whatever_became_of_the_other_streams(
    run: Run, run_redirected: Run, account: dict[str, str], redirections: str
) -> None:
    ended = run_redirected(*ADD, redirections=redirections, env=account)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert json.loads(ended.stdout)["success"] is True
    assert stored(run, account) == ["I cook"]


def test_a_failed_call_with_closed_standard_error_still_prints_its_output(run_redirected: Run) -> None:
    ended = run_redirected(*ADD, redirections="2>&-")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"].startswith("missing_credential: ")


def test_closed_standard_output_discards_the_output(run: Run, run_redirected: Run, account: dict[str, str]) -> None:
    ended = run_redirected(*ADD, redirections=">&-", env=account)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert stored(run, account) == ["I cook"]


def test_no_file_or_socket_takes_the_number_of_a_closed_stream(
    run_redirected: Run, install: Install, tmp_path: Path
) -> None:
    # What a library writes to descriptor 1 or 2 must not reach a file that is open.
    env = install(
        "opener", "import pathlib\nfile = open('opened', 'w')\nfile.write(str(file.fileno()))\nfile.close()\n"
    )
    ended = run_redirected("integrations", redirections="<&- >&- 2>&-", env=env)
    assert ended.returncode == 0
    assert int((tmp_path / "opened").read_text()) > 2


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_ends_as_usual_without_its_streams(
    run_redirected: Run, account: dict[str, str], command: tuple[str, ...]
) -> None:
    ended = run_redirected(*command, redirections="<&- >&- 2>&-", env=account)
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("command", "code"), [(("actions", "nothing"), 2), (("nothing",), 2), (("test-credential",), 1), (LIST, 1)], ids=str
)
@pytest.mark.parametrize("redirections", ["2>&-", "2>/dev/full"])
def test_a_message_that_cannot_be_written_changes_no_exit_code(
    run_redirected: Run, command: tuple[str, ...], code: int, redirections: str
) -> None:
    assert run_redirected(*command, redirections=redirections).returncode == code


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_full_disk_is_one_line(run_redirected: Run, account: dict[str, str], command: tuple[str, ...]) -> None:
    ended = run_redirected(*command, redirections=">/dev/full", env=account)
    assert ended.returncode == 1
    assert ended.stderr == "modulex-mem0: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_after_an_add_says_that_the_add_was_made(
    run: Run, run_redirected: Run, account: dict[str, str], unbuffered: str
) -> None:
    ended = run_redirected(*ADD, redirections=">/dev/full", env=account | {"PYTHONUNBUFFERED": unbuffered})
    assert ended.returncode == 1
    assert ended.stderr == (
        "modulex-mem0: cannot write to standard output: No space left on device;"
        " add_memories succeeded, so do not repeat it for the output\n"
    )
    assert stored(run, account) == ["I cook"]


def test_a_full_disk_after_a_failed_call_says_why_it_failed(run_redirected: Run) -> None:
    ended = run_redirected(*ADD, redirections=">/dev/full")
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "modulex-mem0: cannot write to standard output: No space left on device; add_memories"
    )
    assert "failed: missing_credential: " in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_server_on_a_full_disk_ends_in_one_line(run_redirected: Run) -> None:
    pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "client", "version": "1"},
        },
    }
    ended = run_redirected("mcp", redirections=">/dev/full", input=json.dumps(hello) + "\n")
    assert ended.returncode == 1
    first, *more = ended.stderr.splitlines()
    assert first.endswith("No space left on device")
    # From Python 3.13 on, the interpreter itself says so once more of the SDK's own copy of standard output.
    assert sys.version_info >= (3, 13) or not more
    assert "Traceback" not in ended.stderr


def test_both_streams_full_is_an_exit_code(run_redirected: Run, account: dict[str, str]) -> None:
    ended = run_redirected(*ADD, redirections=">/dev/full 2>/dev/full", env=account)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "")


@pytest.mark.parametrize("command", [("actions", "get_memories", "--json"), LIST, ADD, ("--help",)], ids=" ".join)
def test_a_closed_pipe_is_one_line(
    environment: dict[str, str], account: dict[str, str], command: tuple[str, ...]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [sys.executable, "-m", "modulex_mem0.cli", *command],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | account,
    ) as process:
        os.close(writer)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith("modulex-mem0: cannot write to standard output: Broken pipe")
    assert errors.count("\n") == 1
    assert ("add_memories succeeded" in errors) is (command is ADD)


def test_a_terminal_that_is_gone_is_as_good_as_a_full_disk(environment: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "modulex_mem0.cli", "actions"],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        os.close(theirs)
        os.close(ours)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors == "modulex-mem0: cannot write to standard output: Input/output error\n"


@pytest.mark.parametrize(
    ("redirections", "message"),
    [("<&-", "standard input is empty"), ("0>write-only", "cannot read standard input: ")],
)
@pytest.mark.parametrize("source", [("--input", "-"), ("--input", "@-"), ("-p", "text=@-")], ids=" ".join)
def test_standard_input_that_cannot_be_read_is_a_usage_error(
    run_redirected: Run, echo: dict[str, str], redirections: str, message: str, source: tuple[str, str]
) -> None:
    ended = run_redirected("call", "echo", "--integration", "echo", *source, redirections=redirections, env=echo)
    if source[0] == "-p" and redirections == "<&-":
        # An empty value is a value.
        assert json.loads(ended.stdout)["received"]["text"] == ""
        return
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


LOUD = """
import os, subprocess, sys

from modulex_mem0.contract import Action, Hints, Integration, Profile, hookimpl

def shout(where):
    print(where, "print")
    os.write(1, f"{where} descriptor\\n".encode())
    subprocess.run(["/bin/echo", where, "child"])
    sys.__stdout__.write(f"{where} original\\n")

shout("import")
OUTPUT = {
    "type": "object",
    "properties": {"success": {"type": "boolean"}, "error": {"type": ["string", "null"]}},
    "required": ["success"],
}

async def act(context, input):
    shout("handler")
    return {"success": True, "error": None}

def load():
    shout("actions")
    return [
        Action(name="act", title="Act", description="Acts.", input={"type": "object"}, output=OUTPUT, handler=act,
               hints=Hints(read_only=True))
    ]

@hookimpl
def modulex_integrations():
    shout("hook")
    profile = Profile(name="loud", display_name="Loud", description="Prints.", version="1.0.0", author="Someone")
    return [Integration(profile, load)]
"""


@pytest.mark.parametrize(
    "command",
    [
        ("integrations", "--json"),
        ("integrations", "--load", "--json"),
        ("actions", "--integration", "loud", "--json"),
        ("actions", "act", "--integration", "loud", "--json"),
        ("auth", "loud", "--json"),
        ("test-credential", "loud", "--json"),
        ("check", "loud", "--json"),
        ("check", "--all", "--static", "--json"),
        ("call", "act", "--integration", "loud"),
        ("actions", "--json"),
    ],
    ids=" ".join,
)
def test_a_plugin_that_prints_does_not_spoil_the_output(run: Run, install: Install, command: tuple[str, ...]) -> None:
    ended = run(*command, env=install("loud", LOUD))
    assert isinstance(json.loads(ended.stdout), dict)
    assert "Traceback" not in ended.stderr


def test_what_a_plugin_prints_can_be_read_on_standard_error(run: Run, install: Install) -> None:
    ended = run("call", "act", "--integration", "loud", env=install("loud", LOUD))
    assert json.loads(ended.stdout) == {"success": True, "error": None}
    for how in ("print", "descriptor", "child", "original"):
        assert f"handler {how}\n" in ended.stderr


def test_pages_and_manifests_hold_nothing_that_a_plugin_printed(run: Run, install: Install, tmp_path: Path) -> None:
    env = install("loud", LOUD)
    assert run("docs", "loud", "--output", "-", env=env).stdout.startswith("<!-- Derived from ")
    written = run("manifest", "loud", "--directory", "m", env=env)
    assert written.stdout.splitlines() == ["m/loud.json: written", "m/manifest.schema.json: written"]
