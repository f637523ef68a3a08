"""The pytest fixtures, as a user has them: pytest runs in a process of its own, on a folder with one test file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = "modulex_mem0.sandbox.pytest_plugin"
TESTS = """
import httpx

BODY = {"messages": [{"role": "user", "content": "I like tea."}], "user_id": "alice"}


def _use(sandbox):
    with httpx.Client(base_url=sandbox.base_url, headers={"Authorization": f"Token {sandbox.api_key}"}) as client:
        assert client.post("/v3/memories/", json={"filters": {"user_id": "*"}}).json()["count"] == 0
        client.post("/v3/memories/add/", json=BODY)
        assert client.post("/v3/memories/", json={"filters": {"user_id": "*"}}).json()["count"] == 1


def test_one(mem0_sandbox):
    _use(mem0_sandbox)
    mem0_sandbox.set_faults({"path": "*", "status": 500})


def test_two(mem0_sandbox):
    _use(mem0_sandbox)
"""
PROCESS = """
import os
import httpx


def test_kill(mem0_sandbox_process):
    box = mem0_sandbox_process
    assert box.process.pid != os.getpid()
    faults = [{"path": "/v1/ping/", "status": 503}]
    httpx.put(f"{box.base_url}/_sandbox/faults", json=faults).raise_for_status()
    assert httpx.get(f"{box.base_url}/v1/ping/", headers=box.headers).status_code == 503
    box.process.kill()
"""
UNUSED = """
import sys


def test_nothing_is_imported():
    assert "modulex_mem0.sandbox.pytest_plugin" in sys.modules
    for name in ("starlette", "uvicorn", "sqlite3", "numpy", "modulex_mem0.sandbox.server", "modulex_mem0.runtime"):
        assert name not in sys.modules, name
"""
# Other installed plugins would import packages of their own, and warn of settings that the folder lacks.
OTHERS = ("asyncio", "schemathesis", "langsmith_plugin", "anyio", "hypothesispytest")


def _pytest(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    others = [part for name in OTHERS for part in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", *others, *options, str(folder)]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def _passed(result: subprocess.CompletedProcess[str], count: int) -> None:
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{count} passed" in result.stdout


def test_each_test_gets_an_empty_sandbox(tmp_path: Path) -> None:
    (tmp_path / "test_use.py").write_text(TESTS)
    _passed(_pytest(tmp_path), 2)


@pytest.mark.parametrize("autoload", ["", "1"], ids=["autoload", "no autoload"])
def test_the_plugin_may_also_be_named(tmp_path: Path, autoload: str) -> None:
    (tmp_path / "test_use.py").write_text(TESTS)
    _passed(_pytest(tmp_path, "-p", PLUGIN, PYTEST_DISABLE_PLUGIN_AUTOLOAD=autoload), 2)
    (tmp_path / "conftest.py").write_text(f"pytest_plugins = [{PLUGIN!r}]\n")
    _passed(_pytest(tmp_path, PYTEST_DISABLE_PLUGIN_AUTOLOAD=autoload), 2)


def test_a_test_may_kill_its_sandbox_process(tmp_path: Path) -> None:
    (tmp_path / "test_process.py").write_text(PROCESS)
    _passed(_pytest(tmp_path), 1)


@pytest.mark.no_cover
def test_the_plugin_imports_nothing_before_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "test_unused.py").write_text(UNUSED)
    _passed(_pytest(tmp_path), 1)


@pytest.mark.parametrize(("fixture", "package"), [("mem0_sandbox", "uvicorn"), ("mem0_sandbox_process", "starlette")])
def test_a_missing_package_is_reported_in_one_line(tmp_path: Path, fixture: str, package: str) -> None:
    (tmp_path / "conftest.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    (tmp_path / "test_use.py").write_text(f"def test_it({fixture}): pass\n\ndef test_another(): pass\n")
    result = _pytest(tmp_path)
    assert "1 passed, 1 error" in result.stdout
    assert f"the sandbox needs {package}: pip install 'modulex-mem0[sandbox]'" in result.stdout
    assert "Traceback" not in result.stdout
