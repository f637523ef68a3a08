from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_each_test_gets_an_empty_sandbox_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "test_use.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "modulex_mem0.sandbox.pytest_plugin", "."]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed" in result.stdout
