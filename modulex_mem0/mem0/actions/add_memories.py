"""`POST /v3/memories/add/`: store what a conversation says about a user."""

from pydantic import Field

from modulex_mem0.contract import ActionError, ActionInput, ActionOutput, Context, ErrorCode, Example, action
from modulex_mem0.mem0.client import request_object
from modulex_mem0.mem0.fields import UserId
from modulex_mem0.mem0.messages import Messages
from modulex_mem0.mem0.values import text

__all__ = ["add_memories"]


class AddMemoriesInput(ActionInput):
    """What to store, and for whom."""

    user_id: UserId = Field(
        title="User ID",
        description='User ID associated with the memory (e.g., "user_123", "alice@example.com")',
    )
    messages: Messages = Field(
        title="Messages",
        description=('Array of message objects with role and content (e.g., [{"role": "user", "content": "Hello"}])'),
    )


# The connector's page shows this schema without a description, and a docstring would become one.
class AddMemoriesOutput(ActionOutput):
    message: str | None = None
    status: str | None = None
    event_id: str | None = None


@action(
    title="Add memories",
    example=Example(
        input={"user_id": "alice", "messages": [{"role": "user", "content": "I am a vegetarian."}]},
        output={
            "success": True,
            "error": None,
            "message": None,
            "status": "PENDING",
            "event_id": "2c4d1f44-4f7b-4b2f-9f6e-7b5b4f5a1234",
        },
    ),
)
async def add_memories(context: Context, input: AddMemoriesInput) -> AddMemoriesOutput:
    """Add memories to Mem0 for persistent storage and retrieval.

    Mem0 accepts the messages and stores what is worth remembering later: `status` PENDING means accepted, not stored.

    Raises:
        ActionError: `event_failed` when Mem0 says at once that the work failed; what `request_object` raises.
    """
    body = await request_object(
        context,
        "POST",
        "/v3/memories/add/",
        json={"user_id": input.user_id, "messages": [message.model_dump() for message in input.messages]},
    )
    answer = {key: text(body.get(key)) for key in ("message", "status", "event_id")}
    if not any(answer.values()):
        raise ActionError(
            ErrorCode.BAD_RESPONSE,
            "Mem0 answered without a status or an event; look whether the memories were stored before adding again",
        )
    if answer["status"] == "FAILED":
        raise ActionError(
            ErrorCode.EVENT_FAILED, answer["message"] or "Mem0 did not process the messages", known=answer
        )
    return AddMemoriesOutput(success=True, **answer)
