"""`/api/v1/orgs/organizations/`: organisations, created, listed and deleted."""

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import ORGANIZATION, Project
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.requests import read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.routes.members import required_text
from modulex_mem0.sandbox.store import accounts

__all__ = ["ROUTES"]

_NO_ORGANIZATION = {"message": "Organization not found"}


async def _list(_request: Request, backend: Backend, project: Project) -> list[dict[str, Any]]:
    return await backend.run(accounts.list_organizations, project)


async def _create(request: Request, backend: Backend, project: Project) -> dict[str, str]:
    body = await read_body(request)
    name = required_text(body, "name")
    identifier = await backend.run(accounts.create_organization, project, name)
    return {"message": "Organization created successfully.", "org_id": identifier}


async def _get(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    wanted = request.path_params["org_id"]
    for organization in await backend.run(accounts.list_organizations, project):
        if organization["org_id"] == wanted:
            return organization
    raise ApiError(404, _NO_ORGANIZATION)


async def _delete(request: Request, backend: Backend, project: Project) -> dict[str, str]:
    organization = request.path_params["org_id"]
    if organization == ORGANIZATION:
        # It is everyone's: deleting it would reach beyond this key.
        raise ApiError(403, {"message": "Unauthorized"})

    def work(connection: sqlite3.Connection) -> None:
        if not accounts.has_organization(connection, project, organization):
            raise ApiError(404, _NO_ORGANIZATION)
        accounts.delete_organization(connection, project, organization)

    await backend.run(work)
    return {"message": "Organization deleted successfully!"}


_PATH = "/api/v1/orgs/organizations/"
ROUTES = [
    route("GET", _PATH, _list),
    route("POST", _PATH, _create, status=201),
    route("GET", f"{_PATH}{{org_id}}/", _get),
    route("DELETE", f"{_PATH}{{org_id}}/", _delete),
]
