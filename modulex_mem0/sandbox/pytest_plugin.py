"""A pytest plugin with the fixture ``mem0_sandbox``: a Mem0 of one's own for every test.

One server runs for the whole session; each test gets a fresh key, and with it an empty project. Nothing of the server
is imported before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from modulex_mem0.sandbox.running import RunningSandbox


@pytest.fixture(scope="session")
def mem0_sandbox_server() -> Iterator[RunningSandbox]:
    """The server of the session. Adds are done before their reply, so that no test needs to wait."""
    from modulex_mem0.sandbox import running_sandbox  # noqa: PLC0415 - not before a test asks for it

    with running_sandbox(delay=0) as server:
        yield server


@pytest.fixture
def mem0_sandbox(mem0_sandbox_server: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox with an empty project and no faults: ``base_url``, ``api_key``, ``headers``, ``set_faults``."""
    yield mem0_sandbox_server.with_fresh_project()
    mem0_sandbox_server.set_faults()
