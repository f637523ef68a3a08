"""A pytest plugin with the fixture ``mem0_sandbox``: a Mem0 of one's own for every test.

One server runs for the whole session; each test gets a fresh key, and with it an empty project. A test that kills its
server, or blocks the thread that it would run on, takes ``mem0_sandbox_process``. Nothing of the server is imported
before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from modulex_mem0.sandbox.child import ChildSandbox
    from modulex_mem0.sandbox.running import RunningSandbox


@pytest.fixture(scope="session")
def mem0_sandbox_server() -> Iterator[RunningSandbox]:
    """The server of the session. Adds are done before their reply, so that no test needs to wait."""
    with _needing_the_extra():
        from modulex_mem0.sandbox.running import running_sandbox  # noqa: PLC0415 - not before a test asks for it

    with running_sandbox(delay=0) as server:
        yield server


@pytest.fixture
def mem0_sandbox(mem0_sandbox_server: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox with an empty project and no faults: ``base_url``, ``api_key``, ``headers``, ``set_faults``."""
    yield mem0_sandbox_server.with_fresh_project()
    mem0_sandbox_server.set_faults()


@pytest.fixture
def mem0_sandbox_process() -> Iterator[ChildSandbox]:
    """A sandbox in a process of its own: ``base_url``, ``api_key``, ``headers``, ``process``; faults by HTTP."""
    with _needing_the_extra():
        import starlette  # noqa: F401, PLC0415 - said here rather than by the child
        import uvicorn  # noqa: F401, PLC0415 - said here rather than by the child

        from modulex_mem0.sandbox.child import sandbox_process  # noqa: PLC0415 - not before a test asks for it

    with sandbox_process(delay=0, allow_fault_control=True) as child:
        yield child


@contextmanager
def _needing_the_extra() -> Iterator[None]:
    """Turn a package that is missing into one line that says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("modulex_mem0"):
            raise
        pytest.fail(f"the sandbox needs {error.name}: pip install 'modulex-mem0[sandbox]'", pytrace=False)
