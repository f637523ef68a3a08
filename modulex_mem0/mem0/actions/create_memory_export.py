"""`POST /v1/exports/`: export a user's memories in the form of a JSON Schema."""

from pydantic import Field

from modulex_mem0.contract import ActionOutput, Context, Example, action, advanced
from modulex_mem0.mem0.filters import scoped_filters
from modulex_mem0.mem0.ids import ScopeId, UserScope
from modulex_mem0.mem0.parameters import JsonObject
from modulex_mem0.mem0.profile import USER
from modulex_mem0.mem0.replies import bad_response, read_object, text

__all__ = ["create_memory_export"]


class CreateMemoryExportInput(UserScope):
    """Whose memories, and in which form."""

    blank_is_absent = True

    agent_id: ScopeId | None = advanced("Only memories that Mem0 stored for this user and this agent together.")

    export_schema: JsonObject = Field(
        min_length=1,
        title="Schema",
        description='JSON Schema of the export (e.g., {"type": "object", "properties": {"diet": {"type": "string"}}}).',
    )


class CreateMemoryExportOutput(ActionOutput):
    """The accepted export."""

    export_id: str | None = Field(default=None, description="ID of the export.")
    message: str | None = Field(default=None, description="Mem0's answer.")


@action(
    title="Create memory export",
    example=Example(
        input={
            "user_id": USER,
            "export_schema": {"type": "object", "properties": {"diet": {"type": "string"}}},
        },
        output={
            "success": True,
            "error": None,
            "export_id": "550e8400-e29b-41d4-a716-446655440000",
            "message": "Memory export request received. The export will be ready in a few seconds.",
        },
    ),
)
async def create_memory_export(context: Context, input: CreateMemoryExportInput) -> CreateMemoryExportOutput:
    """Start an export of a user's memories in the form of a JSON Schema; get_memory_export fetches the result.

    Raises:
        ActionError: `bad_response` for a reply without the id of a job.
    """
    # Mem0 refuses flat filters here.
    filters = {"AND": [scoped_filters(input)]}
    reply = await context.http.send("POST", "/v1/exports/", json={"schema": input.export_schema, "filters": filters})
    body = read_object(reply)
    export_id = text(body.get("id"))
    if export_id is None:
        raise bad_response("Mem0 answered without the id of an export")
    return CreateMemoryExportOutput(success=True, export_id=export_id, message=text(body.get("message")))
