"""`PUT /v1/memories/{id}/`: change a memory's text, metadata or expiration date."""

from typing import Self

from pydantic import Field, model_validator

from modulex_mem0.contract import NULLABLE, ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.ownership import get_owned_memory
from modulex_mem0.mem0.parameters import DayText, JsonObject, MemoryId, NonBlank, OwnerId
from modulex_mem0.mem0.profile import MEMORY, MEMORY_ID, USER
from modulex_mem0.mem0.replies import MemoryDetails, memory_details, read_object

__all__ = ["update_memory"]


class UpdateMemoryInput(ActionInput):
    """Which memory, and what to change of it."""

    user_id: OwnerId
    memory_id: MemoryId
    text: NonBlank | None = Field(default=None, description="The new text.")
    metadata: JsonObject | None = Field(default=None, description="The new metadata.")
    expiration_date: DayText | None = Field(
        default=None,
        description='Day after which the memory is hidden (e.g., "2026-12-31"); null keeps it for good.',
        json_schema_extra=NULLABLE,
    )

    @model_validator(mode="after")
    def _validate_change(self) -> Self:
        if self.text is None and self.metadata is None and "expiration_date" not in self.model_fields_set:
            raise ValueError("text: give a text, metadata or an expiration_date to change")
        return self


class UpdateMemoryOutput(ActionOutput):
    """The memory as it is now."""

    memory: MemoryDetails | None = Field(default=None, description="The changed memory.")


@action(
    title="Update memory",
    idempotent=True,
    destructive=True,
    example=Example(
        input={"user_id": USER, "memory_id": MEMORY_ID, "text": "User is a vegan"},
        output={
            "success": True,
            "error": None,
            "memory": {**MEMORY, "memory": "User is a vegan", "expiration_date": None},
        },
    ),
)
async def update_memory(context: Context, input: UpdateMemoryInput) -> UpdateMemoryOutput:
    """Change a memory's text, metadata or expiration date.

    Raises:
        ActionError: `not_found` for a memory that is not this user's.
    """
    await get_owned_memory(context, input.user_id, input.memory_id)
    change = input.model_dump(include={"text", "metadata"}, exclude_none=True)
    if "expiration_date" in input.model_fields_set:
        change["expiration_date"] = input.expiration_date
    reply = await context.http.send("PUT", f"/v1/memories/{input.memory_id}/", json=change)
    return UpdateMemoryOutput(success=True, memory=memory_details(read_object(reply)))
