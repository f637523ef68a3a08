"""Run the property tests with ever new examples: `python -m tests.fuzz --minutes 60`.

In every run of the tests they have the same few examples. Here they get thousands of new ones a round (a test that
sets its own number keeps it), in rounds until the time is over: of replies, inputs, filters, templates, messages,
schemas and requests to the sandbox. What fails is kept in `.hypothesis/` and tried first in the next run; give it to
its test as an `@example`.
"""

import argparse
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["main"]

_ROOT = Path(__file__).parents[1]
_NOTHING_SELECTED = 5  # pytest's exit code


def main() -> int:
    """Run rounds until one fails or the time is over; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="start no round after this time (default: 60)")
    parser.add_argument("--examples", type=int, default=2000, help="of each test in a round (default: 2000)")
    parser.add_argument("tests", nargs="*", default=["tests"], help="folders or files (default: all)")
    options = parser.parse_args()
    began = time.monotonic()
    rounds = 0
    while not rounds or time.monotonic() - began < options.minutes * 60:
        rounds += 1
        seed = secrets.randbits(32)
        print(f"round {rounds}, seed {seed}", flush=True)  # noqa: T201 - what a command prints
        # pytest's plugin of hypothesis marks the property tests.
        command = ["-m", "hypothesis", "--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}", "-q", "-x"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *command, *options.tests],
            cwd=_ROOT,
            env={**os.environ, "FUZZ_EXAMPLES": str(options.examples)},
            check=False,
        )
        if done.returncode:
            print(f"failed in round {rounds}, seed {seed}")  # noqa: T201
            return 2 if done.returncode == _NOTHING_SELECTED else 1
    print(f"rounds: {rounds}, in {(time.monotonic() - began) / 60:.1f} minutes: nothing failed")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
