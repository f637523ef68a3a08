"""What became of queued work."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import events
from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.errors import ApiError
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.paging import Page
from modulex_mem0.sandbox.service import Service


async def _event(request: Request, service: Service, project: Project) -> dict[str, Any]:
    try:
        identifier = str(uuid.UUID(request.path_params["event_id"]))
    except ValueError:
        identifier = ""
    event = await service.read(events.find, project.id, identifier)
    if event is None:
        raise ApiError(404, {"error": "Event not found or you don't have permission to access it."})
    return event


async def _events(request: Request, service: Service, project: Project) -> dict[str, Any]:
    page = Page.read(request)

    def work(connection: sqlite3.Connection) -> tuple[int, list[dict[str, Any]]]:
        count = events.count(connection, project.id)
        return count, events.newest_first(connection, project.id, page.size, page.offset(count))

    count, found = await service.read(work)
    return page.envelope(request, count, found)


ROUTES = [route("GET", "/v1/event/{event_id}/", _event), route("GET", "/v1/events/", _events)]
