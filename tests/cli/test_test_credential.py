"""`test-credential`: whether a credential works, and if not, why."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from modulex_mem0.sandbox import RunningSandbox

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_good_credential_from_the_environment(run: Run, account: dict[str, str]) -> None:
    ended = run("test-credential", env=account)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ok: Mem0 accepts the credential\n", "")


def test_a_good_credential_from_a_file(run_here: Run, sandbox: RunningSandbox, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"api_key": sandbox.api_key, "MEM0_BASE_URL": sandbox.base_url}))
    ended = run_here("test-credential", "--credential-file", "c.json", "--json")
    assert (ended.returncode, json.loads(ended.stdout)) == (0, {"success": True, "error": None})


def test_a_bad_credential_is_reported_with_advice(run: Run, account: dict[str, str]) -> None:
    ended = run("test-credential", env=account | {"MEM0_API_KEY": "m0-wrong"})
    assert (ended.returncode, ended.stdout) == (1, "")
    line, advice = ended.stderr.splitlines()
    assert line.startswith("unauthorized: ")
    assert line.endswith("(HTTP 401)")
    assert advice == "Replace the credential: the service does not accept it."


def test_a_bad_credential_as_json(run_here: Run, account: dict[str, str]) -> None:
    ended = run_here("test-credential", "--json", env=account | {"MEM0_API_KEY": "m0-wrong"})
    answer = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert answer["success"] is False
    assert answer["error"].startswith("unauthorized: ")


def test_no_credential(run_here: Run) -> None:
    ended = run_here("test-credential")
    assert ended.returncode == 1
    assert ended.stderr.startswith("missing_credential: ")


def test_a_service_that_is_not_there(run_here: Run) -> None:
    env = {"MEM0_API_KEY": "m0-any", "MEM0_BASE_URL": "http://127.0.0.1:9"}
    ended = run_here("test-credential", "--timeout", "3", env=env)
    assert ended.returncode == 1
    assert ended.stderr.startswith("connection_failed: ")


def test_an_integration_without_a_test(run_here: Run, echo: dict[str, str]) -> None:
    ended = run_here("test-credential", "--integration", "echo", env=echo)
    assert ended.returncode == 1
    assert ended.stderr.startswith("unsupported: ")
