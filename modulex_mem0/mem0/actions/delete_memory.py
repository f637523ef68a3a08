"""`DELETE /v1/memories/{id}/`: delete one memory."""

from pydantic import Field

from modulex_mem0.contract import ActionError, ActionInput, ActionOutput, Context, ErrorCode, Example, action, advanced
from modulex_mem0.mem0.ids import MemoryId, OwnerId
from modulex_mem0.mem0.ownership import get_owned_memory
from modulex_mem0.mem0.profile import MEMORY_ID, USER
from modulex_mem0.mem0.replies import read_object, refuse_foreign_404, text, whole_number

__all__ = ["delete_memory"]


class DeleteMemoryInput(ActionInput):
    """Which memory."""

    user_id: OwnerId
    memory_id: MemoryId
    delete_linked: bool = advanced("Whether to delete the memories that Mem0 linked to this one, too.", default=False)


class DeleteMemoryOutput(ActionOutput):
    """What was deleted."""

    message: str | None = Field(default=None, description="Mem0's answer.")
    cascade_count: int | None = Field(default=None, description="How many linked memories were deleted too.")


@action(
    title="Delete memory",
    idempotent=True,
    destructive=True,
    example=Example(
        input={"user_id": USER, "memory_id": MEMORY_ID},
        output={"success": True, "error": None, "message": "Memory deleted successfully!", "cascade_count": None},
    ),
)
async def delete_memory(context: Context, input: DeleteMemoryInput) -> DeleteMemoryOutput:
    """Delete one memory for good.

    Raises:
        ActionError: `not_found` for a memory that is not this user's.
    """
    await get_owned_memory(context, input.user_id, input.memory_id)
    reply = await context.http.send(
        "DELETE",
        f"/v1/memories/{input.memory_id}/",
        params={"delete_linked": "true"} if input.delete_linked else None,
    )
    refuse_foreign_404(reply)
    try:
        body = read_object(reply)
    except ActionError as error:
        if error.code is ErrorCode.NOT_FOUND:
            # It was there a moment ago: an earlier try, whose answer was lost, or someone else has deleted it.
            return DeleteMemoryOutput(success=True, message="The memory is deleted.")
        raise
    return DeleteMemoryOutput(
        success=True, message=text(body.get("message")), cascade_count=whole_number(body.get("cascade_count"))
    )
