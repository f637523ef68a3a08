"""`POST /v3/memories/add/`: store what a conversation says about a user."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue

from modulex_mem0.contract import (
    ADVANCED,
    ActionError,
    ActionInput,
    ActionOutput,
    Context,
    ErrorCode,
    Example,
    action,
)
from modulex_mem0.mem0.parameters.dates import DayText
from modulex_mem0.mem0.parameters.ids import ScopeId, UserId
from modulex_mem0.mem0.parameters.json_values import JsonObject, JsonObjects
from modulex_mem0.mem0.parameters.messages import Messages
from modulex_mem0.mem0.parameters.numbers import Timestamp, WaitTimeout
from modulex_mem0.mem0.parameters.text import NonBlank
from modulex_mem0.mem0.replies.answer import refuse_reported_failure
from modulex_mem0.mem0.replies.events import EventRecord, event_record
from modulex_mem0.mem0.replies.values import text
from modulex_mem0.mem0.samples import EVENT_ID, USER
from modulex_mem0.mem0.service.client import request_object
from modulex_mem0.mem0.service.events import has_ended, refuse_failure, wait_for_event

__all__ = ["add_memories"]


def _one_key_each(categories: list[dict[str, JsonValue]]) -> list[dict[str, JsonValue]]:
    for category in categories:
        if len(category) != 1 or not all(isinstance(meaning, str) for meaning in category.values()):
            raise ValueError('must be objects of one name and its meaning, as in [{"travel": "Trips and places"}]')
    return categories


class AddMemoriesInput(ActionInput):
    """What to store, and for whom."""

    user_id: UserId = Field(
        title="User ID",
        description='User ID associated with the memory (e.g., "user_123", "alice@example.com")',
    )
    messages: Messages = Field(
        title="Messages",
        description='Array of message objects with role and content (e.g., [{"role": "user", "content": "Hello"}])',
    )
    agent_id: ScopeId | None = Field(
        default=None, title="Agent ID", description="Agent that the memory belongs to.", json_schema_extra=ADVANCED
    )
    app_id: ScopeId | None = Field(
        default=None, title="App ID", description="App that the memory belongs to.", json_schema_extra=ADVANCED
    )
    run_id: ScopeId | None = Field(
        default=None,
        title="Run ID",
        description="Run or session that the memory belongs to.",
        json_schema_extra=ADVANCED,
    )
    metadata: JsonObject | None = Field(
        default=None,
        title="Metadata",
        description='Your own keys and values, kept with each memory (e.g., {"source": "chat"}).',
        json_schema_extra=ADVANCED,
    )
    infer: bool = Field(
        default=True,
        title="Infer",
        description="Whether Mem0 extracts what is worth remembering; false stores every message word for word.",
        json_schema_extra=ADVANCED,
    )
    expiration_date: DayText | None = Field(
        default=None,
        title="Expiration date",
        description='Day after which the memory is hidden (e.g., "2026-12-31").',
        json_schema_extra=ADVANCED,
    )
    timestamp: Timestamp | None = Field(
        default=None,
        title="Timestamp",
        description="Backdates the memory: seconds since 1970 (e.g., 1735689600).",
        json_schema_extra=ADVANCED,
    )
    custom_instructions: NonBlank | None = Field(
        default=None,
        title="Custom instructions",
        description="Instructions for the extraction of this call, in place of the project's.",
        json_schema_extra=ADVANCED,
    )
    custom_categories: Annotated[JsonObjects, AfterValidator(_one_key_each)] | None = Field(
        default=None,
        title="Custom categories",
        description='Categories of this call, in place of the project\'s (e.g., [{"travel": "Trips and places"}]).',
        json_schema_extra=ADVANCED,
    )
    includes: NonBlank | None = Field(
        default=None,
        title="Includes",
        description='What to look for in the messages (e.g., "preferences about food").',
        json_schema_extra=ADVANCED,
    )
    excludes: NonBlank | None = Field(
        default=None,
        title="Excludes",
        description='What to leave out of the memories (e.g., "health").',
        json_schema_extra=ADVANCED,
    )
    wait_for_completion: bool = Field(
        default=False,
        title="Wait for completion",
        description="Whether to wait until Mem0 has processed the messages, so that status is the final one.",
        json_schema_extra=ADVANCED,
    )
    wait_timeout: WaitTimeout = 60


# What Mem0's body calls by the same name, sent only where given: a call with the documented parameters alone sends
# what it always sent.
_PASSED_ON = frozenset(
    {
        "agent_id",
        "app_id",
        "run_id",
        "metadata",
        "expiration_date",
        "timestamp",
        "custom_instructions",
        "custom_categories",
        "includes",
        "excludes",
    }
)


# The connector's page shows this schema without a description, and a docstring would become one.
class AddMemoriesOutput(ActionOutput):
    message: str | None = None
    status: str | None = None
    event_id: str | None = None


@action(
    title="Add memories",
    extra_timeout=lambda asked: asked.wait_timeout if asked.wait_for_completion else 0.0,
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
            have arrived; what `request_object` raises.
    """
    body: dict[str, Any] = {
        "messages": [message.model_dump() for message in input.messages],
        "user_id": input.user_id,
        **input.model_dump(include=set(_PASSED_ON), exclude_none=True),
    }
    if not input.infer:
        body["infer"] = False
    reply = await request_object(context, "POST", "/v3/memories/add/", json=body, describes_failure=True)
    answer = _answer(reply)
    if not input.wait_for_completion or answer.event_id is None or has_ended(answer.status):
        return answer
    return await _wait(context, answer, answer.event_id, input.wait_timeout)


def _answer(body: dict[str, Any]) -> AddMemoriesOutput:
    answer = AddMemoriesOutput(success=True, **{key: text(body.get(key)) for key in ("message", "status", "event_id")})
    refuse_failure(
        EventRecord(status=answer.status, reason=text(body.get("error")) or answer.message),
        **answer.model_dump(exclude={"success", "error"}),
    )
    refuse_reported_failure(body)
    if not (answer.message or answer.status or answer.event_id):
        raise ActionError(
            ErrorCode.BAD_RESPONSE,
            "Mem0 answered without a status or an event; look whether the memories were stored before adding again",
        )
    return answer


async def _wait(context: Context, answer: AddMemoriesOutput, event_id: str, seconds: float) -> AddMemoriesOutput:
    seen = await wait_for_event(context, event_id, seconds)
    event = event_record(seen or {})
    refuse_failure(event, event_id=event_id, status=event.status)
    status = event.status or answer.status
    if not has_ended(status):
        message = (
            f"Accepted, but not finished within {seconds:g} s; it goes on. Follow it with get_event and the event_id,"
            " and do not add the messages again."
        )
    elif event.results:
        message = f"Finished: {len(event.results)} changes to what is remembered."
    else:
        message = "Finished: nothing new was worth remembering."
    return AddMemoriesOutput(success=True, message=message, status=status, event_id=event_id)
