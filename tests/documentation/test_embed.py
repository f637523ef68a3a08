"""The code blocks of docs/embed.md, each run as a reader would run it."""

import ast
import asyncio
import importlib.util
import os
import re
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.programs import PATIENCE

PAGE = (Path(__file__).parents[2] / "docs" / "embed.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))

TRIED = {
    "synchronous.py",
    "progress.py",
    "api.py",
    "threads.py",
    "application.py",
    "serve",
    "tasks.py",
    "cell.py",
    "logs.py",
    "traces.py",
    "forms.py",
    "try_credential.py",
}


def test_every_block_is_tried() -> None:
    assert set(BLOCKS) == TRIED
    assert PAGE.count("```") == 2 * len(BLOCKS)


@pytest.fixture(autouse=True)
def _account(account: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in account.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The blocks as files."""
    for name, code in BLOCKS.items():
        (tmp_path / name).write_text(code, encoding="utf-8")
    return tmp_path


def _needs(*packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("synchronous.py", "[]\n"),
        ("progress.py", ""),
        ("threads.py", "{'alice': 0, 'bob': 0, 'carol': 0}\n"),
        ("try_credential.py", "works\n"),
    ],
)
def test_a_program(folder: Path, name: str, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(folder / name), run_name="__main__")
    assert capsys.readouterr().out == printed


def test_fastapi() -> None:
    _needs("fastapi")
    from fastapi.testclient import TestClient

    names: dict[str, Any] = {"__name__": "api"}
    exec(compile(BLOCKS["api.py"], "api.py", "exec"), names)  # noqa: S102 - the page itself is what is tested
    with TestClient(names["app"]) as client:
        assert client.get("/memories/alice", params={"query": "food"}).json() == []
        refused = client.get("/memories/*", params={"query": ""})
        assert (refused.status_code, "invalid_input" in refused.text) == (502, True)
    assert names["runtime"]._closed


def test_gunicorn(folder: Path) -> None:
    _needs("gunicorn")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", *shlex.split(BLOCKS["serve"]), "--bind", f"127.0.0.1:{port}"]
    log = folder / "log"
    with log.open("wb") as output, subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process:
        try:
            reply = _get(f"http://127.0.0.1:{port}/", process, log)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert (reply.status_code, "'success': True" in reply.text) == (200, True), reply.text


def _get(url: str, process: subprocess.Popen[bytes], log: Path) -> httpx.Response:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            return httpx.get(url, timeout=20, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_celery(folder: Path) -> None:
    _needs("celery")
    # Its real worker processes are tried in tests/runtime/test_fork.py.
    program = (
        "from tasks import remember, runtime\n"
        "print(remember.apply(('alice', 'I cook.')).get()['success'])\n"
        "print(runtime.call_sync('mem0', 'search_memories', {'user_id': 'alice', 'query': 'cook'}).success)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["True", "True"]), done.stderr


async def test_a_cell_of_a_notebook() -> None:
    # A notebook awaits a cell in its running loop, and shows the value of its last line.
    tree = ast.parse(BLOCKS["cell.py"])
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    names: dict[str, Any] = {}
    for _ in range(2):
        code = compile(tree, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        await eval(code, names)  # noqa: S307 - the page itself is what is tested
        assert eval(ast.unparse(last), names)["success"]  # noqa: S307
        arguments: Any = ("mem0", "search_memories", {"user_id": "alice", "query": "food"})
        assert (await asyncio.to_thread(names["runtime"].call_sync, *arguments)).success
        assert names["runtime"].call_sync(*arguments).success
    await names["runtime"].aclose()


def test_logging(folder: Path, account: dict[str, str]) -> None:
    program = BLOCKS["logs.py"] + BLOCKS["synchronous.py"]
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ,
    )
    assert done.stdout == "[]\n"
    assert "DEBUG:modulex_mem0.runtime.http.client:POST /v3/memories/search/: HTTP 200" in done.stderr
    assert "INFO:modulex_mem0.calls:integration=mem0 action=search_memories outcome=success duration=" in done.stderr
    assert account["MEM0_API_KEY"] not in done.stderr


def test_opentelemetry(folder: Path, account: dict[str, str]) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS["traces.py"] + BLOCKS["synchronous.py"]],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ,
    )
    assert '"name": "mem0 search_memories"' in done.stdout, done.stderr
    assert '"modulex.outcome": "success"' in done.stdout
    assert account["MEM0_API_KEY"] not in done.stdout


def test_forms() -> None:
    names: dict[str, Any] = {}
    exec(BLOCKS["forms.py"], names)  # noqa: S102 - the page itself is what is tested
    key, address = names["connect"]
    assert (key["input"], key["required"], key["folded"]) == ("password", True, False)
    assert (address["input"], address["placeholder"], address["folded"]) == ("url", "https://api.mem0.ai", True)
    assert key["link"].startswith("https://")
    fields = {field["name"]: field for field in names["forms"]["search_memories"]}
    assert [name for name, field in fields.items() if not field["folded"]] == ["user_id", "query", "limit"]
    assert (fields["limit"]["value"], fields["limit"]["input"]) == (10, "integer")
    assert all(field["label"] and field["help"] for form in names["forms"].values() for field in form)
    assert not any(field["required"] for form in names["forms"].values() for field in form if field["folded"])
    warned = {action.name for action in names["manifest"].actions if names["warning"](action)}
    assert "delete_memories" in warned
    assert "search_memories" not in warned
    assert names["steps"]
