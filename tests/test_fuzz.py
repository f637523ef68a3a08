"""The command that runs the property tests with ever new examples."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_round_is_run_and_reported() -> None:
    options = ["--minutes", "0", "--examples", "3", "tests/runtime/test_redaction.py"]
    command = [sys.executable, "-m", "tests.fuzz", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rounds: 1, in" in done.stdout
