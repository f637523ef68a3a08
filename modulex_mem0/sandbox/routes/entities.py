"""The users, agents, apps and runs that have memories: list, show, delete."""

from __future__ import annotations

from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

from modulex_mem0.sandbox import entities
from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.errors import ApiError
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.paging import Page
from modulex_mem0.sandbox.queueing import queue
from modulex_mem0.sandbox.routes.deleting import IN_PROGRESS
from modulex_mem0.sandbox.scope import ENTITY_KINDS
from modulex_mem0.sandbox.service import Service


async def _list(request: Request, service: Service, project: Project) -> dict[str, Any]:
    page = Page.read(request)
    found = await service.read(entities.every, project.id, project.email)
    start = page.offset(len(found))
    totals = {f"total_{kind}s": sum(entity["type"] == kind for entity in found) for kind in ENTITY_KINDS}
    return {**page.envelope(request, len(found), found[start : start + page.size]), **totals}


async def _show(request: Request, service: Service, project: Project) -> list[dict[str, Any]]:
    kind, name = _entity(request)
    return await service.read(entities.named, project.id, project.email, kind, name)


async def _delete(request: Request, service: Service, project: Project) -> dict[str, Any]:
    kind, name = _entity(request)
    entity = {"entity_type": kind, "entity_id": name}
    event_id = await queue(request, service, project, "DELETE_USER", entity)
    return {"message": IN_PROGRESS, "event_id": event_id}


def _entity(request: Request) -> tuple[str, str]:
    kind, name = request.path_params["entity_type"], request.path_params["entity_id"]
    if request.scope.get("raw_path", b"").count(b"/") > _PATH.count("/"):
        # A slash that is not written as %2F belongs to another route, which is not served.
        raise ApiError(404, {"detail": "Not found."})
    if kind not in ENTITY_KINDS:
        raise ApiError(400, {"message": "Invalid entity type"})
    if not name:
        raise ApiError(400, {"message": "An entity id is required"})
    return kind, name


class _AnyText(Convertor[str]):
    """An id may hold slashes, written as %2F, and line breaks, which Starlette's own ``path`` stops at."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("mem0_entity_id", _AnyText())
_PATH = "/v2/entities/{entity_type}/{entity_id:mem0_entity_id}/"
ROUTES = [
    route("GET", "/v1/entities/", _list),
    route("GET", _PATH, _show),
    route("DELETE", _PATH, _delete),
]
