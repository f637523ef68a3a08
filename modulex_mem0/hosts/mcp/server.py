"""The MCP server: lists the tools of a `ToolSet` and calls them."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from mcp import MCPError
from mcp import Tool as McpTool
from mcp.server import Server, ServerRequestContext
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)

from modulex_mem0.contract import ActionError
from modulex_mem0.hosts.mcp.credentials import HeaderCredential
from modulex_mem0.hosts.mcp.progress import progress_listener
from modulex_mem0.hosts.toolset import Tool, ToolSet
from modulex_mem0.json_schema import outline
from modulex_mem0.runtime import ProgressListener, Result, RuntimeUsageError, did_you_mean

__all__ = ["build_server", "tool_result"]

logger = logging.getLogger(__name__)

Context = ServerRequestContext[Any, Any]


def build_server(tools: ToolSet, credential: HeaderCredential | None = None) -> Server[Any]:
    """Make the server.

    Args:
        tools: The tools to serve.
        credential: Reads the credential from a request's headers. None lets the runtime read the environment variables
            that the manifest names, until a call finds a credential there, which serves all others.
    """
    handlers = _Handlers(tools, credential)
    manifest = tools.manifest
    return Server(
        manifest.name,
        version=manifest.version,
        title=manifest.display_name,
        description=manifest.description,
        instructions=_instructions(tools),
        website_url=manifest.app_url,
        on_list_tools=handlers.list,
        on_call_tool=handlers.call,
    )


class _Handlers:
    def __init__(self, tools: ToolSet, credential: HeaderCredential | None) -> None:
        self._tools = tools
        self._credential = credential
        self._bound = tools.bind(None) if credential is None else None
        self._listed = [_mcp_tool(tool, simple=tools.simple) for tool in tools.values()]

    async def list(self, _context: Context, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=self._listed)

    async def call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        name = params.name
        if name not in self._tools:
            raise MCPError(INVALID_PARAMS, f"there is no tool {name!r}{did_you_mean(name, self._tools)}")
        try:
            caller = self._caller(context)
        except ActionError as error:
            return tool_result(self._tools.refusal(name, error))
        async with progress_listener(context.session.report_progress) as listener:
            outcome = await self._attempt(name, params.arguments or {}, caller, listener)
        if isinstance(outcome, RuntimeUsageError):
            logger.error("%s", outcome)
            raise MCPError(INTERNAL_ERROR, str(outcome))
        return tool_result(outcome)

    def _caller(self, context: Context) -> dict[str, Any]:
        """How `ToolSet.call` is to know who calls: by a credential, or as this process."""
        if self._credential is None:
            return {"bound": self._bound}
        headers = context.request.headers if context.request is not None else {}
        return {"credential": self._credential.read(headers)}

    async def _attempt(
        self, name: str, arguments: Mapping[str, Any], caller: Mapping[str, Any], listener: ProgressListener
    ) -> Result | RuntimeUsageError:
        # An error that is raised in the listener's block would come out of it in an exception group.
        try:
            return await self._tools.call(name, arguments, **caller, on_progress=listener)
        except RuntimeUsageError as error:
            return error


def _instructions(tools: ToolSet) -> str:
    """What an agent should know before it uses the tools: derived, so that any integration's say it."""
    manifest = tools.manifest
    lines = []
    for name, value in tools.fixed.items():
        shown = f" {json.dumps(value, ensure_ascii=False):.100}" if name == manifest.owner_parameter else ""
        lines.append(
            f"{name} is fixed: every call is for{shown or ' the value that the operator chose'}. Leave it out."
        )
    looks_up = [tool.name for tool in tools.values() if _looks_up(tool, manifest.owner_parameter)]
    if looks_up:
        lines.append(f"Before you answer or change something, look up what is known with {' or '.join(looks_up)}.")
    if any("status" in tool.output_schema.get("properties", {}) for tool in tools.values()):
        lines.append(
            "A status such as PENDING means accepted and not yet done. Wait until it is done before you rely on it."
        )
    return "\n".join((*lines, *manifest.limits))


def _looks_up(tool: Tool, owner: str | None) -> bool:
    """Whether it reads without an id that an earlier call returned."""
    needed = [name for name in tool.input_schema.get("required", ()) if name != owner]
    return tool.hints.read_only and not tool.hints.cross_user and not any(name.endswith("_id") for name in needed)


def _mcp_tool(tool: Tool, *, simple: bool) -> McpTool:
    return McpTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        # Agents pay for every list at every turn, and a result explains itself. The whole schema is in the manifest.
        output_schema=None if simple else outline(tool.output_schema),
        annotations=ToolAnnotations(
            read_only_hint=tool.hints.read_only,
            destructive_hint=tool.hints.destructive,
            idempotent_hint=tool.hints.idempotent,
            # MCP's own example of a closed world is a memory tool.
            open_world_hint=not tool.closed_world,
        ),
    )


def tool_result(result: Result) -> CallToolResult:
    """The output as structured content and as text, for clients that read only one of them."""
    text, output = _encode(result.output)
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=output, is_error=not result.success
    )


def _encode(output: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The output as JSON text, and as a value that the SDK can encode.

    A lone surrogate or a NaN in a service's reply has no encoding in UTF-8 or JSON. It is replaced: the SDK's failure
    would end the connection of a stdio server, and with it every other call.
    """
    try:
        text = json.dumps(output, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        loose = json.dumps(output, ensure_ascii=False).encode(errors="replace").decode()
        clean: dict[str, Any] = json.loads(loose, parse_constant=lambda _: None)
        return json.dumps(clean, ensure_ascii=False), clean
    return text, output
