"""Other people's clients, as installed from their registries, against the sandbox.

What is not installed is skipped, with the reason. `scripts/test-elsewhere` installs and runs all of it.
"""

import os
import tempfile
from pathlib import Path

import pytest

from modulex_mem0.sandbox import RunningSandbox

_HOME = tempfile.TemporaryDirectory(prefix="mem0-clients-")
# Read by these packages when they are imported, which is before any fixture: no telemetry, no file in the user's home.
_AT_IMPORT = {"MEM0_TELEMETRY": "False", "MEM0_DIR": _HOME.name, "HAYSTACK_TELEMETRY_ENABLED": "False"}
_BEFORE = {name: os.environ.get(name) for name in _AT_IMPORT}
os.environ.update(_AT_IMPORT)


def pytest_unconfigure() -> None:
    """Leave the environment and the disk as they were."""
    for name, value in _BEFORE.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    _HOME.cleanup()


@pytest.fixture
def account(sandbox: RunningSandbox, tmp_path: Path) -> dict[str, str]:
    """The environment of a client in a process of its own, with a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "MEM0_BASE_URL": sandbox.base_url,
        "MEM0_API_KEY": sandbox.api_key,
        "MEM0_TELEMETRY": "false",
    }
