"""`…/members/`: the members of an organisation and of a project. They are listed; no key is theirs."""

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.requests import Body, read_body
from modulex_mem0.sandbox.http.routing import Operation
from modulex_mem0.sandbox.routes.endpoint import Backend, Handler, route
from modulex_mem0.sandbox.store import accounts
from modulex_mem0.sandbox.store.accounts import Group

__all__ = ["ROUTES", "required_text"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class _Wording:
    """How the members of one kind of group are addressed and answered.

    Attributes:
        names: The fields of a member that are shown.
        forbidden: The error for changing the owner.
    """

    path: str
    names: dict[str, str]
    created: int
    added: str
    changed: str
    removed: str
    missing: str
    forbidden: ApiError


_ORGANIZATION = _Wording(
    path="/api/v1/orgs/organizations/{org_id}/members/",
    names={"user_id": "username", "role": "role", "email": "email"},
    created=201,
    added="User added to the organization.",
    changed="User role updated successfully",
    removed="User removed from organization.",
    missing="Organization not found",
    forbidden=ApiError(400, {"errors": {"email": ["The owner cannot be changed."]}}),
)
_PROJECT = _Wording(
    path="/api/v1/orgs/organizations/{org_id}/projects/{project_id}/members/",
    names={"username": "username", "role": "role", "email": "email"},
    created=200,
    added="User added to the project successfully.",
    changed="User role updated successfully.",
    removed="Member removed from the project",
    missing="Organization or project not found",
    forbidden=ApiError(403, {"message": "Unauthorized to modify project members."}),
)


def _routes(wording: _Wording) -> list[Operation]:
    return [
        route("GET", wording.path, _shower(wording)),
        route("POST", wording.path, _changer(wording, wording.added, _give_role), status=wording.created),
        route("PUT", wording.path, _changer(wording, wording.changed, _give_role, known=True)),
        route("DELETE", wording.path, _changer(wording, wording.removed, _remove, known=True)),
    ]


def _shower(wording: _Wording) -> Handler:
    async def handler(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
        def work(connection: sqlite3.Connection) -> list[dict[str, str]]:
            return accounts.members_of(connection, _group(connection, request, project, wording))

        found = await backend.run(work)
        names = wording.names.items()
        return {"members": [{shown: member[name] for shown, name in names} for member in found]}

    return handler


def _changer(
    wording: _Wording,
    message: str,
    change: Callable[[sqlite3.Connection, Group, Body], None],
    *,
    known: bool = False,
) -> Handler:
    """A handler that changes one member; `known` says whether it must be one already."""

    async def handler(request: Request, backend: Backend, project: Project) -> dict[str, str]:
        # The official clients name a member who is removed from a project in the query.
        body = Body({**request.query_params, **await read_body(request)})
        email = required_text(body, "email")
        if not _EMAIL.fullmatch(email):
            raise ApiError(400, {"errors": {"email": ["Enter a valid email address."]}})

        def work(connection: sqlite3.Connection) -> None:
            group = _group(connection, request, project, wording)
            if email == project.email:
                raise wording.forbidden
            if known and all(member["email"] != email for member in accounts.members_of(connection, group)):
                raise ApiError(404, {"message": "Member not found"})
            change(connection, group, body)

        await backend.run(work)
        return {"message": message}

    return handler


def _give_role(connection: sqlite3.Connection, group: Group, body: Body) -> None:
    role = required_text(body, "role").upper()
    if role not in accounts.ROLES:
        raise ApiError(400, {"errors": {"role": [f"Must be one of {', '.join(accounts.ROLES)}."]}})
    accounts.set_member(connection, group, required_text(body, "email"), role)


def _remove(connection: sqlite3.Connection, group: Group, body: Body) -> None:
    accounts.remove_member(connection, group, required_text(body, "email"))


def _group(connection: sqlite3.Connection, request: Request, project: Project, wording: _Wording) -> Group:
    organization, inner = request.path_params["org_id"], request.path_params.get("project_id", "")
    if inner:
        found = accounts.has_project(connection, project, inner, organization)
    else:
        found = accounts.has_organization(connection, project, organization)
    if not found:
        raise ApiError(404, {"message": wording.missing})
    return Group(project, organization, inner)


def required_text(body: Body, field: str) -> str:
    """A text that is not blank, or the 400 of these routes."""
    value = body.get(field)
    if not isinstance(value, str) or not value.strip():
        reason = "This field is required." if value is None else "This field may not be blank."
        raise ApiError(400, {"errors": {field: [reason]}})
    return value.strip()


ROUTES = [*_routes(_ORGANIZATION), *_routes(_PROJECT)]
