"""`GET /health`, which needs no key, and `GET /v1/ping/`, which names the project that the key opens."""

from importlib.metadata import PackageNotFoundError, version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from modulex_mem0.sandbox.http.auth import ORGANIZATION, Project
from modulex_mem0.sandbox.http.routing import Operation
from modulex_mem0.sandbox.routes.endpoint import Backend, route

__all__ = ["ROUTES"]


async def _health(request: Request) -> Response:
    backend: Backend = request.state.backend
    return JSONResponse(
        {
            "status": "ok",
            "service": "modulex-mem0 sandbox",
            "version": _version(),
            "search_mode": "lexical" if backend.vectors is None else "semantic",
            "extraction": "rule-based",
            "note": "Extraction here is rule-based; there is no language model.",
        }
    )


async def _ping(_request: Request, _backend: Backend, project: Project) -> dict[str, str]:
    return {"status": "ok", "org_id": ORGANIZATION, "project_id": project.id, "user_email": project.email}


def _version() -> str:
    try:
        return version("modulex-mem0")
    except PackageNotFoundError:
        return "unknown"


ROUTES = [Operation("GET", "/health", _health), route("GET", "/v1/ping/", _ping)]
