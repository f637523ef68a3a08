"""`/api/v1/orgs/organizations/{org_id}/projects/`: the project that the key opens, and those created beside it."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.requests import REQUIRED, Body, read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.store import accounts, projects
from modulex_mem0.sandbox.store.accounts import Group

__all__ = ["ROUTES"]


async def _list(request: Request, backend: Backend, project: Project) -> list[dict[str, Any]]:
    organization = request.path_params["org_id"]

    def work(connection: sqlite3.Connection) -> list[dict[str, Any]]:
        if not accounts.has_organization(connection, project, organization):
            raise ApiError(404, {"message": "Organization not found"})
        identifiers = accounts.list_projects(connection, project, organization)
        return [_details(connection, Group(project, organization, identifier)) for identifier in identifiers]

    return await backend.run(work)


async def _create(request: Request, backend: Backend, project: Project) -> dict[str, str]:
    body = await read_body(request)
    organization = request.path_params["org_id"]
    name = body.text("name")
    if not (name or "").strip():
        raise ApiError(400, {"message": "Project could not be created.", "errors": {"name": [REQUIRED]}})
    settings = json.dumps({"name": name, "description": body.text("description") or ""})

    def work(connection: sqlite3.Connection) -> str:
        if not accounts.has_organization(connection, project, organization):
            raise ApiError(403, {"message": "Unauthorized to create projects in this organization."})
        return accounts.create_project(connection, project, organization, settings)

    return {"message": "Project created successfully.", "project_id": await backend.run(work)}


async def _get(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    details = await backend.run(lambda connection: _details(connection, _find(connection, request, project)))
    # The official clients ask for single settings with ?fields=a&fields=b.
    wanted = set(request.query_params.getlist("fields"))
    return {name: value for name, value in details.items() if name in wanted} if wanted else details


def _details(connection: sqlite3.Connection, group: Group) -> dict[str, Any]:
    return {
        "project_id": group.project,
        **projects.read_settings(connection, group.project),
        "members": accounts.members_of(connection, group),
        "is_default": group.project == group.account.id,
        "user_role": accounts.OWNER,
    }


async def _update(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    changes = {name: read(body, name) for name, read in _SETTINGS.items() if body.get(name) is not None}

    def work(connection: sqlite3.Connection) -> None:
        projects.change_settings(connection, _find(connection, request, project).project, changes)

    await backend.run(work)
    return {"message": "Project updated successfully"}


async def _delete(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    def work(connection: sqlite3.Connection) -> None:
        accounts.delete_project(connection, _find(connection, request, project).project)

    await backend.run(work)
    return {"message": "Project and related data deleted successfully."}


def _find(connection: sqlite3.Connection, request: Request, project: Project) -> Group:
    group = Group(project, request.path_params["org_id"], request.path_params["project_id"])
    if not accounts.has_project(connection, project, group.project, group.organization):
        raise ApiError(404, {"message": "Organization or project not found"})
    return group


def _flag(body: Body, name: str) -> bool:
    return body.flag(name, default=False)


def _count(body: Body, name: str) -> int:
    return body.integer(name, default=0, least=0, most=1_000_000)


def _instructions(body: Body, name: str) -> str | None:
    """Text or its lines: the API's document takes a list and returns text, and the official clients send text."""
    return "\n".join(body.texts(name) or ()) if isinstance(body[name], list) else body.text(name)


_SETTINGS: dict[str, Callable[[Body, str], Any]] = {
    **dict.fromkeys(projects.CHANGEABLE, Body.text),
    **dict.fromkeys(("multilingual", "decay", "enable_graph"), _flag),
    **dict.fromkeys(("summary_batch_size", "summary_max_tokens"), _count),
    "custom_instructions": _instructions,
    "custom_categories": Body.categories,
}
_ALL = "/api/v1/orgs/organizations/{org_id}/projects/"
_ONE = f"{_ALL}{{project_id}}/"
ROUTES = [
    route("GET", _ALL, _list),
    route("POST", _ALL, _create),
    route("GET", _ONE, _get),
    route("PATCH", _ONE, _update),
    route("DELETE", _ONE, _delete),
]
