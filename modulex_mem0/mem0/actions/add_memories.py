"""`POST /v3/memories/add/`: store what a conversation says about a user."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from modulex_mem0.contract import (
    ActionError,
    ActionInput,
    ActionOutput,
    Context,
    Example,
    FollowUp,
    action,
    advanced,
)
from modulex_mem0.mem0.events import event_record, is_final, raise_if_failed, wait_for_event
from modulex_mem0.mem0.ids import ScopeId
from modulex_mem0.mem0.messages import Messages, has_media
from modulex_mem0.mem0.ownership import Owner, tagged_metadata, validate_metadata_tag
from modulex_mem0.mem0.parameters import DayText, JsonObject, NonBlank, NotBool, WaitTimeout, parse_objects
from modulex_mem0.mem0.profile import EVENT_ID, USER
from modulex_mem0.mem0.replies import bad_response, read_object, text

__all__ = ["add_memories"]


def _validate_seconds(value: int) -> int:
    # Clocks in JavaScript count milliseconds; taken as seconds they would date a memory into the far future.
    if value > 99_999_999_999:
        raise ValueError("must be in seconds since 1970; this is in milliseconds")
    # Nobody means 1970. The schema allows it, since forms begin with the least number: better one that is refused.
    if value == 0:
        raise ValueError("0 is what programs send for an empty number; leave it out, or pass the seconds since 1970")
    return value


def _validate_categories(categories: list[dict[str, JsonValue]]) -> list[dict[str, JsonValue]]:
    for category in categories:
        if len(category) != 1 or not all(isinstance(meaning, str) for meaning in category.values()):
            raise ValueError('must be objects of one name and its meaning, as in [{"travel": "Trips and places"}]')
    return categories


Timestamp = Annotated[int, Field(ge=0), NotBool, AfterValidator(_validate_seconds)]
Categories = Annotated[list[dict[str, JsonValue]], BeforeValidator(parse_objects), AfterValidator(_validate_categories)]


class AddMemoriesInput(ActionInput):
    """What to store, and for whom."""

    blank_is_absent = True

    user_id: ScopeId = Field(
        description='User ID associated with the memory (e.g., "user_123", "alice@example.com")',
    )
    messages: Messages = Field(
        description='Array of message objects with role and content (e.g., [{"role": "user", "content": "Hello"}])',
    )
    agent_id: ScopeId | None = advanced(
        "Agent that the memories are for, too. Mem0 stores what the assistant says under the agent alone;"
        " search with the same user_id and agent_id to find it."
    )
    app_id: ScopeId | None = advanced("App that the memories belong to.")
    run_id: ScopeId | None = advanced("Run or session that the memories belong to.")
    metadata: JsonObject | None = advanced('Keys and values to keep with each memory (e.g., {"source": "chat"}).')
    infer: bool = advanced(
        "True extracts what is worth remembering; false stores every message word for word.", default=True
    )
    expiration_date: DayText | None = advanced('Last day on which the memories are found (e.g., "2026-12-31").')
    timestamp: Timestamp | None = advanced("When this was said, in seconds since 1970 (e.g., 1735689600).")
    custom_instructions: NonBlank | None = advanced(
        "How to extract memories from these messages, instead of the project's instructions."
    )
    custom_categories: Categories | None = advanced(
        'Categories for these memories, instead of the project\'s (e.g., [{"travel": "Trips and places"}]).'
    )
    includes: NonBlank | None = advanced('What to remember (e.g., "preferences about food").')
    excludes: NonBlank | None = advanced('What not to remember (e.g., "health").')
    wait_for_completion: bool = advanced(
        "Whether to wait until the memories are stored; otherwise the status is PENDING.", default=False
    )
    wait_timeout: WaitTimeout = 60

    @model_validator(mode="after")
    def _validate_combination(self) -> Self:
        validate_metadata_tag(self.metadata, self.user_id)
        if not self.infer and has_media(self.messages):
            raise ValueError("messages: images and documents need infer=true; word for word Mem0 stores only text")
        return self


# The connector's page shows this schema without a description, and a docstring would become one.
class AddMemoriesOutput(ActionOutput):
    message: str | None = None
    status: str | None = None
    event_id: str | None = None


@action(
    title="Add memories",
    extra_timeout=lambda params: params.wait_timeout if params.wait_for_completion else 0.0,
    follow_up=FollowUp(
        action="get_event",
        input={"event_id": "{event_id}", "user_id": "{user_id}", "wait": True},
        when={"status": ("PENDING", "RUNNING")},
    ),
    example=Example(
        input={"user_id": USER, "messages": [{"role": "user", "content": "I am a vegetarian."}]},
        output={"success": True, "error": None, "message": None, "status": "PENDING", "event_id": EVENT_ID},
    ),
)
async def add_memories(context: Context, input: AddMemoriesInput) -> AddMemoriesOutput:
    """Add memories to Mem0 for persistent storage and retrieval.

    Mem0 accepts the messages and stores what is worth remembering later: `status` PENDING means accepted, not stored.
    With `wait_for_completion` the status is the final one, unless the time runs out first; the add then goes on.

    Raises:
        ActionError: `event_failed` when Mem0 could not process the messages; `outcome_unknown` when the request may
            have arrived; `bad_response` for a reply without a status or an event.
    """
    reply = await context.http.send("POST", "/v3/memories/add/", json=_request(input))
    answer = read_object(reply, known=("message", "status", "event_id"))
    added = AddMemoriesOutput(
        success=True,
        message=text(answer.get("message")),
        status=text(answer.get("status")),
        event_id=text(answer.get("event_id")),
    )
    if not (added.message or added.status or added.event_id):
        raise bad_response(
            "Mem0 answered without a status or an event; check whether the memories were stored before adding again"
        )
    if not input.wait_for_completion or added.event_id is None or is_final(added.status):
        return added
    return await _wait(context, added, added.event_id, input)


def _request(input: AddMemoriesInput) -> dict[str, Any]:
    # What is left at its default is not sent.
    body = input.model_dump(exclude={"wait_for_completion", "wait_timeout"}, exclude_defaults=True)
    if input.agent_id is not None:
        # What Mem0 stores for the agent alone, reads and deletes of this user and agent find by the tag.
        body["metadata"] = tagged_metadata(input.metadata, input.user_id)
    return body


async def _wait(
    context: Context, added: AddMemoriesOutput, event_id: str, input: AddMemoriesInput
) -> AddMemoriesOutput:
    owner = Owner(input.user_id)
    try:
        event = event_record(await wait_for_event(context, event_id, input.wait_timeout, owner) or {}, owner)
    except ActionError as error:
        # The add was accepted all the same. As a failure it would be repeated, and stored twice.
        return _accepted(added.status, event_id, f"but not followed: {error.message}.")
    raise_if_failed(event, event_id=event_id, status=event.status)
    status = event.status or added.status
    if not is_final(status):
        return _accepted(status, event_id, f"but not finished within {input.wait_timeout:g} s; it goes on.")
    count = len(event.results)
    if count:
        message = f"Finished: {count} {'memory' if count == 1 else 'memories'} added, changed or deleted."
    else:
        message = "Finished: nothing new was worth remembering."
    return AddMemoriesOutput(success=True, message=message, status=status, event_id=event_id)


def _accepted(status: str | None, event_id: str, how_far: str) -> AddMemoriesOutput:
    message = f"Accepted, {how_far} Follow it with get_event and the event_id, and do not add the messages again."
    return AddMemoriesOutput(success=True, message=message, status=status, event_id=event_id)
