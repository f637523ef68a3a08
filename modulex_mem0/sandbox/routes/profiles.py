"""`/v2/profiles/`, which the API's document lacks and Mem0's Python client (mem0ai 2.2) calls.

Mem0 writes profiles with a language model. Here a property of the schema gets the user's memories that share a word
with its name or its description, at once.
"""

import json
import re
import sqlite3
import uuid
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.clock import format_instant, now
from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError, field_error
from modulex_mem0.sandbox.http.requests import Body, read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.search.filters import Condition
from modulex_mem0.sandbox.search.selection import Selection
from modulex_mem0.sandbox.store.entities import find_entity, list_entities

__all__ = ["ROUTES"]

_JOBS = "/v2/profiles/jobs/"
_ENTITY = {"schema": None, "custom_instructions": None}
_DEFAULTS: dict[str, Any] = {"enabled": False, "entities": {"user": _ENTITY}}
_CAPABILITIES = {"entity_types": ["user"], "operations": ["trigger", "sample"]}
_SAMPLE = 3
_LARGEST_SAMPLE = 10
_WORD = re.compile(r"\w{4,}")


async def _get_settings(_request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    return await backend.run(_settings, project.id)


async def _change_settings(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    unknown = sorted(set(body) - {"enabled", "entities"})
    if unknown:
        raise ApiError(400, {"error": f"Unsupported settings: {', '.join(unknown)}"})
    user = Body(Body(body.mapping("entities") or {}).mapping("user") or {})
    enabled = body.flag("enabled", default=False) if body.get("enabled") is not None else None
    if user.get("schema") is not None:
        _check_schema(user.mapping("schema") or {})
    user.text("custom_instructions")
    changes = {name: user[name] for name in _ENTITY if name in user}

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        current = _settings(connection, project.id)
        kept = {
            "enabled": current["enabled"] if enabled is None else enabled,
            "entities": {"user": {**current["entities"]["user"], **changes}},
        }
        connection.execute(
            "INSERT INTO profile_settings VALUES (?,?) ON CONFLICT DO UPDATE SET settings = excluded.settings",
            (project.id, json.dumps(kept)),
        )
        return _settings(connection, project.id)

    return await backend.run(work)


def _settings(connection: sqlite3.Connection, project: str) -> dict[str, Any]:
    row = connection.execute("SELECT settings FROM profile_settings WHERE project = ?", (project,)).fetchone()
    return {**(_DEFAULTS if row is None else json.loads(row["settings"])), "capabilities": _CAPABILITIES}


def _check_schema(schema: dict[str, Any]) -> None:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        raise field_error("schema", "A profile schema needs properties.")
    for name, declared in properties.items():
        if not isinstance(declared, dict) or not isinstance(declared.get("description"), str):
            raise field_error("schema", f"Property {name!r} needs a description.")


async def _create_job(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    operation, kind = body.text("operation", required=True), body.text("entity_type") or "user"
    if operation not in _CAPABILITIES["operations"]:
        raise field_error("operation", f'"{operation}" is not a valid choice.')
    if kind not in _CAPABILITIES["entity_types"]:
        raise field_error("entity_type", f'"{kind}" is not a valid choice.')
    count = body.integer("limit", default=_SAMPLE, least=1, most=_LARGEST_SAMPLE)
    user = body.text("entity_id", required=True, blank=False) if operation == "trigger" else None
    key = request.headers.get("idempotency-key")

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        row = connection.execute(
            "SELECT body FROM profile_jobs WHERE project = ? AND repeat_key = ?", (project.id, key)
        ).fetchone()
        if row is not None:
            return {**json.loads(row["body"])["reply"], "replayed": True}
        settings = _settings(connection, project.id)
        schema = settings["entities"]["user"]["schema"]
        if not settings["enabled"] or schema is None:
            raise ApiError(400, {"error": "Profiles are not enabled and configured for this project."})
        users = [entity["name"] for entity in list_entities(connection, project.id, "") if entity["type"] == "user"]
        if user is not None and user not in users:
            raise ApiError(404, {"error": "Entity not found"})
        chosen = users[:count] if user is None else [user]
        for name in chosen:
            _write_profile(connection, project.id, name, schema)
        return _store_job(connection, project.id, key, user, chosen)

    return await backend.run(work)


def _store_job(
    connection: sqlite3.Connection, project: str, key: str | None, user: str | None, chosen: list[str]
) -> dict[str, Any]:
    """Store a job that is done, for one user or for a sample of them, and return the reply that announces it."""
    identifier, operation = str(uuid.uuid4()), "sample" if user is None else "trigger"
    reply: dict[str, Any] = {
        "job_id": identifier,
        "status": "queued",
        "status_url": f"{_JOBS}{identifier}/",
        "operation": operation,
        "entity_type": "user",
        "event_id": str(uuid.uuid4()),
        "replayed": False,
    }
    if user is None:
        reply |= {"sampled": len(chosen), "entity_ids": chosen}
    else:
        reply |= {"entity_id": user, "entity_count_reserved": 1}
    job = {
        "id": identifier,
        "operation": operation,
        "status": "succeeded",
        "total": len(chosen),
        "completed": len(chosen),
        "succeeded": len(chosen),
        "failed": 0,
        "skipped": 0,
        "enumeration_complete": True,
    }
    connection.execute(
        "INSERT INTO profile_jobs VALUES (?,?,?,?)",
        (identifier, project, key, json.dumps({"reply": reply, "job": job})),
    )
    return reply


def _write_profile(connection: sqlite3.Connection, project: str, user: str, schema: dict[str, Any]) -> None:
    rows = Selection.matching(project, Condition("user_id", "eq", user)).newest(connection)
    texts = [row["memory"] for row in reversed(rows)]
    profile = {}
    for name, declared in schema["properties"].items():
        wanted = _words(f"{name.replace('_', ' ')} {declared['description']}")
        matching = [text for text in texts if _words(text) & wanted]
        profile[name] = ". ".join(matching) or None
    before = _stored_profile(connection, project, user) or {"generation_count": 0}
    body = {
        "profile": profile,
        "updated_at": format_instant(now()),
        "generation_count": before["generation_count"] + 1,
    }
    connection.execute(
        "INSERT INTO profiles VALUES (?,?,?) ON CONFLICT DO UPDATE SET body = excluded.body",
        (project, user, json.dumps(body)),
    )


def _stored_profile(connection: sqlite3.Connection, project: str, user: str) -> dict[str, Any] | None:
    row = connection.execute("SELECT body FROM profiles WHERE project = ? AND user_id = ?", (project, user)).fetchone()
    if row is None:
        return None
    body: dict[str, Any] = json.loads(row["body"])
    return body


async def _get_job(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        row = connection.execute(
            "SELECT body FROM profile_jobs WHERE id = ? AND project = ?", (request.path_params["job_id"], project.id)
        ).fetchone()
        if row is None:
            raise ApiError(404, {"error": "Job not found"})
        return {"job": json.loads(row["body"])["job"]}

    return await backend.run(work)


async def _get_profile(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    user = request.path_params["entity_id"]

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        if not find_entity(connection, project.id, "", "user", user):
            raise ApiError(404, {"error": "Entity not found"})
        stored = _stored_profile(connection, project.id, user)
        enabled = _settings(connection, project.id)["enabled"]
        status = "succeeded" if stored else "insufficient_data" if enabled else "not_enabled"
        body = stored or {"profile": {}, "updated_at": None, "generation_count": 0}
        return {"status": status, "entity_type": "user", "entity_id": user, **body}

    return await backend.run(work)


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


ROUTES = [
    route("GET", "/v2/profiles/settings/", _get_settings),
    route("POST", "/v2/profiles/settings/", _change_settings),
    route("POST", _JOBS, _create_job, status=202),
    route("GET", f"{_JOBS}{{job_id}}/", _get_job),
    route("GET", "/v2/entities/user/{entity_id}/profile/", _get_profile),
]
