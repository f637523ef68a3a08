"""A worker: the process that runs our activities and workflows for a Temporal server."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from modulex_mem0.hosts.temporal.actions import ActionActivities
from modulex_mem0.hosts.temporal.connection import ConnectionFailedError, one_line
from modulex_mem0.hosts.temporal.import_activities import ImportActivities
from modulex_mem0.hosts.temporal.import_plan import CHUNK_TASK_QUEUE_SUFFIX
from modulex_mem0.hosts.temporal.import_workflow import ImportWorkflow
from modulex_mem0.runtime import Runtime, StoredCredentials

__all__ = ["TASK_QUEUE", "WorkerSettings", "run_worker"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: The task queue of `call_action`.
TASK_QUEUE = "modulex-mem0"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How a worker runs.

    Attributes:
        task_queue: Where workflows find it.
        max_activities: Calls at once, and other activities.
        chunks: Chunks of bulk imports that are sent at once. More than one is of use for short chunks only.
        requests: Requests at once of each bulk import.
        graceful_shutdown: How long activities may go on after the worker was asked to stop, in seconds.
    """

    task_queue: str = TASK_QUEUE
    max_activities: int = 100
    chunks: int = 1
    requests: int = 16
    graceful_shutdown: float = 30.0


async def run_worker(
    client: Client,
    runtime: Runtime,
    settings: WorkerSettings | None = None,
    *,
    announce: Callable[[str], None] = lambda message: None,
) -> None:
    """Run a worker until SIGINT or SIGTERM.

    It goes on while the server is away. At the first signal it takes no more work and lets activities end.

    Args:
        client: Connected to the server.
        runtime: Makes the calls.
        settings: How to run.
        announce: Called with a line for people when the worker begins, and when it was asked to stop.

    Raises:
        ConnectionFailedError: The server refuses the worker.
    """
    settings = settings or WorkerSettings()
    credentials = StoredCredentials()
    imports = ImportActivities(runtime, credentials, requests=settings.requests)
    grace = timedelta(seconds=settings.graceful_shutdown)
    workers = [
        Worker(
            client,
            task_queue=settings.task_queue,
            workflows=[ImportWorkflow],
            activities=[
                ActionActivities(runtime, credentials).call_action,
                imports.begin,
                imports.index,
                imports.follow,
            ],
            max_concurrent_activities=settings.max_activities,
            graceful_shutdown_timeout=grace,
        ),
        Worker(
            client,
            task_queue=settings.task_queue + CHUNK_TASK_QUEUE_SUFFIX,
            activities=[imports.send],
            max_concurrent_activities=settings.chunks,
            graceful_shutdown_timeout=grace,
        ),
    ]
    where = f"{client.service_client.config.target_host}, namespace {client.namespace}"
    runs = [asyncio.create_task(worker.run()) for worker in workers]
    with _stopped_by_signals(workers, announce):
        announce(f"worker of the task queue {settings.task_queue} at {where}; Ctrl+C stops it")
        try:
            await asyncio.gather(*runs)
        except RuntimeError as error:
            raise ConnectionFailedError(f"the Temporal server refuses the worker: {one_line(error)}") from None
        finally:
            for run in runs:
                run.cancel()
            await asyncio.gather(*runs, return_exceptions=True)
            imports.close()


@contextmanager
def _stopped_by_signals(workers: list[Worker], announce: Callable[[str], None]) -> Iterator[None]:
    """Shut the workers down at the first signal. The next one ends the process, as it would have without this."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def stop() -> None:
        release()
        announce("stopping: the activities that run may end; a second signal ends them at once")
        tasks.update(loop.create_task(worker.shutdown()) for worker in workers)

    def release() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        release()
