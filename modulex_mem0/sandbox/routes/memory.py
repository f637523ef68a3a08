"""One memory by its id: read, change, delete, history."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import fields, history, memories, records
from modulex_mem0.sandbox.body import read_object
from modulex_mem0.sandbox.editing import Patch, apply
from modulex_mem0.sandbox.endpoint import memory_id, route
from modulex_mem0.sandbox.errors import memory_not_found
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.service import Service


async def _get(request: Request, service: Service, project: Project) -> dict[str, Any]:
    row = await service.read(memories.find, project.id, memory_id(request))
    if row is None:
        raise memory_not_found()
    return records.by_id(row)


async def _put(request: Request, service: Service, project: Project) -> dict[str, Any]:
    identifier, patch = memory_id(request), Patch.read(await read_object(request))
    return records.by_id(await service.write(apply, project.id, identifier, patch))


async def _delete(request: Request, service: Service, project: Project) -> dict[str, Any]:
    identifier = memory_id(request)
    delete_linked = fields.flag(request.query_params, "delete_linked", default=False)

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        row = memories.find(connection, project.id, identifier)
        if row is None:
            raise memory_not_found()
        linked = memories.linked(connection, row) if delete_linked else []
        for doomed in (row, *linked):
            memories.remove(connection, doomed)
        message = {"message": "Memory deleted successfully!"}
        return {**message, "cascade_count": len(linked)} if delete_linked else message

    return await service.read(work)


async def _history(request: Request, service: Service, project: Project) -> list[dict[str, Any]]:
    entries = await service.read(history.of_memory, project.id, memory_id(request))
    if not entries:
        raise memory_not_found()
    return entries


_PATH = "/v1/memories/{memory_id}/"
ROUTES = [
    route("GET", _PATH, _get),
    route("PUT", _PATH, _put),
    route("DELETE", _PATH, _delete),
    route("GET", f"{_PATH}history/", _history),
]
