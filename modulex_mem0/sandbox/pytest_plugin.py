"""Pytest fixtures: `mem0_sandbox` is an empty Mem0 for each test.

One server runs for the whole session; each test gets a new key, which opens an empty project. A test that kills its
server, or blocks the thread that the server would run on, takes `mem0_sandbox_process`. The server is imported when
a test first asks for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from modulex_mem0.sandbox.server.running import ChildSandbox, RunningSandbox

__all__ = ["mem0_sandbox", "mem0_sandbox_process", "mem0_sandbox_server"]


@pytest.fixture(scope="session")
def mem0_sandbox_server() -> "Iterator[RunningSandbox]":
    """The server of the session. Adds are done before their reply, so no test has to wait."""
    with _extra_required():
        from modulex_mem0.sandbox import running_sandbox  # noqa: PLC0415 - not before a test asks for it

    with running_sandbox(delay=0) as server:
        yield server


@pytest.fixture
def mem0_sandbox(mem0_sandbox_server: "RunningSandbox") -> "Iterator[RunningSandbox]":
    """A sandbox with an empty project and no faults: `base_url`, `api_key`, `headers`, `set_faults`."""
    yield mem0_sandbox_server.with_fresh_project()
    mem0_sandbox_server.set_faults()


@pytest.fixture
def mem0_sandbox_process() -> "Iterator[ChildSandbox]":
    """A sandbox in a process of its own: `base_url`, `api_key`, `headers`, `process`; faults over HTTP."""
    with _extra_required():
        from modulex_mem0.sandbox import sandbox_process  # noqa: PLC0415 - not before a test asks for it

    with sandbox_process(delay=0, allow_fault_control=True) as child:
        yield child


@contextmanager
def _extra_required() -> Iterator[None]:
    """Report a missing package in one line that says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("modulex_mem0"):
            raise
        package = error.name.partition(".")[0]
        pytest.fail(f"the sandbox needs {package}: pip install 'modulex-mem0[sandbox]'", pytrace=False)
