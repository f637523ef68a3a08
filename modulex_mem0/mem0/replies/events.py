"""An event: the life of an accepted add or delete."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from modulex_mem0.mem0.replies.records import Record
from modulex_mem0.mem0.replies.values import number, text

__all__ = ["EventRecord", "EventResult", "event_owner", "event_record"]


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
        results=[_result(r) for r in results if isinstance(r, dict)] if isinstance(results, list) else [],
        reason=text(item.get("error")),
        created_at=text(item.get("created_at")),
        completed_at=text(item.get("completed_at")),
        latency_ms=number(item.get("latency")),
    )


def event_owner(item: Mapping[str, Any]) -> str | None:
    """The user that an event was for, or None where the event does not say."""
    payload = item.get("payload")
    if not isinstance(payload, dict):
        return None
    filters = payload.get("filters")
    owner = text(payload.get("user_id"))
    return owner if owner is not None or not isinstance(filters, dict) else text(filters.get("user_id"))


def _result(item: Mapping[str, Any]) -> EventResult:
    data = item.get("data")
    memory = item.get("memory")
    if memory is None and isinstance(data, dict):
        memory = data.get("memory")
    return EventResult(id=text(item.get("id")), memory=text(memory), event=text(item.get("event")))
