"""A runtime with ModuleX's integrations, and packages that a test adds."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from modulex_mem0.runtime import Runtime, RuntimeSettings


@pytest.fixture(scope="session")
def loaded() -> Iterator[Runtime]:
    """A runtime in which everything is loaded."""
    with Runtime() as runtime:
        runtime.integrations.load_all()
        yield runtime


@pytest.fixture
async def host(quick: RuntimeSettings) -> AsyncIterator[Runtime]:
    """A runtime with everything installed, whose requests pytest-httpx intercepts."""
    async with Runtime(replace(quick, transport="httpx")) as runtime:
        yield runtime


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Install a package for ModuleX: the key of its entry point and the code of its `__init__`."""

    def install_package(key: str, code: str) -> None:
        # Imported modules outlive a test, so each has a name of its own.
        module = f"package_{uuid4().hex}"
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(f"[modulex.tools]\n{key} = {module}\n")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        if str(tmp_path) not in sys.path:
            monkeypatch.syspath_prepend(str(tmp_path))

    return install_package
