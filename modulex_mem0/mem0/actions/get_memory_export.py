"""`POST /v1/exports/get/`: fetch the latest export of a user's memories."""

from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionOutput, Context, Example, action
from modulex_mem0.mem0.filters import scoped_filters
from modulex_mem0.mem0.parameters import UserScope
from modulex_mem0.mem0.profile import USER
from modulex_mem0.mem0.replies import read_object

__all__ = ["get_memory_export"]


class GetMemoryExportInput(UserScope):
    """Whose export. By its id alone Mem0 would hand out any user's, so there is no such parameter."""


class GetMemoryExportOutput(ActionOutput):
    """The latest export of exactly these ids."""

    export: dict[str, Any] | None = Field(default=None, description="The data, in the form of the export's schema.")


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
    """Fetch the latest export that create_memory_export made with the same ids.

    Raises:
        ActionError: `not_found` while there is none, as in the first seconds of a job.
    """
    reply = await context.http.send("POST", "/v1/exports/get/", json={"filters": scoped_filters(input)})
    return GetMemoryExportOutput(success=True, export=read_object(reply))
