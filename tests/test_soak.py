"""The command that makes very many calls with faults among them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process holds is read from Linux's /proc")
def test_calls_with_faults_lose_double_and_leave_nothing() -> None:
    command = [sys.executable, "-m", "tests.soak", "--calls", "2000", "--open", "64", "--faults", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2000 calls in" in done.stdout
    assert "outcome_unknown" in done.stdout
