"""The workflow of a bulk import: one activity for each chunk, a window of them at a time.

It holds no state but counts and the place in the source, so that an import of any size continues as new after some
hundred chunks. What cannot go on without a person, such as a credential that is not accepted, stops it until the signal
`go_on`; nothing is lost meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar, cast

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from modulex_mem0.hosts.temporal.import_plan import (
    BEGIN,
    CHUNK_TASK_QUEUE_SUFFIX,
    FOLLOW_CHUNK,
    IMPORT_WORKFLOW,
    INDEX_CHUNKS,
    SEND_CHUNK,
    Beginning,
    ChunkJson,
    ChunkOutcome,
    ChunkPage,
    ChunkTask,
    ImportProgress,
    ImportRequest,
)

__all__ = ["ImportWorkflow"]

_T = TypeVar("_T")
# For ever: a service or a worker may be away for a night.
_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
# A chunk at the slowest rate. A worker that dies is noticed by its heartbeats.
_LONGEST = timedelta(days=1)


# Temporal's sandbox would import this package and all it needs again for each run of a workflow.
@workflow.defn(name=IMPORT_WORKFLOW, sandboxed=False)
class ImportWorkflow:
    """Imports a source."""

    def __init__(self) -> None:
        self._progress = ImportProgress()
        self._request: ImportRequest
        self._open: set[asyncio.Task[None]] = set()
        self._sending = 0
        self._window = 1
        self._resumed = 0

    @workflow.run
    async def run(self, request: ImportRequest, progress: ImportProgress) -> ImportProgress:
        """Import the source, or what is left of it.

        Args:
            request: What to import.
            progress: What earlier runs have done. It is passed to the first one too: Temporal reads arguments by their
                types only if all are there.

        Returns:
            The counts at the end.
        """
        self._request = request
        self._progress = progress
        if self._progress.account is None:
            begun = await self._until_done(lambda again: self._activity(BEGIN, Beginning, request))
            if not (begun.again or progress.again):
                self._progress.since = workflow.now().timestamp()
            self._progress.account, self._progress.again = begun.account, begun.again or progress.again
        for _ in range(request.pages):
            page = await self._until_done(
                lambda again: self._activity(INDEX_CHUNKS, ChunkPage, request, self._progress.after)
            )
            # With a ceiling, each worker has its share of it, and so no more may send than share it.
            self._window = min(request.window, max(page.workers, 1)) if request.rate else request.window
            for chunk in page.chunks:
                await workflow.wait_condition(self._has_room)
                self._begin_chunk(chunk)
            self._progress.is_indexed = page.is_last
            if page.chunks:
                self._progress.after = page.chunks[-1]
            if page.is_last:
                break
        await workflow.wait_condition(lambda: not self._open or self._failure() is not None)
        if failure := self._failure():
            raise failure
        if not self._progress.is_indexed:
            workflow.continue_as_new(args=[request, self._progress])
        return self._progress

    @workflow.query
    def progress(self) -> ImportProgress:
        """How far the import is."""
        return self._progress

    @workflow.signal
    def go_on(self) -> None:
        """Try again what stopped the import."""
        self._resumed += 1
        self._progress.stopped = None

    def _has_room(self) -> bool:
        request = self._request
        return self._failure() is not None or (
            self._progress.stopped is None and self._sending < self._window and len(self._open) < request.following
        )

    def _failure(self) -> BaseException | None:
        return next((task.exception() for task in self._open if task.done() and task.exception()), None)

    def _begin_chunk(self, chunk: ChunkJson) -> None:
        if failure := self._failure():
            raise failure
        self._progress.rows += chunk["rows"]
        self._sending += 1
        self._progress.sending = self._sending
        self._open.add(asyncio.create_task(self._import_chunk(chunk, self._window)))

    async def _import_chunk(self, chunk: ChunkJson, window: int) -> None:
        request, progress = self._request, self._progress
        since = progress.since if progress.again else workflow.now().timestamp()

        def send(again: bool) -> Awaitable[ChunkOutcome]:
            task = ChunkTask(
                chunk=chunk,
                account=progress.account or "",
                again=again or progress.again,
                since=since,
                share=request.rate / window if request.rate else None,
            )
            return self._activity(
                SEND_CHUNK, ChunkOutcome, request, task, task_queue=request.task_queue + CHUNK_TASK_QUEUE_SUFFIX
            )

        try:
            outcome = await self._until_done(send)
        finally:
            self._sending -= 1
            progress.sending = self._sending
        progress.accepted += outcome.accepted
        progress.found += outcome.found
        progress.skipped += outcome.skipped
        progress.failed += outcome.invalid
        self._count(outcome)
        while outcome.pending:
            outcome = await self._until_done(
                lambda again, pending=outcome.pending: self._activity(  # type: ignore[misc]
                    FOLLOW_CHUNK, ChunkOutcome, request, chunk, progress.account, pending, since
                )
            )
            self._count(outcome)
        progress.chunks += 1
        self._open.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    def _count(self, outcome: ChunkOutcome) -> None:
        self._progress.finished += outcome.finished
        self._progress.failed += len(outcome.failures)

    async def _until_done(self, attempt: Callable[[bool], Awaitable[_T]]) -> _T:
        """Run an activity; one that failed for good is run again after the signal.

        Args:
            attempt: Runs it; its argument says whether it was tried before.
        """
        again = False
        while True:
            resumed = self._resumed
            try:
                return await attempt(again)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                cause = error.cause
                self._progress.stopped = cause.message if isinstance(cause, ApplicationError) else str(cause)
            again = True
            await workflow.wait_condition(lambda resumed=resumed: self._resumed > resumed)  # type: ignore[misc]

    async def _activity(self, name: str, result: type[_T], *arguments: object, task_queue: str | None = None) -> _T:
        outcome: _T = await workflow.execute_activity(
            name,
            args=arguments,
            result_type=result,
            task_queue=task_queue or self._request.task_queue,
            start_to_close_timeout=_LONGEST,
            heartbeat_timeout=timedelta(seconds=self._request.heartbeat),
            retry_policy=_RETRY,
        )
        return outcome
