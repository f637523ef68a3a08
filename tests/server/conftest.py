"""A real server on a real socket, with the tiny integration and Mem0 in it, and clients for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from modulex_mem0.runtime import Runtime, RuntimeSettings, StoredCredentials
from modulex_mem0.sandbox import RunningSandbox
from modulex_mem0.server import ConsoleServer, ServerSettings, TemporaryCredential
from tests.helpers.tiny_integration import plugin

TOKEN = "test-token-0123456789"


@dataclass(frozen=True)
class Console:
    """A server that runs, and where it keeps its files."""

    url: str
    directory: Path
    store: StoredCredentials

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, **options: Any) -> httpx.Client:
        """A client that sends the token."""
        given = {"Authorization": f"Bearer {TOKEN}"} | options.pop("headers", {})
        return httpx.Client(base_url=self.url, headers=given, timeout=30, trust_env=False, **options)


Start = Callable[..., AbstractContextManager[Console]]


@pytest.fixture(autouse=True)
def _streams_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that stopped a server earlier in this process would end every stream of the MCP SDK from then on."""
    if find_spec("sse_starlette") is not None:
        monkeypatch.setattr("sse_starlette.sse.AppStatus.should_exit", False)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODULEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODULEX_KEYRING", "off")
    for name in ("MODULEX_KEY", "MODULEX_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Serve for a `with` block, with settings of the test's choice."""
    return lambda **settings: serving(tmp_path / "home", **settings)


@contextmanager
def serving(home: Path, **settings: Any) -> Iterator[Console]:
    """Serve for a `with` block."""
    given: dict[str, Any] = {"token": TOKEN, "directory": home} | settings
    chosen = ServerSettings(**given)
    runtime = Runtime(RuntimeSettings(retry_wait=0.001, trust_env=False), plugins=[plugin()])
    server = ConsoleServer(chosen, runtime)
    thread = threading.Thread(target=server.serve_until_exit, daemon=True)
    thread.start()
    assert server.ready.wait(20)
    try:
        yield Console(server.base_url, chosen.directory, StoredCredentials(chosen.directory))
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def console(start: Start, sandbox: RunningSandbox) -> Iterator[Console]:
    """A server that offers a sandbox."""
    offered = {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
    with start(temporary=TemporaryCredential("sandbox", "mem0", offered)) as running:
        yield running


@pytest.fixture
def client(console: Console) -> Iterator[httpx.Client]:
    with console.client() as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from tests.server.browser import launched

    with launched() as browser:
        yield browser
