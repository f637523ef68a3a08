"""A drop-in: the tests that upstream wrote for its own Mem0 tools pass with ours."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")
pytest.importorskip("pytest_httpx", reason="upstream's tests need pytest-httpx")

_IMPORT = "from modulex_integrations.tools.mem0 import ("
# Ours has more actions than the three that upstream counts; that its three are there is tested elsewhere.
_COUNTS = "TestManifest::test_manifest_exposes_3_actions"


def test_upstreams_own_tests_pass_with_our_tools(tmp_path: Path) -> None:
    spec = find_spec("modulex_integrations.tools.mem0")
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "tests" / "test_mem0.py").read_text()
    assert _IMPORT in source
    # The outputs stay upstream's: its closed models read what our tools answer.
    copy = tmp_path / "test_upstream.py"
    copy.write_text(source.replace(_IMPORT, "from modulex_mem0.hosts.modulex import ("))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", copy.name, "--deselect", f"{copy.name}::{_COUNTS}", "-p", "no:cacheprovider"],
        check=False,
        capture_output=True,
        cwd=tmp_path,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    expected = source.count("def test_") - 1
    assert f"{expected} passed, 1 deselected" in done.stdout
