"""The command, and projects of authors, run as people run them; nothing uses the network."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["Ended", "install_from", "modulex", "python", "run_tests_of"]

Ended = subprocess.CompletedProcess[str]
_ROOT = Path(__file__).parents[3]


def python(*arguments: str, site: Path | None = None, folder: Path | None = None, timeout: float = 120) -> Ended:
    """Run Python in a folder, with the packages of another folder, which may import these tests' helpers."""
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


def install_from(project: Path, site: Path) -> None:
    """Build a project and install it into a folder; its dependencies are installed already."""
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    ended = python("-m", "pip", "install", *options, "--target", str(site), str(project))
    assert ended.returncode == 0, ended.stderr


def run_tests_of(project: Path, site: Path) -> Ended:
    """Run a project's tests as its author would."""
    return python("-m", "pytest", "-q", "-p", "no:cacheprovider", site=site, folder=project)
