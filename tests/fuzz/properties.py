"""The property tests of the whole package with ever new examples, in rounds.

In every run of the tests they have the same few examples. Here they get thousands of new ones a round (a test that
sets its own number keeps it): of messages, schemas, imports and requests to the sandbox too, which no target of the
fuzzer has. What fails is kept in `.hypothesis/` and tried first in the next run; give it to its test as an `@example`.
"""

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["run_rounds"]

_ROOT = Path(__file__).parents[2]
_NOTHING_SELECTED = 5  # pytest's exit code


def run_rounds(tests: list[str], minutes: float, examples: int) -> int:
    """Run rounds until one fails or the time is over; returns the exit code.

    Args:
        tests: Folders or files.
        minutes: No round begins after this time.
        examples: Of each test in a round.
    """
    began = time.monotonic()
    rounds = 0
    while not rounds or time.monotonic() - began < minutes * 60:
        rounds += 1
        seed = secrets.randbits(32)
        print(f"round {rounds}, seed {seed}", flush=True)  # noqa: T201 - what a command prints
        # pytest's plugin of hypothesis marks the property tests.
        command = ["-m", "hypothesis", "--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}", "-q", "-x"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *command, *tests],
            cwd=_ROOT,
            env={**os.environ, "FUZZ_EXAMPLES": str(examples)},
            check=False,
        )
        if done.returncode:
            print(f"failed in round {rounds}, seed {seed}")  # noqa: T201
            return 2 if done.returncode == _NOTHING_SELECTED else 1
    print(f"rounds: {rounds}, in {(time.monotonic() - began) / 60:.1f} minutes: nothing failed")  # noqa: T201
    return 0
