"""`POST /v1/exports/` and `POST /v1/exports/get/`: copies of memories, as they were when the export was made.

Mem0 fills in the client's schema with a language model. There is none here: an export holds the memories themselves.
"""

import json
import sqlite3
import uuid
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.clock import now
from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import NO_ENTITY, ApiError
from modulex_mem0.sandbox.http.requests import Body, read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.search.filters import Node, conditions, parse_filters, require_entity
from modulex_mem0.sandbox.search.selection import Selection
from modulex_mem0.sandbox.store.entities import ENTITY_FIELDS
from modulex_mem0.sandbox.store.memories import record_in_list

__all__ = ["ROUTES"]

_NO_FILTERS = "One of the filters: app_id, user_id, agent_id, run_id, memory_export_id is required!"


async def _create(request: Request, backend: Backend, project: Project) -> dict[str, str]:
    body = await read_body(request)
    if not isinstance(body.get("schema"), dict) or not body["schema"]:
        raise ApiError(400, {"message": "Schema is required and must be a valid object"})
    filters = body.get("filters")
    if not isinstance(filters, dict) or not set(filters) & {"AND", "OR"}:
        raise ApiError(400, {"error": _NO_FILTERS})
    tree = parse_filters(filters)
    require_entity(tree)
    identifier = await backend.run(_insert, project.id, tree)
    return {
        "message": "Memory export request received. The export will be ready in a few seconds.",
        "id": identifier,
    }


async def _get(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    identifier = body.text("memory_export_id")
    if identifier:
        found = await backend.run(_find, project.id, identifier)
    else:
        found = await backend.run(_latest, project.id, _read_entities(body))
    if found is None:
        raise ApiError(404, {"error": "No memory export request found"})
    return found


def _read_entities(body: Body) -> dict[str, str]:
    """The entity ids of `filters`, which need no AND or OR here, or of the body's top level."""
    filters = body.mapping("filters") or {key: body[key] for key in ENTITY_FIELDS if body.get(key)}
    named = {
        condition.field: condition.value
        for condition, positive in (conditions(parse_filters(filters)) if filters else ())
        if positive and condition.field in ENTITY_FIELDS and isinstance(condition.value, str)
    }
    if not named:
        raise ApiError(400, {"message": NO_ENTITY})
    return named


def _insert(connection: sqlite3.Connection, project: str, tree: Node) -> str:
    """Store an export and return its id."""
    identifier = str(uuid.uuid4())
    rows = Selection.matching(project, tree).newest(connection)
    named = {
        condition.field: condition.value
        for condition, positive in conditions(tree)
        if positive and condition.field in ENTITY_FIELDS and condition.operator == "eq"
    }
    connection.execute(
        "INSERT INTO exports (id, project, entities, body, created_at) VALUES (?,?,?,?,?)",
        (
            identifier,
            project,
            json.dumps(named, sort_keys=True),
            json.dumps({"memories": [record_in_list(row) for row in rows]}),
            now(),
        ),
    )
    return identifier


def _find(connection: sqlite3.Connection, project: str, identifier: str) -> dict[str, Any] | None:
    return _body(
        connection.execute("SELECT body FROM exports WHERE id = ? AND project = ?", (identifier, project)).fetchone()
    )


def _latest(connection: sqlite3.Connection, project: str, named: dict[str, str]) -> dict[str, Any] | None:
    """The newest export that was made for exactly these entity ids."""
    return _body(
        connection.execute(
            "SELECT body FROM exports WHERE project = ? AND entities = ? ORDER BY pk DESC LIMIT 1",
            (project, json.dumps(named, sort_keys=True)),
        ).fetchone()
    )


def _body(row: sqlite3.Row | None) -> dict[str, Any] | None:
    if row is None:
        return None
    body: dict[str, Any] = json.loads(row["body"])
    return body


ROUTES = [
    route("POST", "/v1/exports/", _create, status=201),
    route("POST", "/v1/exports/get/", _get),
]
