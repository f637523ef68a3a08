"""The ASGI application: the routes of the API, MCP and the page, behind the checks of `Access`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from modulex_mem0 import __version__
from modulex_mem0.contract import ActionError, ErrorCode, IntegrationManifest
from modulex_mem0.runtime import (
    BrokenIntegrationError,
    CredentialConflictError,
    CredentialStoreError,
    Runtime,
    UnknownActionError,
    UnknownCredentialError,
    UnknownIntegrationError,
)
from modulex_mem0.server import calls, catalogue, page
from modulex_mem0.server.access import Access
from modulex_mem0.server.console import Console
from modulex_mem0.server.mcp import McpRoutes
from modulex_mem0.server.openapi import openapi_document
from modulex_mem0.server.replies import error_reply, json_reply
from modulex_mem0.server.requests import RefusedRequest
from modulex_mem0.server.settings import ServerSettings

__all__ = ["create_app"]


class _State(TypedDict):
    """What each request finds in `request.state`."""

    console: Console


def create_app(settings: ServerSettings, runtime: Runtime | None = None) -> Starlette:
    """Return the server as an ASGI application.

    Args:
        settings: The server's.
        runtime: Calls the actions. The application closes it; None makes one when it starts.
    """
    # The routes of MCP need the running loop, and the console opens files: both are made when the server starts.
    mcp: list[McpRoutes] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[_State]:
        async with runtime or Runtime() as used:
            console = Console(settings, used)
            mcp.append(McpRoutes(console))
            try:
                yield {"console": console}
            finally:
                await mcp.pop().close()
                await asyncio.to_thread(console.runs.close)

    async def call_mcp(request: Request) -> ASGIApp:
        return await mcp[0].endpoint(request)

    integration = "/v1/integrations/{integration}"
    credential = "/v1/credentials/{name}"
    app = Starlette(
        routes=[
            # The busiest first: routes are tried in order.
            Route(f"{integration}/actions/{{action}}", calls.call_action, methods=["POST"]),
            Route("/mcp", call_mcp, methods=["POST"]),
            Route("/mcp/{integration}", call_mcp, methods=["POST"]),
            Route("/health", _health),
            Route("/openapi.json", _openapi),
            Route("/v1/integrations", catalogue.list_integrations),
            Route(integration, catalogue.get_integration),
            Route(f"{integration}/test", calls.test_credential, methods=["POST"]),
            Route("/v1/credentials", catalogue.list_credentials),
            Route(credential, catalogue.get_credential, methods=["GET"]),
            Route(credential, catalogue.put_credential, methods=["PUT"]),
            Route(credential, catalogue.delete_credential, methods=["DELETE"]),
            Route("/v1/runs", catalogue.list_runs),
            *page.routes(),
        ],
        middleware=[Middleware(Access, settings)],
        exception_handlers={
            ActionError: _answer_action_error,
            RefusedRequest: _answer_refusal,
            CredentialStoreError: _answer_store_error,
            UnknownIntegrationError: _answer_unknown,
            UnknownActionError: _answer_unknown,
            BrokenIntegrationError: _answer_broken,
            HTTPException: _answer_http_error,
            Exception: _answer_defect,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


async def _health(_request: Request) -> Response:
    return json_reply({"status": "ok", "version": __version__})


async def _openapi(request: Request) -> Response:
    """The document for all integrations, or for those that `?integration=` names, which may be given more than once."""
    console: Console = request.state.console
    wanted = request.query_params.getlist("integration")
    registry = console.runtime.integrations
    if not wanted:
        await asyncio.to_thread(registry.load_all)
    manifests: list[IntegrationManifest] = []
    for name in wanted or registry:
        try:
            manifests.append((await console.integration(name)).manifest)
        except BrokenIntegrationError:
            # It is reported where it is opened; the others can be used.
            if wanted:
                raise
    url = f"{request.url.scheme}://{request.headers['host']}"
    return await asyncio.to_thread(lambda: json_reply(openapi_document(manifests, url=url)))


async def _answer_action_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ActionError):
        raise error
    return error_reply(error)


async def _answer_refusal(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedRequest):
        raise error
    return error_reply(error.error, status=error.status)


async def _answer_store_error(_request: Request, error: Exception) -> Response:
    if isinstance(error, UnknownCredentialError):
        return error_reply(ActionError(ErrorCode.NOT_FOUND, str(error)))
    if isinstance(error, CredentialConflictError):
        return error_reply(ActionError(ErrorCode.INVALID_INPUT, str(error)), status=409)
    return error_reply(ActionError(ErrorCode.INTERNAL, str(error)))


async def _answer_unknown(_request: Request, error: Exception) -> Response:
    return error_reply(ActionError(ErrorCode.NOT_FOUND, str(error)))


async def _answer_broken(_request: Request, error: Exception) -> Response:
    return error_reply(ActionError(ErrorCode.INTERNAL, str(error)))


async def _answer_http_error(request: Request, error: Exception) -> Response:
    """Starlette's own errors: an unknown route, a wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 405:
        allowed = dict(error.headers or {})
        reason = ActionError(ErrorCode.UNSUPPORTED, f"{request.method} is not possible here")
        return error_reply(reason, status=405, headers=allowed)
    return error_reply(ActionError(ErrorCode.NOT_FOUND, "there is nothing at this address"), status=404)


async def _answer_defect(_request: Request, error: Exception) -> Response:
    """A defect of the server; the log has the traceback, the reply has not."""
    return error_reply(
        ActionError(ErrorCode.INTERNAL, f"{type(error).__name__} in the server; its log has the details")
    )
