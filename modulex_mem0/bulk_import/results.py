"""What became of a chunk's rows, and the events of those that were accepted, which end later."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field

from modulex_mem0.bulk_import.destination import (
    CallFailedError,
    Destination,
    DestinationUnavailableError,
    EventState,
)
from modulex_mem0.bulk_import.rate import Rate
from modulex_mem0.contract import FrozenModel

__all__ = ["ChunkResult", "FailureStage", "ProgressListener", "RowFailure", "follow_chunk"]

#: Called with `accepted`, `skipped`, `finished` or `failed`, and how many more rows are.
ProgressListener = Callable[[str, int], None]
FailureStage = Literal["invalid", "refused", "unclear", "event"]

_FIRST_POLL, _LONGEST_POLL = 0.25, 5.0


class RowFailure(FrozenModel):
    """A row that was not imported.

    Attributes:
        position: Its place in the chunk, from 0.
        place: Where it is in the source, for people.
        stage: `invalid`: not sent. `refused`: by the service. `unclear`: the service failed on it again and again.
            `event`: accepted, and then failed.
        reason: Why, in one line.
    """

    position: int
    place: str
    stage: FailureStage
    reason: str


class ChunkResult(FrozenModel):
    """What became of a chunk's rows. It holds no message.

    Attributes:
        number: The chunk's.
        rows: How many rows the chunk has: accepted, skipped, or failed before they were accepted.
        accepted: How many the service has taken, now or in an earlier try.
        found: How many of these were there already when the chunk was tried again.
        skipped: How many repeat an earlier row of the source.
        finished: How many accepted rows have been worked off, whether that stored memories or not.
        failures: The rows that were not imported.
        pending: Ids of the events of accepted rows that have not ended, each with the row's position.
        users: The users of `pending`, by event.
        places: Where the rows of `pending` are in the source, by event.
    """

    number: int
    rows: int
    accepted: int = 0
    found: int = 0
    skipped: int = 0
    finished: int = 0
    failures: tuple[RowFailure, ...] = ()
    pending: dict[str, int] = Field(default_factory=dict)
    users: dict[str, str] = Field(default_factory=dict)
    places: dict[str, str] = Field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many rows were not imported."""
        return len(self.failures)


async def follow_chunk(
    destination: Destination,
    result: ChunkResult,
    *,
    rate: Rate,
    since: float | None,
    timeout: float = 600.0,
    on_progress: ProgressListener | None = None,
) -> ChunkResult:
    """Wait until the accepted rows of a chunk have been worked off.

    Args:
        destination: Where they were sent.
        result: Of `send_chunk`.
        rate: Of the whole import.
        since: When the chunk was first begun, in seconds since 1970; None if that is not known.
        timeout: How long to wait, in seconds.
        on_progress: Learns how many more rows are finished or failed.

    Returns:
        The result with what is known now. What is still `pending` goes on without being watched; the call can be
        repeated.

    Raises:
        DestinationUnavailableError: The events could not be read for as long as `timeout`.
        ImportStoppedError: They cannot be read at all.
    """
    end = time.monotonic() + timeout
    pause = _FIRST_POLL
    while result.pending:
        try:
            states = await destination.event_states(result.users, since=since, rate=rate)
        except CallFailedError as failure:
            if time.monotonic() >= end:
                raise DestinationUnavailableError(failure.error, failure.error.retry_after) from None
        else:
            result = _with_events(result, states, on_progress)
        left = end - time.monotonic()
        if not result.pending or left <= 0:
            break
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_POLL)
    return result


def _with_events(
    result: ChunkResult, states: Mapping[str, EventState], on_progress: ProgressListener | None = None
) -> ChunkResult:
    """The result of a chunk, with what its events say now."""
    report = on_progress or (lambda _what, _count: None)
    ended = {event_id: state for event_id, state in states.items() if event_id in result.pending and state.is_final}
    failures = tuple(
        RowFailure(
            position=result.pending[event_id],
            place=result.places[event_id],
            stage="event",
            reason=state.reason or "Mem0 gives no reason",
        )
        for event_id, state in ended.items()
        if state.status == "FAILED"
    )
    finished = len(ended) - len(failures)
    for what, count in (("finished", finished), ("failed", len(failures))):
        if count:
            report(what, count)

    def rest(values: Mapping[str, Any]) -> dict[str, Any]:
        return {event_id: value for event_id, value in values.items() if event_id not in ended}

    return result.model_copy(
        update={
            "finished": result.finished + finished,
            "failures": (*result.failures, *failures),
            "pending": rest(result.pending),
            "users": rest(result.users),
            "places": rest(result.places),
        }
    )
