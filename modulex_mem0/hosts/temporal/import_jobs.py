"""Starting a bulk import on a Temporal server, and following it from anywhere."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from modulex_mem0.hosts.temporal.connection import ConnectionFailedError, count_workers, one_line
from modulex_mem0.hosts.temporal.import_plan import (
    CHUNK_TASK_QUEUE_SUFFIX,
    FOLLOW_CHUNK,
    IMPORT_WORKFLOW,
    SEND_CHUNK,
    Beginning,
    ChunkJson,
    ChunkOutcome,
    ChunkTask,
    ImportProgress,
    ImportRequest,
)

__all__ = [
    "ChunkRecord",
    "ImportHandle",
    "ImportWaitsError",
    "TemporalImportError",
    "has_workers",
    "import_job_id",
    "start_import",
    "workflow_id",
]

_POLL = 0.5
_ANSWER = timedelta(seconds=10)


class TemporalImportError(Exception):
    """The import has ended without being complete; the message is one line."""


class ImportWaitsError(TemporalImportError):
    """The import waits for somebody: the message says why. Starting it again lets it go on."""


@dataclass
class ChunkRecord:
    """A chunk and what became of it, as the histories of an import say."""

    chunk: ChunkJson
    outcome: ChunkOutcome


def import_job_id(
    fingerprint: str, options: Mapping[str, Any], integration: str, credential_name: str | None, generation: int = 0
) -> str:
    """The id of an import: the same source, options and destination are the same import.

    Args:
        fingerprint: Of the source.
        options: How it is read.
        integration: Where to.
        credential_name: A credential that is stored on the workers.
        generation: How often it was undone.
    """
    parts = json.dumps([fingerprint, options, integration, credential_name, generation], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


class ImportHandle:
    """An import on a Temporal server.

    Attributes:
        job: Its id.
        workflow_id: The id of its workflow.
        is_new: Whether it was started now.
    """

    def __init__(self, client: Client, job: str, *, is_new: bool) -> None:
        # Without the id of a run, it follows the workflow when that continues as new.
        handle = client.get_workflow_handle(workflow_id(job), result_type=ImportProgress)
        self._client = client
        self._handle: WorkflowHandle[Any, ImportProgress] = handle
        self.job = job
        self.workflow_id = handle.id
        self.is_new = is_new

    async def progress(self) -> ImportProgress | None:
        """How far it is; None while no worker answers.

        Raises:
            ConnectionFailedError: The server knows no such workflow.
        """
        try:
            progress: ImportProgress = await self._handle.query(
                "progress", result_type=ImportProgress, rpc_timeout=_ANSWER
            )
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise ConnectionFailedError(f"the server does not know the import: {one_line(error)}") from None
            return None
        return progress

    async def follow(self, on_progress: Callable[[ImportProgress], None] | None = None) -> ImportProgress:
        """Wait for its end, however long the server or the workers are away.

        Args:
            on_progress: Called about twice a second.

        Raises:
            ImportWaitsError: It stopped until somebody changes something.
            TemporalImportError: It was cancelled or terminated.
        """
        result = asyncio.create_task(self._result())
        try:
            while not result.done():
                await asyncio.wait({result}, timeout=_POLL)
                if result.done() or (progress := await self.progress()) is None:
                    continue
                if on_progress is not None:
                    on_progress(progress)
                if progress.stopped is not None:
                    raise ImportWaitsError(progress.stopped)
            return result.result()
        finally:
            result.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await result

    async def records(self) -> list[ChunkRecord]:
        """What became of each chunk that was sent, in their order, read from the histories of all its runs."""
        found: dict[int, ChunkRecord] = {}
        run_id = (await self._handle.describe()).run_id
        while run_id:
            history = await self._client.get_workflow_handle(self.workflow_id, run_id=run_id).fetch_history()
            for record in await _records(self._client, history.events):
                found[record.chunk["number"]] = record
            run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        return [found[number] for number in sorted(found)]

    async def _result(self) -> ImportProgress:
        while True:
            try:
                return await self._handle.result()
            except WorkflowFailureError as error:
                raise TemporalImportError(f"the import has ended: {one_line(error.cause)}; start it again") from None
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    raise ConnectionFailedError(f"the server does not know the import: {one_line(error)}") from None
                await asyncio.sleep(1)


async def start_import(client: Client, request: ImportRequest) -> ImportHandle:
    """Start an import, or find it if it was started before; one that waits for somebody goes on.

    Raises:
        ConnectionFailedError: The server refuses.
    """
    progress = ImportProgress()
    try:
        status = await _status(client, workflow_id(request.job))
        if status not in (None, WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED):
            # It may have sent something before it was ended.
            progress.again, progress.since = True, await _begun(client, workflow_id(request.job))
            status = None
        if status is None:
            with suppress(WorkflowAlreadyStartedError):  # pragma: no branch - another start may come first
                await client.start_workflow(
                    IMPORT_WORKFLOW,
                    args=[request, progress],
                    id=workflow_id(request.job),
                    task_queue=request.task_queue,
                    result_type=ImportProgress,
                )
                return ImportHandle(client, request.job, is_new=True)
        handle = ImportHandle(client, request.job, is_new=False)
        if status is not WorkflowExecutionStatus.COMPLETED:
            await client.get_workflow_handle(handle.workflow_id).signal("go_on")
    except RPCError as error:
        raise ConnectionFailedError(f"the Temporal server refuses the import: {one_line(error)}") from None
    return handle


async def has_workers(client: Client, task_queue: str) -> bool:
    """Whether a worker has asked for chunks in the last minutes; also true where the server does not say."""
    try:
        return await count_workers(client, task_queue + CHUNK_TASK_QUEUE_SUFFIX) > 0
    except RPCError:
        return True


def workflow_id(job: str) -> str:
    """The id of the workflow of an import."""
    return f"modulex-import-{job}"


async def _status(client: Client, workflow_id: str) -> WorkflowExecutionStatus | None:
    try:
        return (await client.get_workflow_handle(workflow_id).describe()).status
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _begun(client: Client, workflow_id: str) -> float | None:
    """When an import that was ended was first begun, as its history says; None if that is not known."""
    begun: float | None = None
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        if event.HasField("workflow_execution_started_event_attributes"):
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            _, earlier = await client.data_converter.decode(payloads, [ImportRequest, ImportProgress])
            if earlier.again or earlier.account is not None:
                return cast("float | None", earlier.since)
            begun = event.event_time.ToMicroseconds() / 1e6
        elif event.HasField("activity_task_completed_event_attributes"):
            # The first activity.
            payloads = event.activity_task_completed_event_attributes.result.payloads
            (found,) = await client.data_converter.decode(payloads, [Beginning])
            return None if found.again else begun
    return begun


async def _records(client: Client, events: Iterable[HistoryEvent]) -> list[ChunkRecord]:
    """The chunks of one run."""
    scheduled: dict[int, tuple[str, ChunkJson]] = {}
    found: dict[int, ChunkRecord] = {}
    for event in events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            begun = event.activity_task_scheduled_event_attributes
            name = begun.activity_type.name
            if name == SEND_CHUNK:
                _, task = await client.data_converter.decode(begun.input.payloads, [ImportRequest, ChunkTask])
                scheduled[event.event_id] = name, task.chunk
            elif name == FOLLOW_CHUNK:
                arguments = await client.data_converter.decode(begun.input.payloads)
                scheduled[event.event_id] = name, arguments[1]
        elif event.HasField("activity_task_completed_event_attributes"):
            ended = event.activity_task_completed_event_attributes
            if ended.scheduled_event_id not in scheduled:
                continue
            name, chunk = scheduled[ended.scheduled_event_id]
            (outcome,) = await client.data_converter.decode(ended.result.payloads, [ChunkOutcome])
            if name == SEND_CHUNK:
                found[chunk["number"]] = ChunkRecord(chunk, outcome)
            else:
                record = found[chunk["number"]].outcome
                record.finished += outcome.finished
                record.failures += outcome.failures
    return list(found.values())
