"""`DELETE /v1/batch/`: forget many memories."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.parameters.ids import MemoryId, OwnerId
from modulex_mem0.mem0.parameters.json_values import read_list
from modulex_mem0.mem0.samples import MEMORY_ID, USER
from modulex_mem0.mem0.service.batches import MOST_ITEMS, ChunkReport, batch_time, send_batch
from modulex_mem0.mem0.service.ownership import require_all_owned

__all__ = ["batch_delete_memories"]


class BatchDeleteMemoriesInput(ActionInput):
    """Whose memories, and which."""

    user_id: OwnerId
    memory_ids: Annotated[list[MemoryId], BeforeValidator(read_list)] = Field(
        min_length=1,
        max_length=MOST_ITEMS,
        title="Memory IDs",
        description="The memories' IDs, as get_memories returns them in ids.",
    )


class BatchDeleteMemoriesOutput(ActionOutput):
    """What became of each chunk."""

    deleted: int = Field(default=0, description="How many memories Mem0 was told to delete and accepted.")
    chunks: list[ChunkReport] = Field(default_factory=list, description="A report on each chunk of at most 1000.")


@action(
    title="Batch delete memories",
    idempotent=True,
    destructive=True,
    extra_timeout=lambda asked: batch_time(asked.memory_ids),
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
    """Delete many memories of one user for good.

    Every memory is checked to be the user's before any is deleted.

    Raises:
        ActionError: `not_found`, naming the ids that are not this user's; the first failed chunk's error, with the
            reports on all; what `request_object` raises.
    """
    memory_ids = list(dict.fromkeys(input.memory_ids))
    await require_all_owned(context, input.user_id, memory_ids)
    outcome = await send_batch(context, "DELETE", [{"memory_id": memory_id} for memory_id in memory_ids])
    outcome.raise_failure("deleted")
    return BatchDeleteMemoriesOutput(success=True, deleted=outcome.accepted, chunks=outcome.chunks)
