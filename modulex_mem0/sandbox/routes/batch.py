"""`PUT` and `DELETE /v1/batch/`: up to 1000 memories in one request, all of them or none."""

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError, field_error
from modulex_mem0.sandbox.http.requests import REQUIRED, Body, parse_memory_id, read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.routes.memories import Update
from modulex_mem0.sandbox.store import memories

__all__ = ["ROUTES"]

_MOST_ITEMS = 1000


async def _update(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    items = _read_items(await read_body(request), "updated")
    updates = [(parse_memory_id(item.get("memory_id")), Update.read(item)) for item in items]

    def work(connection: sqlite3.Connection) -> None:
        for identifier, update in updates:
            _find(connection, project.id, identifier)
            update.apply(connection, project.id, identifier)

    await backend.run_and_embed(work)
    return {"message": f"Successfully updated {len(updates)} memories"}


async def _delete(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    items = _read_items(await read_body(request), "deleted")
    identifiers = list(dict.fromkeys(parse_memory_id(item.get("memory_id")) for item in items))

    def work(connection: sqlite3.Connection) -> None:
        for identifier in identifiers:
            memories.delete(connection, _find(connection, project.id, identifier))

    await backend.run(work)
    return {"message": f"Successfully deleted {len(identifiers)} memories"}


def _find(connection: sqlite3.Connection, project: str, identifier: str) -> sqlite3.Row:
    row = memories.find(connection, project, identifier)
    if row is None:
        # The API's document has no 404 for these routes.
        raise ApiError(400, {"error": f"Memory not found: {identifier}"})
    return row


def _read_items(body: Body, done: str) -> list[Body]:
    value = body.get("memories")
    if value is None:
        raise field_error("memories", REQUIRED)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise field_error("memories", "Expected a list of objects with a memory_id.")
    if not value:
        raise field_error("memories", "This list may not be empty.")
    if len(value) > _MOST_ITEMS:
        raise ApiError(400, {"error": f"Maximum of {_MOST_ITEMS} memories can be {done} in a single request"})
    return [Body(item) for item in value]


ROUTES = [route("PUT", "/v1/batch/", _update), route("DELETE", "/v1/batch/", _delete)]
