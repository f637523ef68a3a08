"""``POST /v1/summary/``: the chosen memories one after another. There is no language model here to shorten them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import selection
from modulex_mem0.sandbox.body import read_object
from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.filters import parse_filters, require_entity
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.selection import Selection
from modulex_mem0.sandbox.service import Service

MOST = 100


async def _summary(request: Request, service: Service, project: Project) -> list[dict[str, Any]]:
    body = await read_object(request)
    tree = parse_filters(body.get("filters"))
    require_entity(tree)
    rows = await service.read(selection.newest_first, Selection.make(project.id, tree), MOST)
    texts = [row["memory"] for row in reversed(rows)]
    return [{"summary": ". ".join(texts), "memory_count": len(texts)}] if texts else []


ROUTES = [route("POST", "/v1/summary/", _summary)]
