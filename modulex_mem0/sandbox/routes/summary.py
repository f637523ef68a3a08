"""`POST /v1/summary/`: the selected memories one after another; there is no language model to shorten them."""

from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.requests import read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.search.filters import parse_filters, require_entity
from modulex_mem0.sandbox.search.selection import Selection

__all__ = ["ROUTES"]

_MOST_MEMORIES = 100


async def _create(request: Request, backend: Backend, project: Project) -> list[dict[str, Any]]:
    body = await read_body(request)
    tree = parse_filters(body.get("filters"))
    require_entity(tree)
    rows = await backend.run(Selection.matching(project.id, tree).newest, _MOST_MEMORIES)
    texts = [row["memory"] for row in reversed(rows)]
    return [{"summary": ". ".join(texts), "memory_count": len(texts)}] if texts else []


ROUTES = [route("POST", "/v1/summary/", _create)]
