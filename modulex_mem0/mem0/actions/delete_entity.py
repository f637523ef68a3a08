"""`DELETE /v2/entities/{type}/{id}/`: delete a user, an agent, an app or a run with all its memories."""

import re
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.ids import EntityType, ScopeId
from modulex_mem0.mem0.profile import EVENT_ID, USER
from modulex_mem0.mem0.replies import read_object, refuse_foreign_404, text

__all__ = ["delete_entity"]


def _validate_no_dots(value: str) -> str:
    # Servers and the proxies before them may decode separators before they resolve an address.
    if not {".", ".."}.isdisjoint(re.split(r"[/\\]", value)):
        raise ValueError("must not be or contain the segments . or .., which stand for places in an address")
    return value


class DeleteEntityInput(ActionInput):
    """Which entity."""

    entity_type: EntityType = Field(description="Kind of entity: user, agent, app or run.")
    entity_id: Annotated[ScopeId, AfterValidator(_validate_no_dots)] = Field(
        description="ID of the entity, such as a user_id."
    )
    confirm: bool = Field(
        default=False,
        description="Must be true. The entity and all its memories are deleted for good.",
    )

    @model_validator(mode="after")
    def _validate_confirmation(self) -> Self:
        if not self.confirm:
            raise ValueError("confirm: must be true to delete the entity and all memories that belong to it")
        return self


class DeleteEntityOutput(ActionOutput):
    """The accepted deletion."""

    message: str | None = Field(default=None, description="Mem0's answer.")
    event_id: str | None = Field(default=None, description="ID for get_event, to see when it is done.")


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
    """Delete a user, agent, app or run and all its memories, for good.

    Raises:
        ActionError: `not_found` for one that has no memories; `bad_response` when it is not Mem0 that answers.
    """
    # The id may hold any characters; it is one segment of the path.
    path = f"/v2/entities/{input.entity_type}/{quote(input.entity_id, safe='')}/"
    reply = await context.http.send("DELETE", path)
    refuse_foreign_404(reply)
    body = read_object(reply)
    return DeleteEntityOutput(success=True, message=text(body.get("message")), event_id=text(body.get("event_id")))
