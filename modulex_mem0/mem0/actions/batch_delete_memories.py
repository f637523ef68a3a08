"""`DELETE /v1/batch/`: delete many memories."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.batches import MAX_ITEMS, ChunkReport, extra_timeout, send_batch
from modulex_mem0.mem0.ids import Mem0Id, OwnerId, canonical_id
from modulex_mem0.mem0.ownership import validate_ownership
from modulex_mem0.mem0.parameters import parse_list
from modulex_mem0.mem0.profile import MEMORY_ID, USER

__all__ = ["batch_delete_memories"]


class BatchDeleteMemoriesInput(ActionInput):
    """Whose memories, and which."""

    user_id: OwnerId
    memory_ids: Annotated[list[Mem0Id], BeforeValidator(parse_list)] = Field(
        min_length=1, max_length=MAX_ITEMS, description="IDs of the memories, from search_memories or get_memories."
    )


class BatchDeleteMemoriesOutput(ActionOutput):
    """What became of each chunk."""

    deleted: int = Field(default=0, description="How many memories Mem0 accepted for deletion.")
    chunks: list[ChunkReport] = Field(
        default_factory=list, description="A report on each request of at most 1000 memories."
    )


@action(
    title="Batch delete memories",
    idempotent=True,
    destructive=True,
    extra_timeout=lambda params: extra_timeout(params.memory_ids),
    example=Example(
        input={"user_id": USER, "memory_ids": [MEMORY_ID]},
        output={
            "success": True,
            "error": None,
            "deleted": 1,
            "chunks": [
                {
                    "first": 0,
                    "size": 1,
                    "success": True,
                    "message": "Successfully deleted 1 memories",
                    "error": None,
                }
            ],
        },
    ),
)
async def batch_delete_memories(context: Context, input: BatchDeleteMemoriesInput) -> BatchDeleteMemoriesOutput:
    """Delete up to 10,000 memories of one user by their ids, for good.

    Every memory is checked to be the user's before any is deleted.

    Raises:
        ActionError: `not_found`, naming the ids that are not this user's; the first failed chunk's error, with the
            reports on all.
    """
    memory_ids = list({canonical_id(memory_id): memory_id for memory_id in input.memory_ids}.values())
    await validate_ownership(context, input.user_id, memory_ids, field="memory_ids[{index}]")
    outcome = await send_batch(context, "DELETE", [{"memory_id": memory_id} for memory_id in memory_ids])
    outcome.raise_if_failed("deleted")
    return BatchDeleteMemoriesOutput(success=True, deleted=outcome.accepted, chunks=outcome.chunks)
