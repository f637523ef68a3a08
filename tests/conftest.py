"""Fixtures that several rooms share: the servers, and an environment without surprises."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from hypothesis import settings

from modulex_mem0.runtime import Runtime, RuntimeSettings
from modulex_mem0.runtime.settings import TransportName
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.tiny_integration import plugin

# The same examples on every machine and in every run, however slow it is: a failure can be repeated.
settings.register_profile("steady", deadline=None, derandomize=True)
# Ever new examples, and many: see tests/fuzz/properties.py.
_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2000"))
settings.register_profile("fuzz", deadline=None, derandomize=False, max_examples=_EXAMPLES, print_blob=True)
settings.load_profile("steady")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would the programs that they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

_AMBIENT = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no proxy and no key of the machine that they run on."""
    for name in list(os.environ):
        if name.lower() in _AMBIENT or name.startswith(("MEM0_", "TINY_", "MODULEX_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _programs_without_coverage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that a test with the marker `no_cover` starts are not measured, just as the test itself."""
    if request.node.get_closest_marker("no_cover"):
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture(scope="module")
def lasting_server() -> Iterator[ScriptedServer]:
    """One server for all the tests of a module, such as the many examples of a property."""
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def sandbox(mem0_sandbox: RunningSandbox) -> RunningSandbox:
    """A Mem0 whose adds are done before their reply, with an empty project, as our own pytest plugin gives one."""
    return mem0_sandbox


@pytest.fixture
def account(sandbox: RunningSandbox) -> dict[str, str]:
    """The environment variables that point a program at the sandbox."""
    return {"MEM0_API_KEY": sandbox.api_key, "MEM0_BASE_URL": sandbox.base_url}


@pytest.fixture
def credential(sandbox: RunningSandbox) -> dict[str, str]:
    """The credential that points a call at the sandbox."""
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}


@pytest.fixture
def quick() -> RuntimeSettings:
    """Settings whose waits are too short to be noticed."""
    return RuntimeSettings(retry_wait=0.001)


@pytest.fixture(params=["httpx", "pyreqwest"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """What carries requests: whatever is promised holds over both."""
    name: TransportName = request.param
    if name == "pyreqwest":
        pytest.importorskip("pyreqwest", reason="the extra `fast` is not installed")
    return name


@pytest.fixture
async def runtime(quick: RuntimeSettings, transport: TransportName) -> AsyncIterator[Runtime]:
    """A runtime with the tiny integration."""
    async with Runtime(replace(quick, transport=transport), plugins=[plugin()]) as made:
        yield made
