"""``PUT`` and ``DELETE /v1/batch/``: up to 1000 memories at once, all of them or none."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import fields, memories
from modulex_mem0.sandbox.body import read_object
from modulex_mem0.sandbox.editing import Patch, apply
from modulex_mem0.sandbox.endpoint import parse_memory_id, route
from modulex_mem0.sandbox.errors import ApiError, field_error
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.service import Service

LIMIT = 1000


async def _update(request: Request, service: Service, project: Project) -> dict[str, Any]:
    items = _items(await read_object(request), "updated")
    patches = [(parse_memory_id(item.get("memory_id")), Patch.read(item)) for item in items]

    def work(connection: sqlite3.Connection) -> None:
        for identifier, patch in patches:
            if memories.find(connection, project.id, identifier) is None:
                raise _unknown(identifier)
            apply(connection, project.id, identifier, patch)

    await service.write(work)
    return {"message": f"Successfully updated {len(patches)} memories"}


async def _delete(request: Request, service: Service, project: Project) -> dict[str, Any]:
    items = _items(await read_object(request), "deleted")
    identifiers = list(dict.fromkeys(parse_memory_id(item.get("memory_id")) for item in items))

    def work(connection: sqlite3.Connection) -> None:
        for identifier in identifiers:
            row = memories.find(connection, project.id, identifier)
            if row is None:
                raise _unknown(identifier)
            memories.remove(connection, row)

    await service.read(work)
    return {"message": f"Successfully deleted {len(identifiers)} memories"}


def _unknown(identifier: str) -> ApiError:
    # The API document has no 404 for these routes.
    return ApiError(400, {"error": f"Memory not found: {identifier}"})


def _items(body: fields.Body, done: str) -> list[dict[str, Any]]:
    value = body.get("memories")
    if value is None:
        raise field_error("memories", fields.REQUIRED)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise field_error("memories", "Expected a list of objects with a memory_id.")
    if not value:
        raise field_error("memories", "This list may not be empty.")
    if len(value) > LIMIT:
        raise ApiError(400, {"error": f"Maximum of {LIMIT} memories can be {done} in a single request"})
    return value


ROUTES = [route("PUT", "/v1/batch/", _update), route("DELETE", "/v1/batch/", _delete)]
