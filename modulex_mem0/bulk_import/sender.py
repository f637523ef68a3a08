"""Sends a chunk: asks what is already there if it was tried before, and adds what is missing.

A row is sent again only if it was certainly not carried out, or if the service was asked in between and does not have
it. docs/import.md says which window that leaves.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from modulex_mem0.bulk_import.chunks import Chunk, ChunkRows, Source
from modulex_mem0.bulk_import.conversions import Input
from modulex_mem0.bulk_import.destination import (
    CHUNK_TAG,
    JOB_TAG,
    KEY_TAG,
    CallFailedError,
    Destination,
    DestinationUnavailableError,
    Effect,
    EventState,
    Scope,
    chunk_tag,
)
from modulex_mem0.bulk_import.rate import LongPauseError, Rate
from modulex_mem0.bulk_import.results import ChunkResult, FailureStage, ProgressListener, RowFailure
from modulex_mem0.bulk_import.rows import InvalidRow, Row
from modulex_mem0.contract import ErrorCode, ErrorInfo
from modulex_mem0.runtime import Result

__all__ = ["scopes_of", "send_chunk"]

# A row that fails this often while others succeed is reported, and not tried again.
_TRIES = 8
_LONGEST_SETTLE = 30.0
# So many rows that the service keeps failing on are the rows' fault, if all else works.
_FEW = 10


async def send_chunk(
    destination: Destination,
    source: Source,
    chunk: Chunk,
    *,
    job: str,
    rate: Rate,
    again: bool,
    since: float | None = None,
    patience: float = 600.0,
    settle: float = 2.0,
    on_rows: Callable[[ChunkRows], None] | None = None,
    on_progress: ProgressListener | None = None,
) -> ChunkResult:
    """Send the rows of a chunk that the destination does not have yet.

    It is safe to call it again for a chunk whose call was broken off, in another process too, with `again`.

    Args:
        destination: Where to.
        source: What the chunk is a part of.
        chunk: From the source's index.
        job: The import's id; a part of the tags in the metadata.
        rate: Of the whole import, shared by its chunks.
        again: Whether this chunk may have been begun before.
        since: When it was first begun, in seconds since 1970; earlier events are not read. None reads all.
        patience: How long to keep trying while the service takes nothing, and the longest pause that it may ask for, in
            seconds.
        settle: How long a request whose outcome is not known gets to take effect before the service is asked.
        on_rows: Called with the chunk's rows before the first of them is sent.
        on_progress: Learns how many more rows are accepted, skipped, finished or failed.

    Raises:
        DestinationUnavailableError: The service has taken nothing for as long as `patience`, or asks to wait longer.
        ImportStoppedError: No add can succeed, for example because of the credential.
        SourceError: The chunk cannot be read; `SourceChangedError` if the source is another one now.
    """
    rows = await asyncio.to_thread(source.read, chunk)
    if on_rows is not None:
        on_rows(rows)
    sending = _Sending(
        destination=destination,
        rate=rate,
        job=job,
        tag=chunk_tag(job, chunk.number),
        since=since if again else time.time(),
        patience=patience,
        settle=settle,
        rows=rows,
        report=on_progress or (lambda _what, _count: None),
        duplicates=len(chunk.duplicates),
    )
    await sending.run(again=again)
    return sending.result(chunk)


def scopes_of(rows: Iterable[Row]) -> set[Scope]:
    """Where the memories of rows are: with their users, and for rows with an agent with both together."""
    scopes: set[Scope] = set()
    for row in rows:
        user, agent = row.input["user_id"], row.input.get("agent_id")
        scopes.add(Scope(user))
        if agent is not None:
            scopes.add(Scope(user, agent))
    return scopes


@dataclass(slots=True)
class _Sending:
    """The state of one chunk while it is sent. Rows are known by their positions."""

    destination: Destination
    rate: Rate
    job: str
    tag: str
    since: float | None
    patience: float
    settle: float
    rows: ChunkRows
    report: ProgressListener
    duplicates: int
    accepted: int = 0
    found: int = 0
    finished: int = 0
    failures: list[RowFailure] = field(default_factory=list)
    pending: dict[str, int] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    uncertain: set[int] = field(default_factory=set)
    # Of a row that failed without being refused: how often, and how many rows had been accepted the first time.
    tries: dict[int, tuple[int, int]] = field(default_factory=dict)
    last_error: ErrorInfo | None = None
    begun: float = field(default_factory=time.monotonic)

    async def run(self, *, again: bool) -> None:
        for position, row in enumerate(self.rows.rows):
            if isinstance(row, InvalidRow):
                self._fail(position, "invalid", row.reason)
        if self.duplicates:
            self.report("skipped", self.duplicates)
        self.waiting = list(self.rows.to_send)
        if again and self.waiting:
            # The process that tried before may have ended this very moment.
            await asyncio.sleep(self.settle)
            await self._ask(self.waiting)
        rounds = 0
        while self.waiting:
            await self._add_all()
            if not self.waiting:
                break
            self._give_up_or_go_on()
            if self.uncertain:
                await asyncio.sleep(min(self.settle * 2**rounds, _LONGEST_SETTLE))
                await self._ask(self.uncertain)
            rounds += 1

    async def _add_all(self) -> None:
        """Send every row that waits, once. Those that have to be sent again keep waiting."""
        waiting, self.waiting = self.waiting, []
        tasks = [asyncio.ensure_future(self._add(position)) for position in waiting]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def _add(self, position: int) -> None:
        row = self._row(position)
        metadata = {**(row.input.get("metadata") or {}), KEY_TAG: row.key, CHUNK_TAG: self.tag, JOB_TAG: self.job}
        try:
            effect, result = await self._send(row.input | {"metadata": metadata})
        except LongPauseError:
            self.waiting.append(position)
            return
        if effect is Effect.ACCEPTED:
            self._accept(position, result.output.get("event_id"), result.output.get("status"))
        elif effect is Effect.REFUSED and result.error is not None:
            self._fail(position, "refused", result.error.line)
        else:
            self.last_error = result.error
            self.waiting.append(position)
            if effect is Effect.UNCERTAIN:
                self.uncertain.add(position)
                count, accepted = self.tries.get(position, (0, self.rate.accepted))
                self.tries[position] = (count + 1, accepted)

    async def _send(self, add: Input) -> tuple[Effect, Result]:
        async with self.rate.turn(longest_pause=self.patience) as turn:
            effect, result = await self.destination.add(add)
            self.rate.report(turn, None if effect in (Effect.ACCEPTED, Effect.REFUSED) else result.error)
        return effect, result

    async def _ask(self, positions: Iterable[int]) -> None:
        """Ask which of these rows the destination has, and take them from those that wait."""
        asked = {self._row(position).key: position for position in positions}
        rows = [self._row(position) for position in asked.values()]
        inferred = any(row.input.get("infer") is not False for row in rows)
        while True:
            try:
                found = await self.destination.find(
                    self.tag, scopes_of(rows), since=self.since, inferred=inferred, rate=self.rate
                )
            except CallFailedError as failure:
                self.last_error = failure.error
                self._check_patience()
                await asyncio.sleep(max(self.rate.pause, min(self.settle, 1.0)))
                continue
            break
        there = {position for key, position in asked.items() if key in found}
        self.waiting = [position for position in self.waiting if position not in there]
        self.uncertain.clear()
        for key, position in asked.items():
            if key in found:
                self.found += 1
                event_id, state = found.events.get(key, (None, EventState("SUCCEEDED")))
                self._accept(position, event_id, "SUCCEEDED" if key in found.stored else state.status, state.reason)

    def _accept(self, position: int, event_id: str | None, status: str | None, reason: str | None = None) -> None:
        self.accepted += 1
        self.rate.accept()
        self.report("accepted", 1)
        if status == "FAILED":
            self._fail(position, "event", reason or "Mem0 gives no reason")
        elif status in ("PENDING", "RUNNING") and event_id is not None:
            self.pending[event_id] = position
        else:
            self.finished += 1
            self.report("finished", 1)

    def _fail(self, position: int, stage: FailureStage, reason: str) -> None:
        self.failures.append(
            RowFailure(position=position, place=self.rows.rows[position].place, stage=stage, reason=reason)
        )
        self.report("failed", 1)

    def _give_up_or_go_on(self) -> None:
        """Report rows that fail while others succeed, and leave a service that takes nothing."""
        worn_out = {position for position in self.waiting if self.tries.get(position, (0, 0))[0] >= _TRIES}
        others_succeed = {position for position in worn_out if self.tries[position][1] < self.rate.accepted}
        if not others_succeed and self._is_late() and len(worn_out) == len(self.waiting) <= _FEW:
            # The last rows of an import have no others beside them.
            others_succeed = worn_out
        for position in others_succeed:
            self._fail(position, "unclear", self.last_error.line if self.last_error else "no answer")
        self.waiting = [position for position in self.waiting if position not in others_succeed]
        self.uncertain -= others_succeed
        if self.waiting:
            self._check_patience()

    def _check_patience(self) -> None:
        if (pause := self.rate.pause) > self.patience:
            error = self.last_error or ErrorInfo(ErrorCode.RATE_LIMITED, "the service asked to wait", retryable=True)
            raise DestinationUnavailableError(error, pause)
        if self._is_late() and self.last_error is not None:
            raise DestinationUnavailableError(self.last_error, self.last_error.retry_after)

    def _is_late(self) -> bool:
        return time.monotonic() - max(self.begun, self.rate.last_accepted) > self.patience

    def _row(self, position: int) -> Row:
        row = self.rows.rows[position]
        if not isinstance(row, Row):
            raise TypeError(f"row {position} cannot be sent")
        return row

    def result(self, chunk: Chunk) -> ChunkResult:
        return ChunkResult(
            number=chunk.number,
            rows=chunk.rows,
            accepted=self.accepted,
            found=self.found,
            skipped=self.duplicates,
            finished=self.finished,
            failures=tuple(sorted(self.failures, key=lambda failure: failure.position)),
            pending=self.pending,
            users={event_id: self._row(position).input["user_id"] for event_id, position in self.pending.items()},
            places={event_id: self._row(position).place for event_id, position in self.pending.items()},
        )
