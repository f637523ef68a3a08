"""`DELETE /v2/entities/{type}/{id}/`: forget a user, an agent, an app or a run with all that belongs to it."""

from typing import Self

from pydantic import Field, model_validator

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.parameters.entities import EntityId, EntityType, entity_path
from modulex_mem0.mem0.replies.values import text
from modulex_mem0.mem0.samples import EVENT_ID, USER
from modulex_mem0.mem0.service.client import request_object

__all__ = ["delete_entity"]


class DeleteEntityInput(ActionInput):
    """Which entity."""

    entity_type: EntityType = Field(title="Entity type", description="What it is: user, agent, app or run.")
    entity_id: EntityId = Field(title="Entity ID", description="The entity's name, such as a user_id.")
    confirm: bool = Field(
        default=False,
        title="Confirm",
        description="Must be true: the entity and all memories that belong to it are deleted for good.",
    )

    @model_validator(mode="after")
    def _meant(self) -> Self:
        if not self.confirm:
            raise ValueError("confirm: must be true to delete the entity and all memories that belong to it")
        return self


class DeleteEntityOutput(ActionOutput):
    """That the deletion was accepted."""

    message: str | None = Field(default=None, description="Mem0's answer.")
    event_id: str | None = Field(default=None, description="Follow it with get_event.")


@action(
    title="Delete entity",
    idempotent=True,
    destructive=True,
    cross_user=True,
    example=Example(
        input={"entity_type": "user", "entity_id": USER, "confirm": True},
        output={
            "success": True,
            "error": None,
            "message": "Delete in progress. This may take some time.",
            "event_id": EVENT_ID,
        },
    ),
)
async def delete_entity(context: Context, input: DeleteEntityInput) -> DeleteEntityOutput:
    """Delete a user, agent, app or run with all its memories for good.

    Raises:
        ActionError: What `request_object` raises.
    """
    body = await request_object(context, "DELETE", entity_path(input.entity_type, input.entity_id))
    return DeleteEntityOutput(success=True, message=text(body.get("message")), event_id=text(body.get("event_id")))
