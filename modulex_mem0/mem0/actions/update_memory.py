"""`PUT /v1/memories/{id}/`: change a memory's text, metadata or expiration date."""

from typing import Self

from pydantic import Field, model_validator

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.ids import MemoryId, OwnerId, same_id
from modulex_mem0.mem0.memories import MemoryDetails, memory_details
from modulex_mem0.mem0.ownership import Owner, get_owned_memory, is_tagged, tagged_metadata, validate_metadata_tag
from modulex_mem0.mem0.parameters import DayText, JsonObject, NonBlank
from modulex_mem0.mem0.profile import MEMORY, MEMORY_ID, USER
from modulex_mem0.mem0.replies import bad_response, read_object, refuse_foreign_404

__all__ = ["update_memory"]


class UpdateMemoryInput(ActionInput):
    """Which memory, and what to change of it."""

    blank_is_absent = True

    user_id: OwnerId
    memory_id: MemoryId
    text: NonBlank | None = Field(default=None, description="The new text.")
    metadata: JsonObject | None = Field(default=None, description="The new metadata, in place of the old.")
    expiration_date: DayText | None = Field(
        default=None, description='New last day on which the memory is found (e.g., "2026-12-31").'
    )
    clear_expiration: bool = Field(
        default=False, description="True removes the expiration date, so that the memory stays."
    )

    @model_validator(mode="after")
    def _validate_change(self) -> Self:
        if self.clear_expiration and self.expiration_date is not None:
            raise ValueError("clear_expiration: contradicts expiration_date; give one of the two")
        if not (self.text or self.metadata or self.expiration_date or self.clear_expiration):
            raise ValueError("text: give a text, metadata, an expiration_date or clear_expiration to change")
        validate_metadata_tag(self.metadata, self.user_id)
        return self


class UpdateMemoryOutput(ActionOutput):
    """The changed memory."""

    memory: MemoryDetails | None = Field(default=None, description="The memory after the change.")


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
    """Change a memory's text, metadata or expiration date; what is left out stays as it is.

    Raises:
        ActionError: `not_found` for a memory that is not this user's; `bad_response` for a reply about another memory.
    """
    old = await get_owned_memory(context, input.user_id, input.memory_id)
    change = input.model_dump(include={"text", "metadata", "expiration_date"}, exclude_none=True)
    if input.metadata is not None and is_tagged(old):
        # Without its tag, the memory would be out of the user's reach.
        change["metadata"] = tagged_metadata(input.metadata, input.user_id)
    if input.clear_expiration:
        change["expiration_date"] = None
    reply = await context.http.send("PUT", f"/v1/memories/{input.memory_id}/", json=change)
    refuse_foreign_404(reply)
    new = read_object(reply)
    if not same_id(new.get("id"), input.memory_id) or Owner(input.user_id).is_anothers(new):
        raise bad_response(
            "the service answered about another memory than the requested one;"
            " read it with get_memory to see whether it was changed"
        )
    return UpdateMemoryOutput(success=True, memory=memory_details(new))
