"""Programs of a test, each in a process of its own, with the time that it may take."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["PATIENCE", "run_program"]

#: A program that hangs fails its test after this many seconds.
PATIENCE = 40.0


def run_program(
    code: str,
    *options: str,
    arguments: Iterable[str] = (),
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own.

    Args:
        code: The program.
        options: Options of the interpreter.
        arguments: What the program reads from `sys.argv`.
        folder: Modules that it can import, too.
        environment: Further environment variables.
    """
    variables = os.environ | dict(environment or {})
    if folder is not None:
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), variables.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, *options, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=variables,
    )
