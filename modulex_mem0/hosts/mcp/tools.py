"""An offered action as an MCP tool, and the result of a call as the result of a tool."""

import json
from typing import Any

from mcp import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations

from modulex_mem0.hosts.selection import OfferedAction
from modulex_mem0.runtime import Result

__all__ = ["tool_of", "tool_result"]


def tool_of(action: OfferedAction) -> Tool:
    """The declaration of a tool."""
    return Tool(
        name=action.name,
        title=action.title,
        description=action.description,
        input_schema=action.input_schema,
        output_schema=action.output_schema,
        annotations=ToolAnnotations(
            title=action.title,
            read_only_hint=action.hints.read_only,
            destructive_hint=action.hints.destructive,
            idempotent_hint=action.hints.idempotent,
            # A memory tool's world is closed, by MCP's own example. Of other services nothing is claimed.
            open_world_hint=False if action.within_service else None,
        ),
    )


def tool_result(result: Result) -> CallToolResult:
    """The output as structured content and as text, for clients that read only one of them."""
    text, output = _as_json(result.output)
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=output, is_error=not result.success
    )


def _as_json(output: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The output as JSON text and as a value that the SDK can write.

    What has no place in UTF-8 or in JSON (a lone surrogate, a NaN of a service's reply) would end the connection of a
    stdio server, and with it every other call.
    """
    try:
        text = json.dumps(output, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        loose = json.dumps(output, ensure_ascii=False).encode(errors="replace").decode()
        mended: dict[str, Any] = json.loads(loose, parse_constant=lambda _: None)
        return json.dumps(mended, ensure_ascii=False), mended
    return text, output
