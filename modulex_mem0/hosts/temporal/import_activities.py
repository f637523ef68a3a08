"""The activities of a bulk import: the core's functions, with what they return and raise made fit for a history."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from modulex_mem0.bulk_import import (
    CallFailedError,
    Chunk,
    ChunkResult,
    Destination,
    DestinationUnavailableError,
    ImportOptions,
    ImportStoppedError,
    Rate,
    Row,
    RowFailure,
    Source,
    SourceChangedError,
    SourceError,
    TemporaryKeys,
    chunk_tag,
    follow_chunk,
    open_source,
    scopes_of,
    send_chunk,
)
from modulex_mem0.contract import ActionError, ErrorCode, ErrorInfo
from modulex_mem0.hosts.temporal.actions import named_credential
from modulex_mem0.hosts.temporal.attempts import AttemptEndedError, SendingRight, sending_right
from modulex_mem0.hosts.temporal.connection import count_workers
from modulex_mem0.hosts.temporal.heartbeats import heartbeats
from modulex_mem0.hosts.temporal.import_plan import (
    BEGIN,
    CHUNK_TASK_QUEUE_SUFFIX,
    FOLLOW_CHUNK,
    INDEX_CHUNKS,
    SEND_CHUNK,
    Beginning,
    ChunkJson,
    ChunkOutcome,
    ChunkPage,
    ChunkTask,
    FailedRow,
    ImportRequest,
)
from modulex_mem0.runtime import CredentialMapping, Result, Runtime, RuntimeUsageError, StoredCredentials

__all__ = ["ImportActivities"]

logger = logging.getLogger(__name__)

# A service that takes nothing for so long gets a pause, in which the worker sends a chunk of another import.
_PATIENCE = 60.0
# How far the clocks of the Temporal server and of a worker may be apart, in seconds.
_CLOCKS = 60.0
# How long one activity waits for events; another one goes on.
_FOLLOWING = 600.0
# Rows of the first chunk that show whether an import was begun before: they are sent first, and at once.
_PROBED = 20
# A page of the index with many duplicates in it; a server refuses two megabytes.
_PAGE_BYTES = 500_000
_JOBS = 8


class ImportActivities:
    """The activities of bulk imports, for the workers of `ImportWorkflow`.

    Args:
        runtime: Makes the calls; the caller closes it after the worker has ended.
        credentials: The stored credentials that imports name; by default those of `data_directory()`.
        requests: The most requests at once of each import in this worker.
    """

    def __init__(self, runtime: Runtime, credentials: StoredCredentials | None = None, *, requests: int = 16) -> None:
        self._runtime = runtime
        self._credentials = credentials or StoredCredentials()
        self._requests = requests
        self._jobs: dict[str, _Job] = {}

    def close(self) -> None:
        """Delete the temporary files; call it after the worker has ended."""
        while self._jobs:
            self._jobs.popitem()[1].index.close()

    @activity.defn(name=BEGIN)
    async def begin(self, request: ImportRequest) -> Beginning:
        """Check the source and the credential, and whether an earlier import of the same source has sent anything."""
        async with _reported(), heartbeats(dict):
            job = await self._job(request)
            if await asyncio.to_thread(job.source.fingerprint) != request.fingerprint:
                raise SourceChangedError(
                    f"{job.source.name}: is not the file that the import was started with; every worker needs the same"
                    " one at this path"
                )
            destination = await self._destination(request)
            chunks, _ = await job.index.page(None, 1)
            if not chunks:
                return Beginning(account=_account(await destination.identity()), again=False)
            rows = (await asyncio.to_thread(job.source.read, chunks[0])).rows[:_PROBED]
            found = await destination.find(
                chunk_tag(request.job, chunks[0].number),
                scopes_of([row for row in rows if isinstance(row, Row)]),
                since=activity.info().scheduled_time.timestamp() - _CLOCKS,
                inferred=False,
                rate=job.rate(None),
            )
            return Beginning(account=_account(await destination.identity()), again=bool(found.stored or found.events))

    @activity.defn(name=INDEX_CHUNKS)
    async def index(self, request: ImportRequest, after: ChunkJson | None) -> ChunkPage:
        """The next chunks of the source."""
        async with _reported(), heartbeats(dict):
            job = await self._job(request)
            chunks, is_last = await job.index.page(None if after is None else Chunk.model_validate(after), request.page)
            workers = await count_workers(activity.client(), request.task_queue + CHUNK_TASK_QUEUE_SUFFIX)
            return ChunkPage(
                chunks=[chunk.model_dump(mode="json") for chunk in chunks], is_last=is_last, workers=workers
            )

    @activity.defn(name=SEND_CHUNK)
    async def send(self, request: ImportRequest, task: ChunkTask) -> ChunkOutcome:
        """Send the rows of a chunk that the destination does not have yet."""
        counts = {"accepted": 0, "skipped": 0, "finished": 0, "failed": 0}

        def count(what: str, number: int) -> None:
            counts[what] = counts.get(what, 0) + number

        async with _reported():
            job = await self._job(request)
            async with sending_right(lambda: dict(counts)) as right:
                destination = await self._destination(request, task.account, right)
                result = await send_chunk(
                    destination,
                    job.source,
                    Chunk.model_validate(task.chunk),
                    job=request.job,
                    rate=job.rate(task.share),
                    again=task.again or activity.info().attempt > 1,
                    since=_earlier(task.since),
                    patience=_PATIENCE,
                    on_progress=count,
                )
            return _outcome(result)

    @activity.defn(name=FOLLOW_CHUNK)
    async def follow(
        self, request: ImportRequest, chunk: ChunkJson, account: str, pending: dict[str, int], since: float | None
    ) -> ChunkOutcome:
        """Wait until events have ended, or for ten minutes; what has ended since is counted."""
        async with _reported(), heartbeats(dict):
            job = await self._job(request)
            destination = await self._destination(request, account)
            rows = (await asyncio.to_thread(job.source.read, Chunk.model_validate(chunk))).rows
            known = {event: row for event, n in pending.items() if isinstance(row := rows[n], Row)}
            result = ChunkResult(
                number=chunk["number"],
                rows=len(rows),
                pending={event: pending[event] for event in known},
                users={event: row.input["user_id"] for event, row in known.items()},
                places={event: row.place for event, row in known.items()},
            )
            result = await follow_chunk(
                destination, result, rate=job.rate(None), since=_earlier(since), timeout=_FOLLOWING
            )
            return _outcome(result)

    async def _job(self, request: ImportRequest) -> "_Job":
        job = self._jobs.pop(request.job, None)
        if job is None:
            await self._runtime.loaded(request.integration)
            options = ImportOptions.model_validate(request.options)
            add = Destination(self._runtime, None, request.integration).add_action
            source = await asyncio.to_thread(open_source, request.source, options, add)
            job = self._jobs.pop(request.job, None) or _Job(source, request, self._requests)
        # The latest is the last; another import may have been forgotten for it.
        self._jobs[request.job] = job
        while len(self._jobs) > _JOBS:
            self._jobs.pop(next(iter(self._jobs))).index.close()
        return job

    async def _destination(
        self, request: ImportRequest, account: str | None = None, right: SendingRight | None = None
    ) -> Destination:
        credential = named_credential(self._credentials, request.integration, request.credential_name)
        destination = (
            Destination(self._runtime, credential, request.integration)
            if right is None
            else _RightfulDestination(self._runtime, credential, request.integration, right)
        )
        if account is not None and _account(await destination.identity()) != account:
            raise ActionError(
                ErrorCode.FORBIDDEN,
                "the credential of this worker leads to another project than the one in which the import began",
            )
        return destination


class _RightfulDestination(Destination):
    """A destination to which rows are added only as long as the attempt may send."""

    def __init__(
        self, runtime: Runtime, credential: CredentialMapping | None, integration: str, right: SendingRight
    ) -> None:
        super().__init__(runtime, credential, integration)
        self._right = right

    async def add(self, input: Mapping[str, Any]) -> tuple[Any, Result]:
        async with self._right.use():
            return await super().add(input)


class _Job:
    """What a worker keeps of an import between its chunks."""

    def __init__(self, source: Source, request: ImportRequest, requests: int) -> None:
        self.source = source
        self.index = _Index(source, request.chunk_rows)
        self._requests = requests
        self._rate: tuple[float | None, Rate] | None = None

    def rate(self, share: float | None) -> Rate:
        """The rate of the import in this worker, which remembers from chunk to chunk what the service allows."""
        if self._rate is None or (share is not None and self._rate[0] != share):
            self._rate = share, Rate(share, in_flight=self._requests)
        return self._rate[1]


class _Index:
    """The index of a source, read on from page to page.

    Which worker makes the next page is not known. One that has not read so far yet reads what is missing, so that each
    reads the source once at most; only a page that is behind what was read begins again.
    """

    def __init__(self, source: Source, chunk_rows: int) -> None:
        self._source = source
        self._chunk_rows = chunk_rows
        self._lock = asyncio.Lock()
        self._keys: TemporaryKeys | None = None
        self._chunks: Iterator[Chunk] = iter(())
        self._last: Chunk | None = None

    async def page(self, after: Chunk | None, count: int) -> tuple[list[Chunk], bool]:
        """The chunks that follow one, and whether the source ends with them."""
        async with self._lock:
            return await asyncio.to_thread(self._page, after, count)

    def close(self) -> None:
        """Forget everything."""
        if self._keys is not None:
            self._keys.__exit__(None, None, None)
        self._keys, self._last = None, None

    def _page(self, after: Chunk | None, count: int) -> tuple[list[Chunk], bool]:
        number = 0 if after is None else after.number
        if self._keys is None or (self._last is not None and self._last.number > number):
            self.close()
            self._keys = TemporaryKeys()
            self._chunks = self._source.index(self._keys, chunk_rows=self._chunk_rows)
        while (0 if self._last is None else self._last.number) < number:
            if self._next() is None:
                break
        if after is not None and self._last != after:
            self.close()
            raise SourceChangedError(f"{self._source.name}: has changed since the import of it began")
        page: list[Chunk] = []
        size = 0
        while len(page) < count and size < _PAGE_BYTES:
            chunk = self._next()
            if chunk is None:
                return page, True
            page.append(chunk)
            size += len(chunk.model_dump_json())
        return page, False

    def _next(self) -> Chunk | None:
        chunk = next(self._chunks, None)
        if chunk is not None:
            self._last = chunk
        return chunk


@asynccontextmanager
async def _reported() -> AsyncIterator[None]:
    """Turn what the core raises into errors for Temporal, without a word of the source or of the service in them."""
    try:
        yield
    except AttemptEndedError as error:
        raise ApplicationError(str(error), type="interrupted") from None
    except DestinationUnavailableError as error:
        raise _later(error.error, error.retry_after) from None
    except CallFailedError as error:
        raise _later(error.error, error.error.retry_after) from None
    except ImportStoppedError as error:
        raise _stopping(error.error.code.value, _without_texts(error.error)) from None
    except SourceError as error:
        raise _stopping("source", str(error)) from None
    except ActionError as error:
        raise _stopping(error.code.value, error.message) from None
    except RuntimeUsageError as error:
        raise _stopping(ErrorCode.UNSUPPORTED.value, str(error)) from None
    except Exception as error:
        # Its text may hold anything.
        logger.exception("an activity of a bulk import failed")
        raise ApplicationError(
            f"{type(error).__name__} in {activity.info().activity_type}; the log of the worker has the details",
            type=ErrorCode.INTERNAL.value,
        ) from None


def _later(error: ErrorInfo, delay: float | None) -> ApplicationError:
    """An error after which the activity is tried again, by itself."""
    return ApplicationError(
        _without_texts(error),
        type=error.code.value,
        next_retry_delay=None if delay is None else timedelta(seconds=delay),
    )


def _stopping(kind: str, message: str) -> ApplicationError:
    """An error after which the import waits for somebody, who has to know which machine it is about."""
    return ApplicationError(f"{message} (worker {activity.client().identity})", type=kind, non_retryable=True)


def _without_texts(error: ErrorInfo) -> str:
    """An error without what the service said, which may quote the row."""
    if error.http_status is None and error.code in (ErrorCode.MISSING_CREDENTIAL, ErrorCode.CONNECTION_FAILED):
        return error.line
    status = "" if error.http_status is None else f" (HTTP {error.http_status})"
    return f"{error.code}{status}: {error.code.advice}"


def _outcome(result: ChunkResult) -> ChunkOutcome:
    failures = [failure for failure in result.failures if failure.stage != "invalid"]
    return ChunkOutcome(
        accepted=result.accepted,
        found=result.found,
        skipped=result.skipped,
        finished=result.finished,
        invalid=len(result.failures) - len(failures),
        failures=[FailedRow(position=f.position, stage=f.stage, code=_code(f)) for f in failures],
        pending=result.pending,
    )


def _code(failure: RowFailure) -> str | None:
    """The code that the reason of a failed call begins with."""
    code = failure.reason.partition(":")[0]
    return code if failure.stage in ("refused", "unclear") and code in set(ErrorCode) else None


def _account(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _earlier(since: float | None) -> float | None:
    return None if since is None else since - _CLOCKS
