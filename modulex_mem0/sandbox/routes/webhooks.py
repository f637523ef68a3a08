"""`/api/v1/webhooks/`: addresses that are notified when memories change."""

import ipaddress
import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError, field_error
from modulex_mem0.sandbox.http.requests import REQUIRED, Body, read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.store import accounts, webhooks

__all__ = ["ROUTES"]


async def _list(request: Request, backend: Backend, project: Project) -> list[dict[str, Any]]:
    def work(connection: sqlite3.Connection) -> list[dict[str, Any]]:
        return webhooks.list_webhooks(connection, _project(connection, request, project), project.email)

    return await backend.run(work)


async def _create(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    for field in ("name", "url", "event_types"):
        if body.get(field) is None:
            raise field_error(field, REQUIRED)
    given = _read(body, anywhere=backend.settings.allow_remote_webhooks)
    active = body.flag("is_active", default=True)

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        return webhooks.create_webhook(
            connection,
            _project(connection, request, project),
            project.email,
            name=given["name"],
            url=given["url"],
            event_types=given["event_types"],
            active=active,
        )

    return await backend.run(work)


async def _update(request: Request, backend: Backend, project: Project) -> dict[str, str]:
    body = await read_body(request)
    changes = _read(body, anywhere=backend.settings.allow_remote_webhooks)
    if body.get("is_active") is not None:
        changes["is_active"] = body.flag("is_active", default=True)

    def work(connection: sqlite3.Connection) -> None:
        webhooks.edit_webhook(connection, _find(connection, request, project), changes)

    await backend.run(work)
    return {"message": "Webhook updated successfully"}


async def _delete(request: Request, backend: Backend, project: Project) -> dict[str, str]:
    def work(connection: sqlite3.Connection) -> None:
        webhooks.delete_webhook(connection, _find(connection, request, project)["id"])

    await backend.run(work)
    return {"message": "Webhook deleted successfully"}


def _project(connection: sqlite3.Connection, request: Request, project: Project) -> str:
    wanted: str = request.path_params["project_id"]
    if not accounts.has_project(connection, project, wanted):
        raise ApiError(403, {"error": "You don't have access to this project"})
    return wanted


def _find(connection: sqlite3.Connection, request: Request, project: Project) -> sqlite3.Row:
    webhook = webhooks.find_webhook(connection, request.path_params["webhook_id"])
    if webhook is None:
        raise ApiError(404, {"error": "Webhook not found"})
    if not accounts.has_project(connection, project, webhook["project"]):
        raise ApiError(403, {"error": "You don't have access to this webhook"})
    return webhook


def _read(body: Body, *, anywhere: bool) -> dict[str, Any]:
    """The settings of a webhook that a body names, checked."""
    given: dict[str, Any] = {}
    name, url, types = body.text("name", blank=False), body.text("url", blank=False), body.texts("event_types")
    if name is not None:
        given["name"] = name
    if url is not None:
        given["url"] = _checked_url(url, anywhere=anywhere)
    if types is not None:
        unknown = [item for item in types if item not in webhooks.EVENT_TYPES]
        if unknown or not types:
            reason = f'"{unknown[0]}" is not a valid choice.' if unknown else "This list may not be empty."
            raise field_error("event_types", reason)
        given["event_types"] = list(dict.fromkeys(types))
    return given


def _checked_url(text: str, *, anywhere: bool) -> str:
    import httpx  # noqa: PLC0415 - a third of the time in which a sandbox starts

    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise field_error("url", "Enter a valid URL.") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise field_error("url", "Enter a valid URL.")
    if not anywhere and not _is_loopback(url.host):
        raise field_error(
            "url", "The sandbox calls this machine only, as in http://127.0.0.1:9000/. --remote-webhooks changes that."
        )
    return text


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_PROJECT = "/api/v1/webhooks/projects/{project_id}/"
_ONE = "/api/v1/webhooks/{webhook_id}/"
ROUTES = [
    route("GET", _PROJECT, _list),
    route("POST", _PROJECT, _create, status=201),
    route("PUT", _ONE, _update),
    route("DELETE", _ONE, _delete),
]
