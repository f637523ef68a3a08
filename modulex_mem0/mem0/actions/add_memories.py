"""`POST /v3/memories/add/`: store what a conversation says about a user."""

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue

from modulex_mem0.contract import (
    ActionError,
    ActionInput,
    ActionOutput,
    Context,
    ErrorCode,
    Example,
    action,
    advanced,
)
from modulex_mem0.mem0.events import event_record, is_final, raise_if_failed, wait_for_event
from modulex_mem0.mem0.parameters import (
    DayText,
    JsonObject,
    NonBlank,
    NotBool,
    ScopeId,
    WaitTimeout,
    parse_json_text,
)
from modulex_mem0.mem0.profile import EVENT_ID, USER
from modulex_mem0.mem0.replies import read_object, text

__all__ = ["add_memories"]


class Message(ActionInput):
    """One turn of a conversation."""

    role: Literal["user", "assistant", "system"]
    content: NonBlank


def _parse_messages(value: object) -> object:
    if isinstance(value, str):
        value = _parse_text(value)
    if isinstance(value, dict):
        raise ValueError("must be a list of messages; put the single message into a list")  # noqa: TRY004 - for pydantic
    if isinstance(value, list | tuple) and not value:
        raise ValueError("must be a non-empty list of messages, each with role and content")
    return value


def _parse_text(value: str) -> object:
    # A file's text may begin with a byte order mark.
    value = value.removeprefix("\N{BYTE ORDER MARK}")
    start = value.lstrip()[:1]
    if not start:
        raise ValueError("must be non-empty: a list of messages, or text")
    if start not in "[{":
        return [{"role": "user", "content": value}]
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        # Text that was meant as messages must not be stored as something that a user said.
        raise ValueError(
            f"begins with {start} like JSON but is not valid JSON; correct it, or pass a list of messages"
        ) from None


def _validate_seconds(value: int) -> int:
    # Clocks in JavaScript count milliseconds; taken as seconds they would date a memory into the far future.
    if value > 99_999_999_999:
        raise ValueError("must be in seconds since 1970; this is in milliseconds")
    return value


def _validate_categories(categories: list[dict[str, JsonValue]]) -> list[dict[str, JsonValue]]:
    for category in categories:
        if len(category) != 1 or not all(isinstance(meaning, str) for meaning in category.values()):
            raise ValueError('must be objects of one name and its meaning, as in [{"travel": "Trips and places"}]')
    return categories


Messages = Annotated[list[Message], BeforeValidator(_parse_messages)]
Timestamp = Annotated[int, Field(ge=0), NotBool, AfterValidator(_validate_seconds)]
Categories = Annotated[
    list[dict[str, JsonValue]], BeforeValidator(parse_json_text), AfterValidator(_validate_categories)
]


class AddMemoriesInput(ActionInput):
    """What to store, and for whom."""

    user_id: ScopeId = Field(
        description='User ID associated with the memory (e.g., "user_123", "alice@example.com")',
    )
    messages: Messages = Field(
        description='Array of message objects with role and content (e.g., [{"role": "user", "content": "Hello"}])',
    )
    agent_id: ScopeId | None = advanced("Agent that the memory belongs to.")
    app_id: ScopeId | None = advanced("App that the memory belongs to.")
    run_id: ScopeId | None = advanced("Run or session that the memory belongs to.")
    metadata: JsonObject | None = advanced(
        'Your own keys and values, kept with each memory (e.g., {"source": "chat"}).'
    )
    infer: bool = advanced(
        "Whether Mem0 extracts what is worth remembering; false stores every message word for word.", default=True
    )
    expiration_date: DayText | None = advanced('Day after which the memory is hidden (e.g., "2026-12-31").')
    timestamp: Timestamp | None = advanced("Backdates the memory: seconds since 1970 (e.g., 1735689600).")
    custom_instructions: NonBlank | None = advanced(
        "Instructions for the extraction of this call, in place of the project's."
    )
    custom_categories: Categories | None = advanced(
        'Categories of this call, in place of the project\'s (e.g., [{"travel": "Trips and places"}]).'
    )
    includes: NonBlank | None = advanced('What to look for in the messages (e.g., "preferences about food").')
    excludes: NonBlank | None = advanced('What to leave out of the memories (e.g., "health").')
    wait_for_completion: bool = advanced(
        "Whether to wait until Mem0 has processed the messages, so that status is the final one.", default=False
    )
    wait_timeout: WaitTimeout = 60


# The connector's page shows this schema without a description, and a docstring would become one.
class AddMemoriesOutput(ActionOutput):
    message: str | None = None
    status: str | None = None
    event_id: str | None = None


@action(
    title="Add memories",
    extra_timeout=lambda params: params.wait_timeout if params.wait_for_completion else 0.0,
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
    # What is left at its default is not sent.
    body = input.model_dump(exclude={"wait_for_completion", "wait_timeout"}, exclude_defaults=True)
    reply = await context.http.send("POST", "/v3/memories/add/", json=body)
    answer = read_object(reply, known=("message", "status", "event_id"))
    added = AddMemoriesOutput(
        success=True,
        message=text(answer.get("message")),
        status=text(answer.get("status")),
        event_id=text(answer.get("event_id")),
    )
    if not (added.message or added.status or added.event_id):
        raise ActionError(
            ErrorCode.BAD_RESPONSE,
            "Mem0 answered without a status or an event; check whether the memories were stored before adding again",
        )
    if not input.wait_for_completion or added.event_id is None or is_final(added.status):
        return added
    return await _wait(context, added, added.event_id, input.wait_timeout)


async def _wait(context: Context, added: AddMemoriesOutput, event_id: str, seconds: float) -> AddMemoriesOutput:
    event = event_record(await wait_for_event(context, event_id, seconds) or {})
    raise_if_failed(event, event_id=event_id, status=event.status)
    status = event.status or added.status
    if not is_final(status):
        message = (
            f"Accepted, but not finished within {seconds:g} s; it goes on. Follow it with get_event and the event_id,"
            " and do not add the messages again."
        )
    elif event.results:
        message = f"Finished: {len(event.results)} changes to what is remembered."
    else:
        message = "Finished: nothing new was worth remembering."
    return AddMemoriesOutput(success=True, message=message, status=status, event_id=event_id)
