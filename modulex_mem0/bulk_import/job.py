"""An import on one machine: it can be ended at any moment, and the same call goes on where it was."""

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modulex_mem0.bulk_import.chunks import CHUNK_ROWS, Chunk, ChunkRows, Source, open_source
from modulex_mem0.bulk_import.destination import CallFailedError, Destination, DestinationUnavailableError
from modulex_mem0.bulk_import.ledger import JobRecord, Ledger, LedgerError, Totals, list_jobs
from modulex_mem0.bulk_import.options import ImportOptions
from modulex_mem0.bulk_import.rate import Rate
from modulex_mem0.bulk_import.rows import InvalidRow, Row
from modulex_mem0.bulk_import.sender import scopes_of, send_chunk
from modulex_mem0.contract import Action
from modulex_mem0.runtime import CredentialStoreError, data_directory

__all__ = [
    "ImportJob",
    "JobStatus",
    "count_job",
    "failed_rows",
    "find_job",
    "import_folder",
    "job_status",
    "undo_job",
]

# More chunks than senders would only take memory; with fewer, the end of a chunk leaves turns unused.
_SENDERS = 4
# So many accepted rows may be unfinished before no more are sent: a service that accepts faster than it works.
_MOST_PENDING = 20_000
_EVENTS_AT_ONCE = 2_000
_FIRST_POLL, _LONGEST_POLL = 0.25, 5.0


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How far a job is.

    Attributes:
        job: Its id.
        record: What it was started with, and its state.
        totals: Its rows.
        pending: Accepted rows whose events have not ended.
        open_chunks: Chunks that are not sent.
    """

    job: str
    record: JobRecord
    totals: Totals
    pending: int
    open_chunks: int


def import_folder() -> Path:
    """Where ledgers are: the folder `imports` in the data directory of this user.

    Raises:
        LedgerError: There is no such directory.
    """
    try:
        return data_directory() / "imports"
    except CredentialStoreError as error:
        raise LedgerError(str(error)) from None


def find_job(name: str, folder: Path | None = None) -> Ledger:
    """The ledger of a job by its id, or by the beginning of its id.

    Raises:
        LedgerError: There is no such job, or there are several.
    """
    folder = folder or import_folder()
    found = [job for job in list_jobs(folder) if job.startswith(name)] if name else []
    if name in found:
        found = [name]
    if len(found) > 1:
        raise LedgerError(f"several imports begin with {name!r}: {', '.join(sorted(found))}")
    if not found:
        raise LedgerError(f"there is no import {name!r} on this machine; `modulex-mem0 import status` lists them")
    return Ledger(folder / f"{found[0]}.db", create=False)


def job_status(ledger: Ledger) -> JobStatus:
    """How far a job is, as its ledger says."""
    return JobStatus(ledger.path.stem, ledger.record, ledger.totals(), ledger.pending_count(), ledger.open_chunks())


class ImportJob:
    """One source on its way into one destination.

    The job's id is made of what the source holds, the options and the destination's project, so that the same import
    goes on, also from a file that was moved, and any other is a job of its own.

    Args:
        destination: Where to.
        source: What to import.
        rate: Of the whole job.
        folder: Where ledgers are.
        chunk_rows: Rows in a chunk of a new job.
        patience: How long to keep trying while the service takes nothing, in seconds.
        settle: How long a request whose outcome is not known gets to take effect before the service is asked.
    """

    def __init__(
        self,
        destination: Destination,
        source: Source,
        rate: Rate,
        *,
        folder: Path | None = None,
        chunk_rows: int = CHUNK_ROWS,
        patience: float = 600.0,
        settle: float = 2.0,
    ) -> None:
        self._destination = destination
        self._source = source
        self._rate = rate
        self._folder = folder or import_folder()
        self._chunk_rows = chunk_rows
        self._patience = patience
        self._settle = settle
        self._stop = threading.Event()
        #: The job's rows, while it runs.
        self.totals = Totals()
        #: `preparing`, `reading` while the index is made, `sending`, `finishing` while events end, `done`.
        self.phase = "preparing"
        #: The job's id, once it is known.
        self.job = ""
        #: Whether an earlier run had begun it.
        self.resumed = False
        #: Whether an earlier run had ended it, so that nothing was left to do.
        self.was_done = False

    async def run(self, *, facts: dict[str, Any] | None = None) -> JobStatus:
        """Run the job to its end, or go on with it.

        Args:
            facts: What the caller wants to find in the job's record, such as the name of the credential.

        Raises:
            DestinationUnavailableError: The service has taken nothing for as long as `patience`.
            ImportStoppedError: No add can succeed, for example because of the credential.
            SourceError: The source cannot be read, or has changed.
            LedgerError: The ledger cannot be used, or another process is running the job.
        """
        identity = await self._identity()
        fingerprint = await asyncio.to_thread(self._source.fingerprint)
        with self._open_ledger(identity, fingerprint) as ledger:
            self.resumed = bool(ledger.record)
            if not self.resumed:
                ledger.note(
                    source=self._source.name,
                    address=self._source.address,
                    begun=time.time(),
                    options=self._source.options.model_dump(mode="json"),
                    integration=self._destination.integration,
                    fingerprint=fingerprint,
                    state="indexing",
                    **(facts or {}),
                )
            if ledger.record["state"] == "indexing":
                await self._index(ledger)
            ledger.release_taken()
            self.totals = ledger.totals()
            self.was_done = ledger.record["state"] == "done"
            self.phase = "sending"
            if ledger.open_chunks() or ledger.pending_count():
                await self._send(ledger)
            if not ledger.pending_count():
                ledger.note(state="done")
                self.phase = "done"
            return job_status(ledger)

    async def _identity(self) -> str:
        try:
            return await self._destination.identity()
        except CallFailedError as failure:
            raise DestinationUnavailableError(failure.error, failure.error.retry_after) from None

    def _open_ledger(self, identity: str, fingerprint: str) -> Ledger:
        options = self._source.options.model_dump_json()
        for generation in range(1_000_000):
            parts = [fingerprint, options, self._destination.integration, identity, generation]
            job = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
            ledger = Ledger(self._folder / f"{job}.db")
            # What was undone is imported again as a new job: the events of the old one would pass for its own.
            if ledger.record.get("state") != "undone":
                self.job = job
                try:
                    ledger.lock()
                except LedgerError:
                    ledger.close()
                    raise
                return ledger
            ledger.close()
        raise LedgerError("this import was undone too often")

    async def _index(self, ledger: Ledger) -> None:
        self.phase = "reading"
        try:
            await asyncio.to_thread(self._index_now, ledger)
        except asyncio.CancelledError:
            self._stop.set()
            raise

    def _index_now(self, ledger: Ledger) -> None:
        last = ledger.last_chunk()
        self.totals.rows = ledger.totals().rows
        for chunk in self._source.index(ledger, chunk_rows=self._chunk_rows, after=last):
            ledger.add_chunk(chunk)
            self.totals.rows += chunk.rows
            if self._stop.is_set():
                return
        ledger.note(state="sending")

    async def _send(self, ledger: Ledger) -> None:
        chunks = ledger.next_chunks()
        senders = [asyncio.ensure_future(self._send_chunks(ledger, chunks)) for _ in range(_SENDERS)]
        follower = asyncio.ensure_future(self._follow(ledger, senders))
        tasks = [*senders, follower]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_chunks(self, ledger: Ledger, chunks: Iterator[tuple[Chunk, float | None]]) -> None:
        for chunk, begun in chunks:
            while ledger.pending_count() > _MOST_PENDING:  # noqa: ASYNC110 - a file has no event to wait for
                await asyncio.sleep(_FIRST_POLL)
            since: list[float] = []

            def begin(rows: ChunkRows, chunk: Chunk = chunk, since: list[float] = since) -> None:
                sent = (row for position in rows.to_send if isinstance(row := rows.rows[position], Row))
                since.append(ledger.begin_chunk(chunk.number, scopes_of(sent)))

            result = await send_chunk(
                self._destination,
                self._source,
                chunk,
                job=self.job,
                rate=self._rate,
                again=begun is not None,
                since=begun,
                patience=self._patience,
                settle=self._settle,
                on_rows=begin,
                on_progress=self._count,
            )
            ledger.end_chunk(result, since[0])

    async def _follow(self, ledger: Ledger, senders: Sequence["asyncio.Future[None]"]) -> None:
        """Learn how events end, until all have and nothing more is sent."""
        pause, last = _FIRST_POLL, time.monotonic()
        while True:
            sending = not all(sender.done() for sender in senders)
            if not sending:
                self.phase = "finishing"
            events, since = ledger.pending(_EVENTS_AT_ONCE)
            if not events and not sending:
                return
            ended = 0
            if events:
                try:
                    states = await self._destination.event_states(events, since=since, rate=self._rate)
                except CallFailedError:
                    # The rows were accepted. How they ended can be asked later, or in another run.
                    states = {}
                finished, failed = ledger.end_events(states)
                self._count("finished", finished)
                self._count("failed", failed)
                ended = finished + failed
            if ended or sending:
                last = time.monotonic()
            elif time.monotonic() - last > self._patience:
                # What was accepted goes on without being watched; another run follows it again.
                return
            pause = _FIRST_POLL if ended else min(pause * 1.5, _LONGEST_POLL)
            await asyncio.wait(senders, timeout=pause) if sending else await asyncio.sleep(pause)

    def _count(self, what: str, count: int) -> None:
        setattr(self.totals, what, getattr(self.totals, what) + count)


def failed_rows(ledger: Ledger, add: Action[Any, Any] | None, address: str | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a job that were not imported, as lines of a JSONL file that can be corrected and imported.

    Args:
        ledger: Of the job.
        add: The action that adds a row.
        address: Where the source is now; by default where it was.

    Raises:
        SourceError: The source cannot be read, or has changed.
    """
    record = ledger.record
    source: Source | None = None
    for chunk, failures in ledger.failures():
        if source is None:
            options = ImportOptions.model_validate(record["options"])
            source = open_source(address or record["address"], options, add)
        rows = source.read(chunk).rows
        for failure in failures:
            row = rows[failure.position]
            notes = {"import_error": failure.reason, "import_place": failure.place}
            if isinstance(row, InvalidRow) and row.input is None:
                yield {**notes, "import_text": row.text}
            else:
                # What is given back uncorrected has notes of its own.
                yield {**notes, **(row.input or {}), **notes}


async def undo_job(
    ledger: Ledger, destination: Destination, rate: Rate, *, on_user: Callable[[int], None] | None = None
) -> int:
    """Delete the memories of a job, user by user, and mark it as undone; returns how many there were.

    Args:
        ledger: Of the job, locked.
        destination: Where it was imported to.
        rate: Gives the turns.
        on_user: Called after each user, with the number of deleted memories.

    Raises:
        ImportStoppedError, CallFailedError: Not all could be deleted; it can be repeated.
    """
    deleted = 0
    for scope in ledger.scopes():
        count = await destination.delete(ledger.path.stem, scope, rate)
        deleted += count
        if on_user is not None:
            on_user(count)
    ledger.note(state="undone")
    return deleted


async def count_job(ledger: Ledger, destination: Destination, rate: Rate) -> dict[str, int]:
    """How many memories of a job there are, by user."""
    counts: dict[str, int] = {}
    for scope in ledger.scopes():
        count = await destination.count(ledger.path.stem, scope, rate)
        counts[scope.user_id] = counts.get(scope.user_id, 0) + count
    return counts
