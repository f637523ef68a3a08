"""The project behind a key, as the official clients read and change it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
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
    changes = {name: reader(body, name) for name, reader in _READERS.items() if body.get(name) is not None}

    def work(connection: sqlite3.Connection) -> None:
        project_settings.change(connection, project.id, changes)

    await service.read(work)
    return {"message": "Project updated successfully"}


def _flag(body: fields.Body, name: str) -> bool:
    return fields.flag(body, name, default=False)


def _count(body: fields.Body, name: str) -> int:
    return fields.whole_number(body, name, default=0, least=0, most=1_000_000)


def _instructions(body: fields.Body, name: str) -> str | None:
    """Text, or the lines of it: the API's document takes a list and gives text, and the official clients send text."""
    return "\n".join(fields.texts(body, name) or ()) if isinstance(body[name], list) else fields.text(body, name)


_READERS: dict[str, Callable[[fields.Body, str], Any]] = {
    **dict.fromkeys(project_settings.CHANGEABLE, fields.text),
    **dict.fromkeys(("multilingual", "decay", "enable_graph"), _flag),
    **dict.fromkeys(("summary_batch_size", "summary_max_tokens"), _count),
    "custom_instructions": _instructions,
    "custom_categories": lambda body, _name: read_catalogue(body),
}


def _require_own(request: Request, project: Project) -> None:
    path = request.path_params
    if (path["org_id"], path["project_id"]) != (ORGANIZATION, project.id):
        raise ApiError(404, {"message": "Organization or project not found"})


_PATH = "/api/v1/orgs/organizations/{org_id}/projects/{project_id}/"
ROUTES = [route("GET", _PATH, _get), route("PATCH", _PATH, _patch)]
