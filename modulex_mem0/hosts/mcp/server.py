"""The MCP server of an offer: lists its actions as tools and calls them."""

import logging
from collections.abc import Mapping
from typing import Any

from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from modulex_mem0.contract import ActionError
from modulex_mem0.hosts.mcp.credentials import HeaderCredential
from modulex_mem0.hosts.mcp.progress import passing_on_progress
from modulex_mem0.hosts.mcp.tools import tool_of, tool_result
from modulex_mem0.hosts.offer import Offer
from modulex_mem0.runtime import CredentialMapping, ProgressListener, Result, RuntimeUsageError, did_you_mean

__all__ = ["build_server"]

logger = logging.getLogger(__name__)

Context = ServerRequestContext[Any, Any]


def build_server(offer: Offer, credential: HeaderCredential | None = None) -> Server[Any]:
    """Make the server.

    Args:
        offer: What is served.
        credential: Reads the credential from a request's headers; None leaves it to the runtime to read the
            environment variables that the manifest names.
    """
    tools = _Tools(offer, credential)
    manifest = offer.manifest
    return Server(
        manifest.name,
        version=manifest.version,
        title=manifest.display_name,
        description=manifest.description,
        instructions="\n".join(manifest.limits) or None,
        website_url=manifest.app_url,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
    )


class _Tools:
    def __init__(self, offer: Offer, credential: HeaderCredential | None) -> None:
        self._offer = offer
        self._credential = credential
        self._listed = [tool_of(action) for action in offer.values()]

    async def list(self, _context: Context, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=self._listed)

    async def call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        name = params.name
        if name not in self._offer:
            raise MCPError(INVALID_PARAMS, f"there is no tool {name!r}{did_you_mean(name, self._offer)}")
        try:
            credential = self._read_credential(context)
        except ActionError as error:
            return tool_result(self._offer.refusal(name, error))
        async with passing_on_progress(context.session.report_progress) as listener:
            outcome = await self._attempt(name, params.arguments or {}, credential, listener)
        if isinstance(outcome, RuntimeUsageError):
            logger.error("%s", outcome)
            raise MCPError(INTERNAL_ERROR, str(outcome))
        return tool_result(outcome)

    def _read_credential(self, context: Context) -> CredentialMapping | None:
        if self._credential is None:
            return None
        return self._credential.read(context.request.headers if context.request is not None else {})

    async def _attempt(
        self, name: str, arguments: Mapping[str, Any], credential: CredentialMapping | None, listener: ProgressListener
    ) -> Result | RuntimeUsageError:
        try:
            return await self._offer.call(name, arguments, credential=credential, on_progress=listener)
        except RuntimeUsageError as mistake:
            return mistake
