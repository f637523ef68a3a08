"""`GET /v1/events/`: what the project was asked to do lately."""

from pydantic import Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.parameters.numbers import ListLimit, Page
from modulex_mem0.mem0.replies.events import EventRecord, event_record
from modulex_mem0.mem0.replies.records import objects
from modulex_mem0.mem0.replies.values import text, whole_number
from modulex_mem0.mem0.samples import EVENT_ID
from modulex_mem0.mem0.service.client import request_object

__all__ = ["list_events"]


class ListEventsInput(ActionInput):
    """Which page."""

    limit: ListLimit = Field(default=50, title="Limit", description="Maximum number of events to return.")
    page: Page = Field(default=1, title="Page", description="Page number, from 1.")


class ListEventsOutput(ActionOutput):
    """A page of events, the latest first."""

    events: list[EventRecord] = Field(default_factory=list, description="The events.")
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
                }
            ],
            "count": 1,
            "next": None,
            "previous": None,
        },
    ),
)
async def list_events(context: Context, input: ListEventsInput) -> ListEventsOutput:
    """List the project's recent events, those of all users.

    Raises:
        ActionError: What `request_object` raises.
    """
    body = await request_object(context, "GET", "/v1/events/", params={"page": input.page, "page_size": input.limit})
    return ListEventsOutput(
        success=True,
        events=[event_record(item) for item in objects(body)],
        count=whole_number(body.get("count")),
        next=text(body.get("next")),
        previous=text(body.get("previous")),
    )
