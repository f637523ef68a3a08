"""``POST /v1/exports/`` and ``POST /v1/exports/get/``."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import exports, fields
from modulex_mem0.sandbox.body import read_object
from modulex_mem0.sandbox.conditions import conditions
from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.errors import NO_ENTITY, ApiError
from modulex_mem0.sandbox.filters import parse_filters, require_entity
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.scope import ENTITY_FIELDS
from modulex_mem0.sandbox.service import Service

_NOT_FILTERED = "One of the filters: app_id, user_id, agent_id, run_id, memory_export_id is required!"


async def _create(request: Request, service: Service, project: Project) -> dict[str, str]:
    body = await read_object(request)
    if not isinstance(body.get("schema"), dict) or not body["schema"]:
        raise ApiError(400, {"message": "Schema is required and must be a valid object"})
    filters = body.get("filters")
    if not isinstance(filters, dict) or not set(filters) & {"AND", "OR"}:
        raise ApiError(400, {"error": _NOT_FILTERED})
    tree = parse_filters(filters)
    require_entity(tree)
    identifier = await service.read(exports.create, project.id, tree)
    return {
        "message": "Memory export request received. The export will be ready in a few seconds.",
        "id": identifier,
    }


async def _get(request: Request, service: Service, project: Project) -> dict[str, Any]:
    body = await read_object(request)
    identifier = fields.text(body, "memory_export_id")
    if identifier:
        found = await service.read(exports.by_id, project.id, identifier)
    else:
        found = await service.read(exports.latest, project.id, _named(body))
    if found is None:
        raise ApiError(404, {"error": "No memory export request found"})
    return found


def _named(body: fields.Body) -> dict[str, str]:
    """The entity ids of ``filters``, which may be flat here; the ids may also stand at the top level."""
    filters = fields.mapping(body, "filters") or {key: body[key] for key in ENTITY_FIELDS if body.get(key)}
    named = {
        condition.field: condition.value
        for condition, positive in (conditions(parse_filters(filters)) if filters else ())
        if positive and condition.field in ENTITY_FIELDS and isinstance(condition.value, str)
    }
    if not named:
        raise ApiError(400, {"message": NO_ENTITY})
    return named


ROUTES = [
    route("POST", "/v1/exports/", _create, status=201),
    route("POST", "/v1/exports/get/", _get),
]
