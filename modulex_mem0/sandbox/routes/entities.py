"""`/v1/entities/` and `/v2/entities/`: the users, agents, apps and runs that have memories or were registered."""

import re
import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.pages import DEFAULT_PAGE, Page
from modulex_mem0.sandbox.http.requests import read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, Handler, queue, route
from modulex_mem0.sandbox.routes.memories import DELETE_IN_PROGRESS, delete_matching
from modulex_mem0.sandbox.search.filters import Condition
from modulex_mem0.sandbox.search.selection import Selection
from modulex_mem0.sandbox.store.entities import (
    ENTITY_TYPES,
    check_id,
    find_entity,
    forget_entity,
    list_entities,
    name_of_entity,
    register_entity,
)
from modulex_mem0.sandbox.store.history import origin_of
from modulex_mem0.sandbox.store.jobs import Results
from modulex_mem0.sandbox.store.memories import record_in_list

__all__ = ["JOBS", "ROUTES"]

_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)
_EVENT_TYPES = ["ADD", "UPDATE", "DELETE", "SEARCH", "GET_ALL", "GET", "DELETE_ALL", "DELETE_USER"]


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


async def _delete_by_number(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    kind, text = request.path_params["entity_type"], request.path_params["entity_id"]
    if kind not in ENTITY_TYPES:
        raise ApiError(400, {"error": "Invalid entity type"})
    if not _NUMBER.fullmatch(text):
        raise ApiError(400, {"error": "Invalid entity ID. Must be an integer."})
    name = await backend.run(name_of_entity, project.id, kind, int(text))
    if name is None:
        raise ApiError(404, {"error": "Entity not found"})
    event_id = await queue(request, backend, project, "DELETE_USER", {"entity_type": kind, "entity_id": name})
    return {"message": DELETE_IN_PROGRESS, "event_id": event_id}


def _create(kind: str) -> Handler:
    """The handler that registers an entity of this type. A user has no name beside its id."""
    field = ENTITY_TYPES[kind]

    async def create(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
        body = await read_body(request)
        name = check_id(field, body.text(field, required=True, blank=False)) or ""
        title = name if kind == "user" else body.text("name", required=True, blank=False) or ""
        metadata = body.metadata() or {}
        return await backend.run(register_entity, project.id, kind, name, title=title, metadata=metadata)

    return create


async def _filters(_request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    found = await backend.run(list_entities, project.id, project.email)
    categories = await backend.run(_used_categories, project.id)
    users = [entity["name"] for entity in found if entity["type"] == "user"]
    return {
        "event_type": _EVENT_TYPES,
        "categories": categories,
        "users": users,
        "parameters": [
            {
                "name": field,
                "label": f"{kind.title()} ID",
                "type": "text",
                "placeholder": f"Filter by {field}",
                "options": [
                    {"value": entity["name"], "label": entity["name"]} for entity in found if entity["type"] == kind
                ],
            }
            for kind, field in ENTITY_TYPES.items()
        ],
    }


def _used_categories(connection: sqlite3.Connection, project: str) -> list[str]:
    rows = connection.execute(
        "SELECT DISTINCT value FROM memories, json_each(memories.categories) WHERE project = ? ORDER BY value",
        (project,),
    )
    return [row["value"] for row in rows]


async def _memories(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    kind, name = request.path_params["entity_type"], request.path_params["entity_id"]
    if kind not in ENTITY_TYPES:
        raise ApiError(400, {"error": "Invalid entity type"})
    selection = Selection.matching(project.id, Condition(ENTITY_TYPES[kind], "eq", name))
    page = Page(request.query_params.get("page") or "1", DEFAULT_PAGE, size_field="")

    def work(connection: sqlite3.Connection) -> tuple[int, list[dict[str, Any]]]:
        count = selection.count(connection)
        rows = selection.newest(connection, page.size, page.offset(count))
        return count, [_with_origin(connection, row) for row in rows]

    count, found = await backend.run(work)
    return page.envelope(request, count, found)


def _with_origin(connection: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    messages, is_updated = origin_of(connection, row["project"], row["id"])
    record = record_in_list(row)
    shown = {key: record[key] for key in ("id", "memory", "metadata", "categories", "created_at", "updated_at")}
    return {**shown, "input": messages, "is_updated": is_updated}


def _delete_entity(connection: sqlite3.Connection, project: str, payload: dict[str, Any], _event_id: str) -> Results:
    # A condition and no filter: an entity may be named "*", which in a filter matches everyone.
    kind, name = payload["entity_type"], payload["entity_id"]
    condition = Condition(ENTITY_TYPES[kind], "eq", name)
    forget_entity(connection, project, kind, name)
    return delete_matching(connection, project, condition)


def _read_entity(request: Request) -> tuple[str, str]:
    kind, name = request.path_params["entity_type"], request.path_params["entity_id"]
    if kind not in ENTITY_TYPES:
        raise ApiError(400, {"message": "Invalid entity type"})
    return kind, name


_PATH = "/v2/entities/{entity_type}/{entity_id}/"
ROUTES = [
    *(route("POST", f"/v1/{kind}s/", _create(kind), status=201) for kind in ENTITY_TYPES),
    route("GET", "/v1/entities/", _list),
    route("GET", "/v1/entities/filters/", _filters),
    route("DELETE", "/v1/entities/{entity_type}/{entity_id}/", _delete_by_number),
    route("GET", "/v1/memories/{entity_type:user|agent|app|run}/{entity_id}/", _memories),
    route("GET", "/v1/memories/{entity_type}/{entity_id}/", _memories),
    route("GET", _PATH, _get),
    route("DELETE", _PATH, _delete),
]
JOBS = {"DELETE_USER": _delete_entity}
