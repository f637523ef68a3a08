"""Starting a bulk import on a Temporal server, and following it from anywhere."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from modulex_mem0.hosts.temporal.connection import ConnectionFailedError, one_line
from modulex_mem0.hosts.temporal.import_plan import IMPORT_WORKFLOW, ImportProgress, ImportRequest

__all__ = ["ImportHandle", "ImportWaitsError", "TemporalImportError", "import_job_id", "start_import"]

_POLL = 0.5
_ANSWER = timedelta(seconds=10)


class TemporalImportError(Exception):
    """The import has ended without being complete; the message is one line."""


class ImportWaitsError(TemporalImportError):
    """The import waits for somebody: the message says why. Starting it again lets it go on."""


def import_job_id(fingerprint: str, options: Mapping[str, Any], integration: str, credential_name: str | None) -> str:
    """The id of an import: the same source, options and destination are the same import."""
    parts = json.dumps([fingerprint, options, integration, credential_name], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


class ImportHandle:
    """An import on a Temporal server.

    Attributes:
        job: Its id.
        workflow_id: The id of its workflow.
        is_new: Whether it was started now.
    """

    def __init__(self, handle: "WorkflowHandle[Any, ImportProgress]", job: str, *, is_new: bool) -> None:
        self._handle = handle
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
    workflow_id = f"modulex-import-{request.job}"
    progress = ImportProgress()
    try:
        status = await _status(client, workflow_id)
        if status not in (None, WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED):
            # It may have sent something before it was ended.
            progress.again = True
            status = None
        if status is None:
            with suppress(WorkflowAlreadyStartedError):
                started = await client.start_workflow(
                    IMPORT_WORKFLOW,
                    args=[request, progress],
                    id=workflow_id,
                    task_queue=request.task_queue,
                    result_type=ImportProgress,
                )
                return ImportHandle(_latest(client, started.id), request.job, is_new=True)
        handle = _latest(client, workflow_id)
        if status is not WorkflowExecutionStatus.COMPLETED:
            await handle.signal("go_on")
        return ImportHandle(handle, request.job, is_new=False)
    except RPCError as error:
        raise ConnectionFailedError(f"the Temporal server refuses the import: {one_line(error)}") from None


def _latest(client: Client, workflow_id: str) -> "WorkflowHandle[Any, ImportProgress]":
    """A handle that follows the workflow when it continues as new."""
    return client.get_workflow_handle(workflow_id, result_type=ImportProgress)


async def _status(client: Client, workflow_id: str) -> WorkflowExecutionStatus | None:
    try:
        return (await client.get_workflow_handle(workflow_id).describe()).status
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise
