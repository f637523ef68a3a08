"""Refusals, in the shapes that Mem0 gives them."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Match, Router

from modulex_mem0.sandbox.addresses import address

NO_ENTITY = "One of the filters: app_id, user_id, agent_id, run_id is required!"
INVALID_KEY = "Invalid API key. You can find your API key on https://app.mem0.ai/dashboard/api-keys."


class ApiError(Exception):
    """A request that is answered with an error.

    Attributes:
        status: HTTP status.
        body: JSON body as the service words it.
    """

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def field_error(field: str, message: str) -> ApiError:
    """A 400 in the shape ``{"field": ["message"]}``."""
    return ApiError(400, {field: [message]})


def invalid_filters(message: str) -> ApiError:
    """A 400 in the shape ``{"error": ..., "details": {"message": ...}}``."""
    return ApiError(400, {"error": "Invalid filters", "details": {"message": message}})


def memory_not_found() -> ApiError:
    """The 404 of every route that takes a memory's id."""
    return ApiError(404, {"error": "Memory not found!"})


async def answer_api_error(_request: Request, error: Exception) -> Response:
    """Turn an ``ApiError`` into its response."""
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body, status_code=error.status)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Give Starlette's own refusals (unknown route, wrong method) a JSON body, worded as Django does.

    A GET that lacks only its trailing slash is sent to the right place. Other methods are not: a redirected POST
    arrives as a GET without its body.
    """
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404 and request.method in {"GET", "HEAD"} and _lacks_slash(request):
        moved = address(request, request.query_params, f"{request.scope['path']}/")
        return RedirectResponse(moved, status_code=301)
    detail = f'Method "{request.method}" not allowed.' if error.status_code == 405 else "Not found."
    return JSONResponse({"detail": detail}, status_code=error.status_code, headers=error.headers)


def _lacks_slash(request: Request) -> bool:
    path: str = request.scope["path"]
    router: Router = request.app.router
    with_slash = {**request.scope, "path": f"{path}/"}
    return not path.endswith("/") and any(route.matches(with_slash)[0] is Match.FULL for route in router.routes)
