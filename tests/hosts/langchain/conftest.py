"""A sandbox for agents."""

from collections.abc import Iterator

import pytest

from modulex_mem0.sandbox import RunningSandbox, running_sandbox


@pytest.fixture(scope="session")
def langchain_sandbox_server() -> Iterator[RunningSandbox]:
    with running_sandbox(delay=0) as server:
        yield server


@pytest.fixture
def sandbox(langchain_sandbox_server: RunningSandbox) -> RunningSandbox:
    """A Mem0 whose adds are done before their reply, with an empty project."""
    return langchain_sandbox_server.with_fresh_project()


@pytest.fixture
def credential(sandbox: RunningSandbox) -> dict[str, str]:
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
