"""`POST /v1/feedback/`: rate a memory."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.ids import MemoryId, OwnerId
from modulex_mem0.mem0.ownership import get_owned_memory
from modulex_mem0.mem0.parameters import NonBlank
from modulex_mem0.mem0.profile import MEMORY_ID, USER
from modulex_mem0.mem0.replies import read_object, text

__all__ = ["submit_feedback"]


def _parse_feedback(value: object) -> object:
    return value.strip().upper().replace(" ", "_") if isinstance(value, str) else value


class SubmitFeedbackInput(ActionInput):
    """Which memory, and how good it is."""

    blank_is_absent = True

    user_id: OwnerId
    memory_id: MemoryId
    feedback: Annotated[Literal["POSITIVE", "NEGATIVE", "VERY_NEGATIVE"], BeforeValidator(_parse_feedback)] = Field(
        description="POSITIVE, NEGATIVE or VERY_NEGATIVE."
    )
    feedback_reason: NonBlank | None = Field(
        default=None, title="Reason", description='Reason for the rating (e.g., "She moved last year").'
    )


class SubmitFeedbackOutput(ActionOutput):
    """The recorded feedback."""

    feedback_id: str | None = Field(default=None, description="The feedback's id.")
    feedback: str | None = Field(default=None, description="POSITIVE, NEGATIVE or VERY_NEGATIVE.")
    feedback_reason: str | None = Field(default=None, description="Reason for the rating.")


@action(
    title="Submit feedback",
    example=Example(
        input={
            "user_id": USER,
            "memory_id": MEMORY_ID,
            "feedback": "NEGATIVE",
            "feedback_reason": "She is a vegan now",
        },
        output={
            "success": True,
            "error": None,
            "feedback_id": "9a0c1f4e-0b1d-4a52-8a37-3f0f7a1c5e21",
            "feedback": "NEGATIVE",
            "feedback_reason": "She is a vegan now",
        },
    ),
)
async def submit_feedback(context: Context, input: SubmitFeedbackInput) -> SubmitFeedbackOutput:
    """Rate a memory as POSITIVE, NEGATIVE or VERY_NEGATIVE, with a reason, so that Mem0 improves.

    Raises:
        ActionError: `not_found` for a memory that is not this user's.
    """
    await get_owned_memory(context, input.user_id, input.memory_id)
    reply = await context.http.send(
        "POST", "/v1/feedback/", json=input.model_dump(exclude={"user_id"}, exclude_none=True)
    )
    body = read_object(reply)
    return SubmitFeedbackOutput(
        success=True,
        feedback_id=text(body.get("id")),
        feedback=text(body.get("feedback")),
        feedback_reason=text(body.get("feedback_reason")),
    )
