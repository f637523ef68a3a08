"""`/api/v1/orgs/organizations/{org_id}/projects/{project_id}/`: the settings of the project that the key opens."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import ORGANIZATION, Project
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.requests import Body, read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.store import projects

__all__ = ["ROUTES"]


async def _get(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    _require_own(request, project)
    settings = await backend.run(projects.read_settings, project.id)
    member = {"username": project.email.partition("@")[0], "role": "OWNER", "email": project.email}
    details = {
        "project_id": project.id,
        **settings,
        "members": [member],
        "is_default": True,
        "user_role": "OWNER",
    }
    # The official clients ask for single settings with ?fields=a&fields=b.
    wanted = set(request.query_params.getlist("fields"))
    return {name: value for name, value in details.items() if name in wanted} if wanted else details


async def _update(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    _require_own(request, project)
    body = await read_body(request)
    changes = {name: read(body, name) for name, read in _SETTINGS.items() if body.get(name) is not None}
    await backend.run(projects.change_settings, project.id, changes)
    return {"message": "Project updated successfully"}


def _require_own(request: Request, project: Project) -> None:
    path = request.path_params
    if (path["org_id"], path["project_id"]) != (ORGANIZATION, project.id):
        raise ApiError(404, {"message": "Organization or project not found"})


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
_PATH = "/api/v1/orgs/organizations/{org_id}/projects/{project_id}/"
ROUTES = [route("GET", _PATH, _get), route("PATCH", _PATH, _update)]
