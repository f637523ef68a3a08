"""`POST /v1/exports/`: have a user's memories put into a form of your own."""

from pydantic import Field

from modulex_mem0.contract import ActionError, ActionInput, ActionOutput, Context, ErrorCode, Example, action
from modulex_mem0.mem0.parameters.ids import AgentId, AppId, OwnerId, RunId
from modulex_mem0.mem0.parameters.json_values import JsonObject
from modulex_mem0.mem0.replies.values import text
from modulex_mem0.mem0.samples import USER
from modulex_mem0.mem0.service.client import request_object
from modulex_mem0.mem0.service.scope import scoped_filters

__all__ = ["create_memory_export"]


class CreateMemoryExportInput(ActionInput):
    """Whose memories, and in which form."""

    user_id: OwnerId
    export_schema: JsonObject = Field(
        min_length=1,
        title="Schema",
        description='JSON Schema of the export (e.g., {"type": "object", "properties": {"diet": {"type": "string"}}}).',
    )
    agent_id: AgentId = None
    app_id: AppId = None
    run_id: RunId = None


class CreateMemoryExportOutput(ActionOutput):
    """That the job was accepted."""

    export_id: str | None = Field(default=None, description="The job's id.")
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
    """Have a user's memories exported in the form of a JSON Schema; get_memory_export fetches the result.

    Raises:
        ActionError: `bad_response` for an answer without a job; what `request_object` raises.
    """
    body = await request_object(
        context,
        "POST",
        "/v1/exports/",
        # Mem0 refuses flat filters here.
        json={"schema": input.export_schema, "filters": {"AND": [scoped_filters(input)]}},
    )
    export_id = text(body.get("id"))
    if export_id is None:
        raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0 answered without the id of an export")
    return CreateMemoryExportOutput(success=True, export_id=export_id, message=text(body.get("message")))
