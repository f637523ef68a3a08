"""The command that runs a worker: it takes over from a killed one, stops in order, and outlives its server."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

from modulex_mem0.cli.app import root
from modulex_mem0.hosts.temporal import ConnectionFailedError, run_worker
from modulex_mem0.runtime import Runtime, StoredCredentials
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import after, hang, json_reply
from tests.hosts.temporal.dev_server import DevServer
from tests.hosts.temporal.workers import worker_process
from tests.hosts.temporal.workflows import Asked, CallOnce

KEY = "m0-the-key-of-this-test"
ADD = ("mem0", "add_memories", {"user_id": "alice", "messages": "I cook.", "infer": False}, "work")
SEARCH = ("mem0", "search_memories", {"user_id": "alice", "query": "cook"}, "work")


@pytest.fixture
def queue() -> str:
    """The task queue of the workers in processes of their own."""
    return f"tests-{uuid.uuid4()}"


@pytest.fixture
async def workflows(client: Client) -> AsyncIterator[str]:
    """The task queue of a worker for the workflow alone."""
    name = f"workflows-{uuid.uuid4()}"
    async with Worker(client, task_queue=name, workflows=[CallOnce]):
        yield name


@pytest.fixture
async def calls(client: Client, workflows: str, queue: str) -> "Calls":
    return Calls(client, workflows, queue)


@dataclass(frozen=True)
class Calls:
    """Starts workflows that call one action each, on the workers of the test."""

    client: Client
    workflows: str
    queue: str

    async def start(self, arguments: tuple[Any, ...], **options: Any) -> "WorkflowHandle[CallOnce, Any]":
        asked = Asked(self.queue, list(arguments), **options)
        return await self.client.start_workflow(
            CallOnce.run, asked, id=f"call-{uuid.uuid4()}", task_queue=self.workflows
        )


def save(store: StoredCredentials, base_url: str, key: str = KEY) -> None:
    with Runtime() as runtime:
        store.save(runtime.integrations["mem0"].profile, "work", {"api_key": key, "base_url": base_url})


async def test_a_workflow_uses_memory_through_the_command(
    temporal_server: DevServer, calls: Calls, store: StoredCredentials, sandbox: RunningSandbox
) -> None:
    save(store, sandbox.base_url, sandbox.api_key)
    with worker_process(temporal_server.address, "--task-queue", calls.queue) as worker:
        added = await (await calls.start(ADD)).result()
        assert added["success"] is True
        found = await (await calls.start(SEARCH)).result()
        assert "I cook." in str(found)
        assert worker.stop() == 0


async def test_what_a_killed_worker_may_have_carried_out_is_not_sent_again_and_reading_is(
    temporal_server: DevServer, calls: Calls, store: StoredCredentials, server: ScriptedServer
) -> None:
    save(store, server.url)
    server.script(hang, hang, json_reply({"results": []}))
    options = ("--task-queue", calls.queue)
    with worker_process(temporal_server.address, *options) as first:
        adding = await calls.start(ADD, heartbeat=3.0)
        await asyncio.to_thread(server.wait_for_requests, 1)
        searching = await calls.start(SEARCH, heartbeat=3.0)
        await asyncio.to_thread(server.wait_for_requests, 2)
        first.kill()
    with worker_process(temporal_server.address, *options):
        with pytest.raises(WorkflowFailureError) as caught:
            await adding.result()
        assert isinstance(caught.value.cause, ActivityError)
        error = caught.value.cause.cause
        assert isinstance(error, ApplicationError)
        assert error.type == "outcome_unknown"
        assert (await searching.result())["success"] is True
    targets = [request.target for request in server.requests]
    assert len([target for target in targets if "/add/" in target]) == 1
    assert len(targets) == 3


async def test_a_worker_that_is_asked_to_stop_finishes_its_calls(
    temporal_server: DevServer, calls: Calls, store: StoredCredentials, server: ScriptedServer
) -> None:
    save(store, server.url)
    answer = threading.Event()
    server.script(after(answer, json_reply({"results": []})))
    with worker_process(temporal_server.address, "--task-queue", calls.queue) as worker:
        searching = await calls.start(SEARCH)
        await asyncio.to_thread(server.wait_for_requests, 1)
        ended = asyncio.create_task(asyncio.to_thread(worker.stop))
        await asyncio.to_thread(worker.wait_for, "stopping")
        assert not ended.done()
        answer.set()
        assert (await searching.result())["success"] is True
        assert await ended == 0
    assert len(server.requests) == 1


async def test_a_worker_outlives_its_server(
    tmp_path: Path, queue: str, store: StoredCredentials, sandbox: RunningSandbox
) -> None:
    save(store, sandbox.base_url, sandbox.api_key)
    with (
        DevServer(tmp_path) as temporal,
        worker_process((await _ready(temporal)).address, "--task-queue", queue) as worker,
    ):
        temporal.kill()
        temporal.start()
        client = await temporal.client()
        async with Worker(client, task_queue="workflows", workflows=[CallOnce]):
            added = await (await Calls(client, "workflows", queue).start(ADD)).result()
        assert added["success"] is True
        assert worker.stop() == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--address", "127.0.0.1:1"], "cannot connect to the Temporal server at 127.0.0.1:1: Connection refused"),
        (["--namespace", "nowhere"], "Namespace nowhere is not found"),
        (["--profile", "nobody"], "Temporal's configuration cannot be read: Profile 'nobody' not found"),
    ],
)
def test_a_worker_that_cannot_start_says_why_in_one_line(
    temporal_server: DevServer, monkeypatch: pytest.MonkeyPatch, options: list[str], says: str
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_server.address)
    ended = CliRunner().invoke(root, ["temporal", "worker", *options])
    assert ended.exit_code == 1
    assert says in ended.output
    assert ended.output.count("\n") == 1


async def test_a_worker_that_the_server_refuses_says_so(temporal_server: DevServer, store: StoredCredentials) -> None:
    """The namespace may have been deleted after the client connected."""
    client = await Client.connect(temporal_server.address, namespace="nowhere")
    async with Runtime() as runtime:
        with pytest.raises(ConnectionFailedError, match=r"the Temporal server refuses the worker: .*nowhere"):
            await run_worker(client, runtime)


async def _ready(server: DevServer) -> DevServer:
    await server.client()
    return server
