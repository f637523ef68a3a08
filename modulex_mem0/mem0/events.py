"""Events: the life of accepted work, which is not yet done work."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import Field

from modulex_mem0.contract import ActionError, Context
from modulex_mem0.mem0.ids import same_id
from modulex_mem0.mem0.ownership import Owner
from modulex_mem0.mem0.replies import (
    Record,
    bad_response,
    event_failed,
    mapping,
    number,
    refuse_foreign_404,
    text,
    utc,
)

__all__ = [
    "EventRecord",
    "EventResult",
    "event_owner",
    "event_record",
    "fetch_event",
    "is_final",
    "raise_if_failed",
    "validate_event",
    "wait_for_event",
]

# Seconds between two polls: quick at first, since many adds take a second or two; then as Mem0's own clients do.
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0
# What the last poll gets even when the time is up; without a limit, one that hangs would outlast the wait.
_LAST_POLL = 2.0


class EventResult(Record):
    """A memory that an event added, changed or deleted."""

    id: str | None = Field(default=None, description="The memory's id.")
    memory: str | None = Field(default=None, description="The memory's text.")
    event: str | None = Field(default=None, description="What was done: ADD, UPDATE or DELETE.")


class EventRecord(Record):
    """An event. Its status is PENDING, then RUNNING, and SUCCEEDED or FAILED at the end."""

    id: str | None = Field(default=None, description="The event's id.")
    event_type: str | None = Field(default=None, description="Kind of work, such as ADD.")
    status: str | None = Field(default=None, description="PENDING, RUNNING, SUCCEEDED or FAILED.")
    results: list[EventResult] = Field(
        default_factory=list,
        description="Memories that were added, changed or deleted; empty if there was nothing to remember.",
    )
    reason: str | None = Field(default=None, description="Why it failed.")
    created_at: str | None = Field(default=None, description="When it was accepted, ISO 8601 in UTC.")
    completed_at: str | None = Field(default=None, description="When it ended, ISO 8601 in UTC.")
    latency_ms: float | None = Field(default=None, description="Processing time in milliseconds.")


def event_record(item: Mapping[str, Any], owner: Owner | None = None) -> EventRecord:
    """Read one event, without the results that name another user than its owner."""
    results = item.get("results")
    return EventRecord(
        id=text(item.get("id")),
        event_type=text(item.get("event_type")),
        status=text(item.get("status")),
        results=[_event_result(result) for result in results if _is_result(result, owner)]
        if isinstance(results, list)
        else [],
        reason=text(item.get("error")),
        created_at=utc(item.get("created_at")),
        completed_at=utc(item.get("completed_at")),
        latency_ms=number(item.get("latency")),
    )


def _is_result(result: object, owner: Owner | None) -> bool:
    return isinstance(result, dict) and (owner is None or not owner.mentions_another(result))


def _event_result(item: Mapping[str, Any]) -> EventResult:
    memory = item.get("memory")
    if memory is None:
        memory = (mapping(item.get("data")) or {}).get("memory")
    return EventResult(id=text(item.get("id")), memory=text(memory), event=text(item.get("event")))


def event_owner(item: Mapping[str, Any]) -> object:
    """The user that an event is for, as it arrived, or None where the event does not say."""
    payload = mapping(item.get("payload")) or {}
    filters = mapping(payload.get("filters")) or {}
    owner = payload.get("user_id")
    return owner if owner is not None else filters.get("user_id")


def validate_event(item: Mapping[str, Any], event_id: str, owner: Owner | None) -> None:
    """Check that an event is the requested one, and for no other user than the owner.

    Raises:
        ActionError: `bad_response`.
    """
    if not same_id(item.get("id"), event_id):
        raise bad_response("the service answered about another event than the requested one")
    if owner is not None and owner.is_anothers({"user_id": event_owner(item)}):
        raise bad_response("the service answered with an event of another user")


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
        ActionError: `not_found` for an unknown id; as `HttpClient.send`, `refuse_foreign_404` and `Reply.object` for
            the rest.
    """
    # The id may come from a reply, which could hold anything.
    reply = await context.http.send("GET", f"/v1/event/{quote(event_id, safe='')}/")
    refuse_foreign_404(reply)
    # The error in an event is the event's, not the request's.
    return reply.object(failure_key=None)


async def wait_for_event(context: Context, event_id: str, seconds: float, owner: Owner | None) -> dict[str, Any] | None:
    """Poll an event until it ends or the time is up.

    A poll that fails changes nothing: the work goes on, watched or not.

    Args:
        context: The call's; its deadline bounds the wait too.
        event_id: The event's.
        seconds: How long to wait at most.
        owner: The user that the event must be for; None for any.

    Returns:
        The event as last seen, ended or not; None when no poll got an answer.

    Raises:
        ActionError: `bad_response` for a reply about another event, or about another user's.
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
                answer = await fetch_event(context, event_id)
        except (ActionError, TimeoutError):
            continue
        validate_event(answer, event_id, owner)
        seen = answer
        status = text(seen.get("status"))
        if is_final(status):
            return seen
        passed = clock() - started
        context.report(
            f"waiting for event: {status or 'not started'}, {passed:.0f} s of {seconds:.0f} s",
            done=passed,
            total=seconds,
        )
