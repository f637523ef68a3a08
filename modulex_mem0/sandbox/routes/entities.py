"""`/v1/entities/` and `/v2/entities/`: the users, agents, apps and runs that have memories (list, get, delete)."""

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.pages import Page
from modulex_mem0.sandbox.routes.endpoint import Backend, queue, route
from modulex_mem0.sandbox.routes.memories import DELETE_IN_PROGRESS, delete_matching
from modulex_mem0.sandbox.search.filters import Condition
from modulex_mem0.sandbox.store.entities import ENTITY_TYPES, find_entity, list_entities
from modulex_mem0.sandbox.store.jobs import Results

__all__ = ["JOBS", "ROUTES"]


async def _list(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    page = Page.read(request)
    found = await backend.run(list_entities, project.id, project.email)
    start = page.offset(len(found))
    totals = {f"total_{kind}s": sum(entity["type"] == kind for entity in found) for kind in ENTITY_TYPES}
    return {**page.envelope(request, len(found), found[start : start + page.size]), **totals}


async def _get(request: Request, backend: Backend, project: Project) -> list[dict[str, Any]]:
    kind, name = _read_entity(request)
    return await backend.run(find_entity, project.id, project.email, kind, name)


async def _delete(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    kind, name = _read_entity(request)
    entity = {"entity_type": kind, "entity_id": name}
    event_id = await queue(request, backend, project, "DELETE_USER", entity)
    return {"message": DELETE_IN_PROGRESS, "event_id": event_id}


def _delete_entity(connection: sqlite3.Connection, project: str, payload: dict[str, Any], _event_id: str) -> Results:
    # A condition and no filter: an entity may be named "*", which in a filter matches everyone.
    condition = Condition(ENTITY_TYPES[payload["entity_type"]], "eq", payload["entity_id"])
    return delete_matching(connection, project, condition)


def _read_entity(request: Request) -> tuple[str, str]:
    kind, name = request.path_params["entity_type"], request.path_params["entity_id"]
    if kind not in ENTITY_TYPES:
        raise ApiError(400, {"message": "Invalid entity type"})
    return kind, name


_PATH = "/v2/entities/{entity_type}/{entity_id}/"
ROUTES = [
    route("GET", "/v1/entities/", _list),
    route("GET", _PATH, _get),
    route("DELETE", _PATH, _delete),
]
JOBS = {"DELETE_USER": _delete_entity}
