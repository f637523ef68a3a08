"""What every route has in common: a key is needed, the path is clean, and the reply is JSON."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from modulex_mem0.sandbox.body import NO_NULLS
from modulex_mem0.sandbox.errors import ApiError
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.service import Service

Handler = Callable[[Request, Service, Project], Awaitable[Any]]


def route(method: str, path: str, handler: Handler, *, status: int = 200) -> Route:
    """A route that needs a key; what its handler returns is sent as JSON with ``status``."""

    async def endpoint(request: Request) -> Response:
        service: Service = request.state.service
        project = service.keyring.project(request.headers.get("authorization"))
        _refuse_nulls(request)
        return JSONResponse(await handler(request, service, project), status_code=status)

    return Route(path, endpoint, methods=[method])


def memory_id(request: Request) -> str:
    """The memory's id in the path, in its usual spelling.

    Raises:
        ApiError: 400, if it is not a UUID.
    """
    return parse_memory_id(request.path_params["memory_id"])


def parse_memory_id(value: object) -> str:
    """A memory's id in its usual spelling.

    Raises:
        ApiError: 400, if it is not a UUID.
    """
    try:
        return str(uuid.UUID(value if isinstance(value, str) else ""))
    except ValueError as error:
        raise ApiError(400, {"error": "memory_id should be a valid UUID"}) from error


def _refuse_nulls(request: Request) -> None:
    texts = (request.scope["path"], *request.query_params.keys(), *request.query_params.values())
    if any("\x00" in text for text in texts):
        raise ApiError(400, {"detail": NO_NULLS})
