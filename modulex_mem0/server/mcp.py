"""`POST /mcp`: the MCP host on the server's own address, with the server's credentials and record of runs."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.types import ASGIApp

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.hosts import ToolSet
from modulex_mem0.runtime import BoundIntegration, CredentialMapping, HiddenDict, ProgressListener, Result
from modulex_mem0.server.console import Console
from modulex_mem0.server.replies import error_reply
from modulex_mem0.server.requests import CallCredential, resolve_call_credential

if TYPE_CHECKING:
    from modulex_mem0.hosts.mcp import HttpApp

__all__ = ["McpRoutes"]


class McpRoutes:
    """The MCP servers of the installed integrations; each starts at its first request.

    Args:
        console: The server's parts.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._apps: dict[str, HttpApp] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._starting = asyncio.Lock()

    async def endpoint(self, request: Request) -> ASGIApp:
        """The reply to a request to `/mcp` or `/mcp/{integration}`."""
        name = request.path_params.get("integration", self._console.settings.integration)
        integration = await self._console.integration(name)
        try:
            async with self._starting:
                app = self._apps.get(integration.name) or await self._start(integration.name)
        except ModuleNotFoundError as error:
            hint = f"MCP needs {error.name}: pip install 'modulex-mem0[mcp]'"
            return error_reply(ActionError(ErrorCode.UNSUPPORTED, hint))
        return app

    async def close(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _start(self, name: str) -> "HttpApp":
        from modulex_mem0.hosts.mcp import HttpApp, HttpLimits, build_server  # noqa: PLC0415 - an extra

        tools = _RecordedTools(self._console, name)
        reader: Any = _RequestCredential(self._console, name)
        settings = self._console.settings
        limits = HttpLimits(request_bytes=settings.max_body_bytes, receive_seconds=settings.read_timeout)
        app = HttpApp(build_server(tools, reader), limits)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            # A task of its own, since the block is left by the task that entered it.
            async with app:
                ready.set_result(None)
                await asyncio.Event().wait()

        self._tasks.append(asyncio.create_task(run()))
        await ready
        self._apps[name] = app
        return app


class _RequestCredential:
    """Reads the credential of an MCP request as the REST API does."""

    def __init__(self, console: Console, integration: str) -> None:
        self._console = console
        self._integration = integration

    def read(self, headers: Mapping[str, str]) -> CredentialMapping:
        profile = self._console.runtime.integrations[self._integration].profile
        found = resolve_call_credential(headers, profile, self._console.credentials, self._console.settings)
        return _Carried(found)


class _Carried(HiddenDict):
    """A call's credential and its name on the way from the request's headers to the call."""

    def __init__(self, credential: CallCredential) -> None:
        super().__init__()
        self.credential = credential


class _RecordedTools(ToolSet):
    """The tools of an integration, whose calls are recorded as runs."""

    def __init__(self, console: Console, integration: str) -> None:
        super().__init__(console.runtime, integration)
        self._console = console

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        credential: CredentialMapping | None = None,
        bound: BoundIntegration | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """`ToolSet.call`, recorded."""
        found = credential.credential if isinstance(credential, _Carried) else CallCredential(credential, None)
        completed = self[name].complete(arguments)
        return await self._console.call(
            self.manifest.name, name, completed, found, source="mcp", on_progress=on_progress
        )
