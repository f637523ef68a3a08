"""`PUT /v1/batch/`: change the text or the metadata of many memories."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.batches import MAX_ITEMS, ChunkReport, extra_timeout, send_batch
from modulex_mem0.mem0.ids import MemoryId, OwnerId, canonical_id
from modulex_mem0.mem0.ownership import tagged_metadata, validate_metadata_tag, validate_ownership
from modulex_mem0.mem0.parameters import JsonObject, NonBlank, parse_objects
from modulex_mem0.mem0.profile import MEMORY_ID, USER

__all__ = ["batch_update_memories"]


class MemoryChange(ActionInput):
    """A memory, and its new text or metadata."""

    blank_is_absent = True

    memory_id: MemoryId
    text: NonBlank | None = Field(default=None, description="The new text.")
    metadata: JsonObject | None = Field(default=None, description="The new metadata, in place of the old.")

    @model_validator(mode="after")
    def _validate_change(self) -> Self:
        if self.text is None and self.metadata is None:
            raise ValueError("give a text or metadata to change")
        return self


class BatchUpdateMemoriesInput(ActionInput):
    """Whose memories, and what to change of them."""

    user_id: OwnerId
    memories: Annotated[list[MemoryChange], BeforeValidator(parse_objects)] = Field(
        min_length=1,
        max_length=MAX_ITEMS,
        description='What to change (e.g., [{"memory_id": "…", "text": "User is a vegan"}]).',
    )

    @model_validator(mode="after")
    def _validate_changes(self) -> Self:
        # Of two changes of one memory, either could be the last.
        seen: set[str] = set()
        for index, memory in enumerate(self.memories):
            try:
                validate_metadata_tag(memory.metadata, self.user_id)
            except ValueError as error:
                raise ValueError(f"memories[{index}].{error}") from None
            if (memory_id := canonical_id(memory.memory_id)) in seen:
                raise ValueError(f"memories[{index}].memory_id: is named twice; give each memory once")
            seen.add(memory_id)
        return self


class BatchUpdateMemoriesOutput(ActionOutput):
    """What became of each chunk."""

    updated: int = Field(default=0, description="How many changes Mem0 accepted.")
    chunks: list[ChunkReport] = Field(
        default_factory=list, description="A report on each request of at most 1000 memories."
    )


@action(
    title="Batch update memories",
    idempotent=True,
    destructive=True,
    extra_timeout=lambda params: extra_timeout(params.memories),
    example=Example(
        input={"user_id": USER, "memories": [{"memory_id": MEMORY_ID, "text": "User is a vegan"}]},
        output={
            "success": True,
            "error": None,
            "updated": 1,
            "chunks": [
                {
                    "first": 0,
                    "size": 1,
                    "success": True,
                    "message": "Successfully updated 1 memories",
                    "error": None,
                }
            ],
        },
    ),
)
async def batch_update_memories(context: Context, input: BatchUpdateMemoriesInput) -> BatchUpdateMemoriesOutput:
    """Change the text or the metadata of up to 10,000 memories of one user.

    Every memory is checked to be the user's before any is changed.

    Raises:
        ActionError: `not_found`, naming the ids that are not this user's; the first failed chunk's error, with the
            reports on all.
    """
    memory_ids = [memory.memory_id for memory in input.memories]
    tagged = await validate_ownership(context, input.user_id, memory_ids, field="memories[{index}].memory_id")
    outcome = await send_batch(context, "PUT", [_change(memory, input.user_id, tagged) for memory in input.memories])
    outcome.raise_if_failed("updated")
    return BatchUpdateMemoriesOutput(success=True, updated=outcome.accepted, chunks=outcome.chunks)


def _change(memory: MemoryChange, user_id: str, tagged: set[str]) -> dict[str, Any]:
    change = memory.model_dump(exclude_none=True)
    if memory.metadata is not None and memory.memory_id in tagged:
        # Without its tag, the memory would be out of the user's reach.
        change["metadata"] = tagged_metadata(memory.metadata, user_id)
    return change
