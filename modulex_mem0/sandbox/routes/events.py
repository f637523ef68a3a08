"""`/v1/event/{id}/` and `/v1/events/`: the state of jobs. `/v1/memories/events/`: the changes of all memories."""

import sqlite3
import uuid
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.pages import Page
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.store import jobs
from modulex_mem0.sandbox.store.history import count_changes, newest_changes

__all__ = ["ROUTES"]


async def _get(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    try:
        identifier = str(uuid.UUID(request.path_params["event_id"]))
    except ValueError:
        identifier = ""
    event = await backend.run(jobs.find_event, project.id, identifier)
    if event is None:
        raise ApiError(404, {"error": "Event not found or you don't have permission to access it."})
    return event


async def _list(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    page = Page.read(request)

    def work(connection: sqlite3.Connection) -> tuple[int, list[dict[str, Any]]]:
        count = jobs.count_events(connection, project.id)
        return count, jobs.newest_events(connection, project.id, page.size, page.offset(count))

    count, found = await backend.run(work)
    return page.envelope(request, count, found)


async def _list_changes(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    page = Page.read(request, size_field="limit")

    def work(connection: sqlite3.Connection) -> tuple[int, list[dict[str, Any]]]:
        count = count_changes(connection, project.id)
        return count, newest_changes(connection, project.id, page.size, page.offset(count))

    count, found = await backend.run(work)
    return page.envelope(request, count, found)


ROUTES = [
    route("GET", "/v1/event/{event_id}/", _get),
    route("GET", "/v1/events/", _list),
    # Despite its name, it shows changes and not jobs.
    route("GET", "/v1/memories/events/", _list_changes),
]
