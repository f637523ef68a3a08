"""``POST /v3/memories/add/``."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import events
from modulex_mem0.sandbox.adding import Add, store_verbatim
from modulex_mem0.sandbox.body import read_object
from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.queueing import queue
from modulex_mem0.sandbox.service import Service


async def _add(request: Request, service: Service, project: Project) -> dict[str, Any]:
    body = await read_object(request)
    add = Add.read(body)
    if not add.infer:
        return await service.write(_at_once, project.id, add, body)
    event_id = await queue(request, service, project, "ADD", body)
    return {"event_id": event_id, "status": "PENDING"}


def _at_once(connection: sqlite3.Connection, project: str, add: Add, body: dict[str, Any]) -> dict[str, Any]:
    event_id = events.enqueue(connection, project, "ADD", body, delay=0)
    results = store_verbatim(connection, project, add, event_id)
    events.finish(connection, event_id, results)
    return {"message": "Memories added successfully", "status": "SUCCEEDED", "event_id": event_id, "results": results}


ROUTES = [route("POST", "/v3/memories/add/", _add)]
