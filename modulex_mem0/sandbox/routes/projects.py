"""The project behind a key, as the official clients read and change it."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import fields, project_settings
from modulex_mem0.sandbox.adding import read_catalogue
from modulex_mem0.sandbox.body import read_object
from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.errors import ApiError
from modulex_mem0.sandbox.keyring import ORGANIZATION, Project
from modulex_mem0.sandbox.service import Service


async def _get(request: Request, service: Service, project: Project) -> dict[str, Any]:
    _require_own(request, project)
    found = await service.read(project_settings.read, project.id)
    member = {"username": project.email.partition("@")[0], "role": "OWNER", "email": project.email}
    details = {
        "project_id": project.id,
        **found,
        "members": [member],
        "is_default": True,
        "user_role": "OWNER",
    }
    # The official clients ask for single settings with ?fields=a&fields=b.
    wanted = set(request.query_params.getlist("fields"))
    return {name: value for name, value in details.items() if name in wanted} if wanted else details


async def _patch(request: Request, service: Service, project: Project) -> dict[str, Any]:
    _require_own(request, project)
    body = await read_object(request)
    read_catalogue(body)
    for name in ("multilingual", "decay", "enable_graph"):
        fields.flag(body, name, default=False)
    changes = {name: value for name, value in body.items() if name in project_settings.CHANGEABLE and value is not None}

    def work(connection: sqlite3.Connection) -> None:
        project_settings.change(connection, project.id, changes)

    await service.read(work)
    return {"message": "Project updated successfully"}


def _require_own(request: Request, project: Project) -> None:
    path = request.path_params
    if (path["org_id"], path["project_id"]) != (ORGANIZATION, project.id):
        raise ApiError(404, {"message": "Organization or project not found"})


_PATH = "/api/v1/orgs/organizations/{org_id}/projects/{project_id}/"
ROUTES = [route("GET", _PATH, _get), route("PATCH", _PATH, _patch)]
