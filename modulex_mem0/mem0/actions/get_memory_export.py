"""`POST /v1/exports/get/`: fetch the latest export of a user's memories."""

from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionOutput, Context, Example, action, advanced
from modulex_mem0.mem0.filters import scoped_filters
from modulex_mem0.mem0.ids import ScopeId, UserScope
from modulex_mem0.mem0.ownership import Owner
from modulex_mem0.mem0.profile import USER
from modulex_mem0.mem0.replies import bad_response, read_object

__all__ = ["get_memory_export"]


class GetMemoryExportInput(UserScope):
    """Whose export. There is no parameter for its id, by which Mem0 returns the export of any user."""

    blank_is_absent = True

    agent_id: ScopeId | None = advanced("Only memories that Mem0 stored for this user and this agent together.")


class GetMemoryExportOutput(ActionOutput):
    """The latest export for exactly these ids."""

    export: dict[str, Any] | None = Field(default=None, description="The exported data, in the form of its schema.")


@action(
    title="Get memory export",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": USER},
        output={"success": True, "error": None, "export": {"diet": "vegetarian"}},
    ),
)
async def get_memory_export(context: Context, input: GetMemoryExportInput) -> GetMemoryExportOutput:
    """Get the latest export that create_memory_export made with the same ids.

    Raises:
        ActionError: `not_found` while there is none, as in the first seconds of a job; `bad_response` for an export
            that names another user.
    """
    reply = await context.http.send("POST", "/v1/exports/get/", json={"filters": scoped_filters(input)})
    export = read_object(reply)
    if Owner(input.user_id).mentions_another(export):
        raise bad_response("the service answered with an export that names another user")
    return GetMemoryExportOutput(success=True, export=export)
