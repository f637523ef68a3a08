"""`GET /v1/events/`: list the project's recent events."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.events import EventRecord, event_record
from modulex_mem0.mem0.parameters import PageNumber, PageSize
from modulex_mem0.mem0.profile import EVENT_ID
from modulex_mem0.mem0.replies import mapping, read_object, read_page

__all__ = ["list_events"]


class ListEventsInput(ActionInput):
    """Which page."""

    blank_is_absent = True

    limit: PageSize = Field(default=50, description="Maximum number of events to return.")
    page: PageNumber = Field(default=1, description="Page number, from 1.")


class ListedEvent(EventRecord):
    """An event, and what its request said of it."""

    metadata: dict[str, Any] | None = Field(
        default=None, description="The metadata that the event's request gave, also where nothing was stored."
    )


def _listed_event(item: Mapping[str, Any]) -> ListedEvent:
    payload = mapping(item.get("payload")) or {}
    return ListedEvent(**dict(event_record(item)), metadata=mapping(payload.get("metadata")))


class ListEventsOutput(ActionOutput):
    """A page of events, the latest first."""

    events: list[ListedEvent] = Field(default_factory=list, description="The events.")
    count: int | None = Field(default=None, description="How many there are in all.")
    next: str | None = Field(default=None, description="Address of the next page; null on the last.")
    previous: str | None = Field(default=None, description="Address of the page before; null on the first.")


@action(
    title="List events",
    read_only=True,
    idempotent=True,
    cross_user=True,
    example=Example(
        input={"limit": 1},
        output={
            "success": True,
            "error": None,
            "events": [
                {
                    "id": EVENT_ID,
                    "event_type": "ADD",
                    "status": "RUNNING",
                    "results": [],
                    "reason": None,
                    "created_at": "2026-01-15T10:30:00Z",
                    "completed_at": None,
                    "latency_ms": None,
                    "metadata": {"source": "chat"},
                }
            ],
            "count": 1,
            "next": None,
            "previous": None,
        },
    ),
)
async def list_events(context: Context, input: ListEventsInput) -> ListEventsOutput:
    """List the project's recent events, of all users.

    Raises:
        ActionError: `bad_response` for a reply without results.
    """
    reply = await context.http.send("GET", "/v1/events/", params={"page": input.page, "page_size": input.limit})
    page = read_page(read_object(reply), _listed_event, limit=input.limit)
    return ListEventsOutput(success=True, events=page.records, count=page.count, next=page.next, previous=page.previous)
