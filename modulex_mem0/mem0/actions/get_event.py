"""`GET /v1/event/{id}/`: what became of an accepted add or delete."""

from contextlib import nullcontext

from pydantic import Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action, advanced
from modulex_mem0.mem0.events import (
    EventRecord,
    event_owner,
    event_record,
    fetch_event,
    is_final,
    raise_if_failed,
    validate_event,
    wait_for_event,
)
from modulex_mem0.mem0.ids import Mem0Id, ScopeId
from modulex_mem0.mem0.ownership import Owner, hide_existence, not_owned
from modulex_mem0.mem0.parameters import WaitTimeout
from modulex_mem0.mem0.profile import EVENT_ID, MEMORY_ID, USER
from modulex_mem0.mem0.replies import bad_response, text

__all__ = ["get_event"]


class GetEventInput(ActionInput):
    """Which event, and whether to wait for its end."""

    blank_is_absent = True

    event_id: Mem0Id = Field(description="ID of the event, from add_memories or delete_memories.")
    user_id: ScopeId | None = Field(
        default=None,
        description="User that the event is for. Without it, only the state is returned, not the memories.",
    )
    wait: bool = advanced("Whether to wait until the event has ended.", default=False)
    wait_timeout: WaitTimeout = 60


class GetEventOutput(ActionOutput):
    """The latest state of the event."""

    status: str | None = Field(default=None, description="PENDING, RUNNING, SUCCEEDED or FAILED.")
    finished: bool = Field(default=False, description="Whether the status is final.")
    event: EventRecord | None = Field(default=None, description="The event with its results.")


@action(
    title="Get event",
    read_only=True,
    idempotent=True,
    extra_timeout=lambda params: params.wait_timeout if params.wait else 0.0,
    example=Example(
        input={"event_id": EVENT_ID, "user_id": USER},
        output={
            "success": True,
            "error": None,
            "status": "SUCCEEDED",
            "finished": True,
            "event": {
                "id": EVENT_ID,
                "event_type": "ADD",
                "status": "SUCCEEDED",
                "results": [{"id": MEMORY_ID, "memory": "User is a vegetarian", "event": "ADD"}],
                "reason": None,
                "created_at": "2026-01-15T10:30:00Z",
                "completed_at": "2026-01-15T10:30:04Z",
                "latency_ms": 3870.0,
            },
        },
    ),
)
async def get_event(context: Context, input: GetEventInput) -> GetEventOutput:
    """See whether an accepted add or delete has finished, and what it changed.

    With `wait` the answer comes when the event has ended or the time is up; `finished` says which. The results are left
    out where no user is given.

    Raises:
        ActionError: `not_found` for an unknown event or another user's; `event_failed`, with the event, when it
            failed; `bad_response` for an event without a status, or for another event.
    """
    owner = None if input.user_id is None else Owner(input.user_id)
    with nullcontext() if owner is None else hide_existence("event", input.event_id):
        item = await fetch_event(context, input.event_id)
    validate_event(item, input.event_id, None)
    if owner is not None and not owner.owns({"user_id": event_owner(item)}):
        raise not_owned("event", input.event_id)
    if input.wait and not is_final(text(item.get("status"))):
        item = await wait_for_event(context, input.event_id, input.wait_timeout, owner) or item
    event = event_record(item, owner)
    if owner is None:
        # Whose memories these are, nobody has said: a user that got lost must not show another's.
        event = event.model_copy(update={"results": []})
    if event.status is None:
        raise bad_response("Mem0 answered with an event that has no status")
    raise_if_failed(event, status=event.status, finished=True, event=event.model_dump())
    return GetEventOutput(success=True, status=event.status, finished=is_final(event.status), event=event)
