"""A Mem0 for each test: the sandbox with an empty project, or a scripted server."""

from collections.abc import Iterator

import pytest

from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.mem0.client import Mem0


@pytest.fixture(scope="session")
def host() -> Iterator[Runtime]:
    """One runtime for all tests, as in a host; each test's event loop has connections of its own."""
    with Runtime(RuntimeSettings(retry_wait=0.001)) as runtime:
        yield runtime


@pytest.fixture
def mem0(host: Runtime, sandbox: RunningSandbox) -> Mem0:
    """Mem0 at the sandbox."""
    return Mem0(host, sandbox.base_url, sandbox.api_key)


@pytest.fixture
def scripted(host: Runtime, server: ScriptedServer) -> Mem0:
    """Mem0 at a server that answers as the test scripts it."""
    return Mem0(host, server.url)
