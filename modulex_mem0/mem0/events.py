"""Events: the life of accepted work, which is not yet done work."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import Field

from modulex_mem0.contract import ActionError, Context
from modulex_mem0.mem0.replies import Record, event_failed, mapping, number, text

__all__ = [
    "EventRecord",
    "EventResult",
    "event_owner",
    "event_record",
    "fetch_event",
    "is_final",
    "raise_if_failed",
    "wait_for_event",
]

# Seconds between two polls: quick at first, since many adds take a second or two; then as Mem0's own clients do.
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0
# What the last poll gets even when the time is up; without a limit, one that hangs would outlast the wait.
_LAST_POLL = 2.0


class EventResult(Record):
    """One thing that an event did."""

    id: str | None = Field(default=None, description="The memory's id.")
    memory: str | None = Field(default=None, description="The memory's text.")
    event: str | None = Field(default=None, description="What was done: ADD, UPDATE or DELETE.")


class EventRecord(Record):
    """An event as Mem0 tells it. `status` goes from PENDING through RUNNING to SUCCEEDED or FAILED."""

    id: str | None = Field(default=None, description="The event's id.")
    event_type: str | None = Field(default=None, description="What was asked, such as ADD.")
    status: str | None = Field(default=None, description="PENDING, RUNNING, SUCCEEDED or FAILED.")
    results: list[EventResult] = Field(
        default_factory=list, description="What was done; empty is normal where nothing was worth remembering."
    )
    reason: str | None = Field(default=None, description="Why it failed.")
    created_at: str | None = Field(default=None, description="When it was accepted, ISO 8601.")
    completed_at: str | None = Field(default=None, description="When it ended, ISO 8601.")
    latency_ms: float | None = Field(default=None, description="Processing time in milliseconds.")


def event_record(item: Mapping[str, Any]) -> EventRecord:
    """Read one event."""
    results = item.get("results")
    return EventRecord(
        id=text(item.get("id")),
        event_type=text(item.get("event_type")),
        status=text(item.get("status")),
        results=[_event_result(r) for r in results if isinstance(r, dict)] if isinstance(results, list) else [],
        reason=text(item.get("error")),
        created_at=text(item.get("created_at")),
        completed_at=text(item.get("completed_at")),
        latency_ms=number(item.get("latency")),
    )


def _event_result(item: Mapping[str, Any]) -> EventResult:
    memory = item.get("memory")
    if memory is None:
        memory = (mapping(item.get("data")) or {}).get("memory")
    return EventResult(id=text(item.get("id")), memory=text(memory), event=text(item.get("event")))


def event_owner(item: Mapping[str, Any]) -> str | None:
    """The user that an event is for, or None where the event does not say."""
    payload = mapping(item.get("payload")) or {}
    filters = mapping(payload.get("filters")) or {}
    owner = text(payload.get("user_id"))
    return owner if owner is not None else text(filters.get("user_id"))


def is_final(status: str | None) -> bool:
    """Whether an event with this status has ended."""
    return status in ("SUCCEEDED", "FAILED")


def raise_if_failed(event: EventRecord, /, **known: object) -> None:
    """End the action when the event failed.

    Raises:
        ActionError: `event_failed`, with the given fields of the output.
    """
    if event.status == "FAILED":
        raise event_failed(event.reason, known)


async def fetch_event(context: Context, event_id: str) -> dict[str, Any]:
    """Get an event as it stands.

    Raises:
        ActionError: `not_found` for an unknown id; as `HttpClient.send` and `Reply.object` for the rest.
    """
    # The id may come from a reply, which could hold anything.
    reply = await context.http.send("GET", f"/v1/event/{quote(event_id, safe='')}/")
    # The error in an event is the event's, not the request's.
    return reply.object(failure_key=None)


async def wait_for_event(context: Context, event_id: str, seconds: float) -> dict[str, Any] | None:
    """Poll an event until it ends or the time is up.

    A poll that fails changes nothing: the work goes on, watched or not.

    Args:
        context: The call's; its deadline bounds the wait too.
        event_id: The event's.
        seconds: How long to wait at most.

    Returns:
        The event as last seen, ended or not; None when no poll got an answer.
    """
    clock = asyncio.get_running_loop().time
    started = clock()
    seen: dict[str, Any] | None = None
    pause = _FIRST_PAUSE
    while True:
        left = min(seconds - (clock() - started), context.remaining())
        if left <= 0:
            return seen
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        try:
            async with asyncio.timeout(max(seconds - (clock() - started), _LAST_POLL)):
                seen = await fetch_event(context, event_id)
        except (ActionError, TimeoutError):
            continue
        status = text(seen.get("status"))
        if is_final(status):
            return seen
        context.report(f"event {status or 'not started'}", done=clock() - started, total=seconds)
