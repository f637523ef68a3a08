"""Runs the command, in a process of its own or in this one, against real servers on real sockets."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from modulex_mem0.cli import main

Completed = subprocess.CompletedProcess[str]
Serving = tuple[subprocess.Popen[str], dict[str, str]]


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment of the command: this process's, without credentials and variables that change the output."""
    unwanted = ("MEM0_", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Callable[..., Completed]:
    """Run `python -m modulex_mem0.cli` with arguments, in an empty directory, and wait for its end."""

    def run_command(*arguments: str, env: dict[str, str] | None = None, input: str = "") -> Completed:
        return subprocess.run(
            [sys.executable, "-m", "modulex_mem0.cli", *arguments],
            check=False,
            capture_output=True,
            cwd=tmp_path,
            encoding="utf-8",
            env=environment | (env or {}),
            input=input,
            timeout=60,
        )

    return run_command


@pytest.fixture
def run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Completed]:
    """As `run`, but in this process, which is quicker."""

    def run_command(*arguments: str, env: dict[str, str] | None = None) -> Completed:
        modules = set(sys.modules)
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("MEM0_")]:
                patch.delenv(name)
            for name, value in (env or {}).items():
                if name == "PYTHONPATH":
                    patch.syspath_prepend(value.partition(os.pathsep)[0])
                else:
                    patch.setenv(name, value)
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", ["modulex-mem0", *arguments])
            code = main()
        for name in [name for name in sys.modules if name not in modules and name.endswith("_plugin")]:
            del sys.modules[name]
        written = capsys.readouterr()
        return Completed(arguments, code, written.out, written.err)

    return run_command


@pytest.fixture
def run_on_terminal(environment: dict[str, str]) -> Callable[..., Completed]:
    """As `run`, with standard error on a terminal, and with a number of `columns` standard output as well.

    What the terminal receives comes back as `stderr`.
    """

    def run_command(*arguments: str, columns: int = 0, env: dict[str, str] | None = None) -> Completed:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen(
            [sys.executable, "-m", "modulex_mem0.cli", *arguments],
            stdout=theirs if columns else subprocess.PIPE,
            stderr=theirs,
            env=environment | {"TERM": "xterm"} | (env or {}),
        ) as process:
            os.close(theirs)
            written = _read_all(ours)
            output = process.stdout.read() if process.stdout else b""
        return Completed(arguments, process.returncode, output.decode(), written.replace("\r\n", "\n"))

    return run_command


def _read_all(terminal: int) -> str:
    chunks = b""
    try:
        while chunk := os.read(terminal, 4096):
            chunks += chunk
    except OSError:
        pass  # how Linux reports that the other end of a terminal is closed
    finally:
        os.close(terminal)
    return chunks.decode()


@pytest.fixture
def run_all(environment: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """Run several command lines in one fresh process; returns everything that they wrote, to either stream."""

    def run_commands(lines: list[list[str]], env: dict[str, str]) -> str:
        program = (
            "import json, sys\n"
            "from modulex_mem0.cli import main\n"
            "for line in json.loads(sys.argv[1]):\n"
            "    sys.argv = ['modulex-mem0', *line]\n"
            "    print('$', line, 'exit', main(), flush=True)\n"
        )
        ended = subprocess.run(
            [sys.executable, "-c", program, json.dumps(lines)],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            encoding="utf-8",
            env=environment | env,
            timeout=60,
        )
        assert ended.stdout.count("exit ") >= len(lines)
        return ended.stdout

    return run_commands


@pytest.fixture
def serve(environment: dict[str, str]) -> Callable[..., AbstractContextManager[Serving]]:
    """Run `modulex-mem0 sandbox` in a process of its own for a `with` block; yields it and the variables to export."""

    @contextmanager
    def serve_sandbox(*arguments: str) -> Iterator[Serving]:
        with subprocess.Popen(
            [sys.executable, "-m", "modulex_mem0.cli", "sandbox", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        ) as process:
            try:
                yield process, _exported(process)
            finally:
                process.kill()

    return serve_sandbox


def _exported(process: subprocess.Popen[str]) -> dict[str, str]:
    """The variables in the first line of the banner that names them."""
    written = ""
    for line in process.stdout or ():
        written += line
        if variables := dict(re.findall(r"(MEM0_\w+)=(\S+)", line)):
            return variables
    raise AssertionError(f"the sandbox ended before it printed its address: {written}")


@pytest.fixture
def install(tmp_path: Path) -> Callable[[str, str], dict[str, str]]:
    """Install a distribution with one plugin module, laid out as by pip; returns the environment that finds it."""

    def install_plugin(name: str, source: str) -> dict[str, str]:
        site = tmp_path / "site"
        information = site / f"{name}-1.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[modulex]\n{name} = {name}_plugin\n")
        (site / f"{name}_plugin.py").write_text(source)
        return {"PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])}

    return install_plugin


ECHO = """
import asyncio

from modulex_mem0.contract import Action, Example, Hints, Integration, Profile, hookimpl

OUTPUT = {
    "type": "object",
    "properties": {
        "success": {"type": "boolean"},
        "error": {"type": ["string", "null"]},
        "received": {"type": "object"},
    },
    "required": ["success"],
}
INPUT = {
    "type": "object",
    "$defs": {"Tags": {"type": "array", "items": {"type": "string"}}},
    "properties": {
        "text": {"type": "string", "description": "Any text."},
        "count": {"type": "integer", "default": 3, "description": "A number."},
        "share": {"type": "number", "x-advanced": True, "description": "A fraction."},
        "flag": {"type": "boolean"},
        "tags": {"$ref": "#/$defs/Tags"},
        "data": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        "either": {"anyOf": [{"type": "string"}, {"type": "array"}]},
        "mode": {"enum": ["fast", "slow"]},
        "untyped": {},
    },
    "required": ["text"],
}


async def echo(context, input):
    return {"success": True, "error": None, "received": input}


async def wait(context, input):
    context.report("counting", done=2.04026, total=1234567)
    await asyncio.sleep(1.3)
    return {"success": True, "error": None, "received": {}}


@hookimpl
def modulex_integrations():
    profile = Profile(
        name="echo", display_name="Echo", description="Gives back.", version="2.0.1", author="Someone"
    )
    example = Example(input={"text": "it's"}, output={"success": True})
    actions = [
        Action(
            name="echo", title="Echo", description="Gives back what it takes.", input=INPUT, output=OUTPUT,
            handler=echo, hints=Hints(read_only=True), example=example,
        ),
        Action(
            name="wait", title="Wait", description="Takes its time.", input={"type": "object"}, output=OUTPUT,
            handler=wait, hints=Hints(destructive=True, cross_user=True),
        ),
    ]
    return [Integration(profile, actions)]
"""


@pytest.fixture
def echo(install: Callable[[str, str], dict[str, str]]) -> dict[str, str]:
    """An environment in which someone else's integration `echo` is installed too; it needs no network."""
    return install("echo", ECHO)
