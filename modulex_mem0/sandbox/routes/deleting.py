"""``DELETE /v1/memories/``: by entity and metadata, queued."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.errors import ApiError, field_error
from modulex_mem0.sandbox.filters import parse_filters
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.queueing import queue
from modulex_mem0.sandbox.scope import ENTITY_FIELDS
from modulex_mem0.sandbox.service import Service

_NAMED = re.compile(r"metadata\[[^\[\]]+\]")
IN_PROGRESS = "Delete in progress. This may take some time."


async def _delete(request: Request, service: Service, project: Project) -> dict[str, Any]:
    filters: dict[str, Any] = {
        field: request.query_params[field] for field in ENTITY_FIELDS if request.query_params.get(field)
    }
    metadata = _metadata(request.query_params)
    if metadata:
        filters["metadata"] = metadata
    if not filters:
        names = ", ".join((*ENTITY_FIELDS, "metadata"))
        raise ApiError(400, {"error": f"At least one filter is required to delete memories: {names}"})
    parse_filters(filters)
    event_id = await queue(request, service, project, "DELETE_ALL", filters)
    return {"message": IN_PROGRESS, "event_id": event_id}


def _metadata(query: QueryParams) -> dict[str, Any]:
    """The metadata to match, as one JSON object or, as the API's document has it, as ``metadata[key]=text``."""
    text = query.get("metadata")
    named = {key[len("metadata[") : -1]: value for key, value in query.items() if _NAMED.fullmatch(key)}
    return {**named, **(_object(text) if text else {})}


def _object(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise field_error("metadata", "Value must be valid JSON.") from error
    if not isinstance(parsed, dict):
        raise field_error("metadata", f'Expected a dictionary of items but got type "{type(parsed).__name__}".')
    return parsed


ROUTES = [route("DELETE", "/v1/memories/", _delete)]
