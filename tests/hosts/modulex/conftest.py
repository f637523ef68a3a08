"""A Mem0 for ModuleX's tools to talk to."""

from collections.abc import Iterator

import pytest

from modulex_mem0.sandbox import RunningSandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[RunningSandbox]:
    with running_sandbox(delay=0) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: RunningSandbox) -> Iterator[RunningSandbox]:
    """A Mem0 whose adds are done before their reply, with an empty project."""
    yield sandbox_server.with_fresh_project()
    sandbox_server.set_faults()


@pytest.fixture
def injected(sandbox: RunningSandbox) -> dict[str, str]:
    """What ModuleX injects into every call."""
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
