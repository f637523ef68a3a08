"""The sdist: the same wheel comes out of it, and its tests run in it. `make test-sdist` runs all of them there."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.packaging.test_wheel import ROOT, build


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build("sdist", folder)) as archive:
        archive.extractall(folder, filter="data")
    (source,) = (path for path in folder.iterdir() if path.is_dir())
    return source


def test_the_sdist_builds_the_same_wheel(unpacked: Path, wheel: Path, tmp_path: Path) -> None:
    again = build("wheel", tmp_path, cwd=unpacked)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_sdist_has_what_the_checkout_has(unpacked: Path) -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not in a git checkout")
    tracked = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = {name for name in tracked.stdout.split("\0") if name and (ROOT / name).exists()}
    assert sorted(name for name in names if not (unpacked / name).exists()) == []


def test_tests_pass_in_it(unpacked: Path) -> None:
    """A part of them, on the package that lies there."""
    where = "import modulex_mem0; print(modulex_mem0.__file__)"
    tests = ["tests/contract", "tests/documentation/test_architecture.py"]
    path = os.environ | {"PYTHONPATH": str(unpacked)}
    for command in (["-c", where], ["-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]):
        done = subprocess.run(
            [sys.executable, *command], cwd=unpacked, env=path, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if command[0] == "-c":
            assert Path(done.stdout.strip()).is_relative_to(unpacked)
