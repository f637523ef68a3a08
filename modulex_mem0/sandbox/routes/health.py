"""Is it up, and who am I."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.keyring import ORGANIZATION, Project
from modulex_mem0.sandbox.service import Service

STATEMENT = "Extraction here is rule-based; there is no language model."


async def _health(request: Request) -> Response:
    service: Service = request.state.service
    return JSONResponse(
        {
            "status": "ok",
            "service": "modulex-mem0 sandbox",
            "version": _version(),
            "search_mode": "lexical" if service.vectors is None else "semantic",
            "extraction": "rule-based",
            "note": STATEMENT,
        }
    )


async def _ping(_request: Request, _service: Service, project: Project) -> dict[str, str]:
    return {"status": "ok", "org_id": ORGANIZATION, "project_id": project.id, "user_email": project.email}


def _version() -> str:
    try:
        return version("modulex-mem0")
    except PackageNotFoundError:
        return "unknown"


ROUTES = [Route("/health", _health, methods=["GET"]), route("GET", "/v1/ping/", _ping)]
