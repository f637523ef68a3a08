"""`demo`: every step, in order, and the report of a step that fails."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    """One run, in an environment with a credential and proxies that the demo has to ignore."""
    env = {
        "PATH": "/usr/bin:/bin",
        "MEM0_API_KEY": "m0-a-real-key",
        "MEM0_BASE_URL": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
    }
    return subprocess.run(
        [sys.executable, "-m", "modulex_mem0.cli", "demo"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=env,
        timeout=60,
    )


def test_it_succeeds_and_writes_plain_text_to_standard_output(demo: subprocess.CompletedProcess[str]) -> None:
    assert (demo.returncode, demo.stderr) == (0, "")
    assert "\x1b" not in demo.stdout
    assert max(map(len, demo.stdout.splitlines())) <= 120


@pytest.mark.parametrize(
    "text",
    [
        "there is no language model",
        "mem0         1.0.0    modulex-mem0",
        "4. Paste the API key below",
        "[ ********** ]  (masked, required)",
        "< unauthorized: ",
        '"status": "PENDING"',
        "I like quiet restaurants\n",
        "3 of 5; next: ",
        "2 of 5; next: none",
        "did you mean 'query'?",
        "< invalid_input: user_id: ",
        "< invalid_input: limit: ",
        "< invalid_input: memory_id: ",
        "< not_found: this user has no memory with the id",
        "All 8 steps did what they should",
    ],
)
def test_the_output_contains(demo: subprocess.CompletedProcess[str], text: str) -> None:
    assert text in demo.stdout


def test_the_steps_come_in_order(demo: subprocess.CompletedProcess[str]) -> None:
    assert re.findall(r"^(\d)\. ", demo.stdout, re.MULTILINE) == list("12345678")


def test_a_step_that_fails_is_named(environment: dict[str, str]) -> None:
    program = (
        "import sys, modulex_mem0.cli.demo as demo\n"
        "demo._REMEMBERED, demo._PATIENCE = 6, 0.3\n"
        "from modulex_mem0.cli import main; sys.exit(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "demo"], check=False, capture_output=True, text=True, env=environment
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: step 5 (Add a conversation): expected 6 memories within 0.3 s, found ")
    assert "Traceback" not in ended.stderr
