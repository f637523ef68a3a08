"""The command, run as people run it."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["Ended", "modulex", "python"]

Ended = subprocess.CompletedProcess[str]
_ROOT = Path(__file__).parents[3]


def python(*arguments: str, site: Path | None = None, folder: Path | None = None, timeout: float = 120) -> Ended:
    """Run Python in a folder; `site` holds what is installed beside us, which may import these tests' helpers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment["PYTHONPATH"] = os.pathsep.join(str(path) for path in (site, _ROOT) if path is not None)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def modulex(*arguments: str, site: Path | None = None, folder: Path | None = None) -> Ended:
    """Run `modulex-mem0`."""
    return python("-m", "modulex_mem0.cli", *arguments, site=site, folder=folder)
