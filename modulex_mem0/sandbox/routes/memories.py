"""`/v1/memories/`: one memory by its id (get, update, delete, history), and deletion by entity and metadata."""

import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Any, Self

from starlette.datastructures import QueryParams
from starlette.requests import Request

from modulex_mem0.sandbox.extraction import categorize
from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError, field_error, memory_not_found
from modulex_mem0.sandbox.http.requests import Body, parse_memory_id, read_body, wrong_type
from modulex_mem0.sandbox.routes.endpoint import Backend, queue, route
from modulex_mem0.sandbox.search.filters import And, Node, Or, parse_filters
from modulex_mem0.sandbox.search.selection import Selection
from modulex_mem0.sandbox.store import memories, projects
from modulex_mem0.sandbox.store.entities import ENTITY_FIELDS
from modulex_mem0.sandbox.store.history import history_of
from modulex_mem0.sandbox.store.jobs import Results
from modulex_mem0.sandbox.store.memories import record_by_id

__all__ = ["DELETE_IN_PROGRESS", "JOBS", "ROUTES", "Update", "delete_matching", "read_metadata"]

DELETE_IN_PROGRESS = "Delete in progress. This may take some time."
_EVERYONE = "*"
_METADATA_KEY = re.compile(r"metadata\[[^\[\]]+\]")


async def _get(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    row = await backend.run(memories.find, project.id, _memory_id(request))
    if row is None:
        raise memory_not_found()
    return record_by_id(row)


async def _update(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    identifier, update = _memory_id(request), Update.read(await read_body(request))
    return record_by_id(await backend.run_and_embed(update.apply, project.id, identifier))


async def _delete(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    identifier = _memory_id(request)
    delete_linked = Body(request.query_params).flag("delete_linked", default=False)

    def work(connection: sqlite3.Connection) -> dict[str, Any]:
        row = memories.find(connection, project.id, identifier)
        if row is None:
            raise memory_not_found()
        linked = memories.added_together(connection, row) if delete_linked else []
        for each in (row, *linked):
            memories.delete(connection, each)
        message = {"message": "Memory deleted successfully!"}
        return {**message, "cascade_count": len(linked)} if delete_linked else message

    return await backend.run(work)


async def _history(request: Request, backend: Backend, project: Project) -> list[dict[str, Any]]:
    entries = await backend.run(history_of, project.id, _memory_id(request))
    if not entries:
        raise memory_not_found()
    return entries


async def _delete_by_filter(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    filters: dict[str, Any] = {
        field: request.query_params[field] for field in ENTITY_FIELDS if request.query_params.get(field)
    }
    metadata = read_metadata(request.query_params)
    if metadata:
        filters["metadata"] = metadata
    if not filters:
        names = ", ".join((*ENTITY_FIELDS, "metadata"))
        raise ApiError(400, {"error": f"At least one filter is required to delete memories: {names}"})
    _deletion(filters)
    event_id = await queue(request, backend, project, "DELETE_ALL", filters)
    return {"message": DELETE_IN_PROGRESS, "event_id": event_id}


def read_metadata(query: QueryParams) -> dict[str, Any]:
    """The metadata to match, as one JSON object or, as in the API's document, as `metadata[key]=text`."""
    text = query.get("metadata")
    named = {key[len("metadata[") : -1]: value for key, value in query.items() if _METADATA_KEY.fullmatch(key)}
    if not text:
        return named
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise field_error("metadata", "Value must be valid JSON.") from error
    if not isinstance(parsed, dict):
        raise wrong_type("metadata", parsed, "dictionary")
    return {**named, **parsed}


def _delete_all(connection: sqlite3.Connection, project: str, payload: dict[str, Any], _event_id: str) -> Results:
    return delete_matching(connection, project, _deletion(payload))


def _deletion(filters: dict[str, Any]) -> Node:
    """The filter of what a request deletes.

    As the API's document says, `*` alone means all of its kind: `user_id=*&agent_id=*` is everything that has a user,
    and everything that has an agent. Several named ids are ANDed, and so is a `*` beside them. The document does not
    say that; it is the reading that deletes least.
    """
    entities = {field: value for field, value in filters.items() if field in ENTITY_FIELDS}
    if len(entities) < 2 or set(entities.values()) != {_EVERYONE}:
        return parse_filters(filters)
    others = {field: value for field, value in filters.items() if field not in ENTITY_FIELDS}
    kinds = Or(tuple(parse_filters({field: value}) for field, value in entities.items()))
    return And((kinds, parse_filters(others))) if others else kinds


def delete_matching(connection: sqlite3.Connection, project: str, tree: Node) -> Results:
    """Delete the memories that match a filter, expired or not; returns them as an event reports them."""
    rows = Selection.matching(project, tree, show_expired=True).newest(connection)
    for row in rows:
        memories.delete(connection, row)
    return [{"id": row["id"], "event": "DELETE"} for row in rows]


@dataclass(frozen=True)
class Update:
    """A checked update. Metadata is replaced, not merged.

    Attributes:
        clears_expiry: Whether `expiration_date` was given as null.
        created_at: Instant to backdate to, in microseconds since 1970 (`timestamp`, which the API's document lacks and
            every official client sends).
    """

    text: str | None
    metadata: dict[str, Any] | None
    expiration_date: str | None
    clears_expiry: bool
    created_at: int | None

    @classmethod
    def read(cls, body: Body) -> Self:
        """Check the body of an update.

        Raises:
            ApiError: 400, naming what is wrong, or because nothing is to be changed.
        """
        update = cls(
            text=body.text("text", blank=False),
            metadata=body.metadata(),
            expiration_date=body.date("expiration_date"),
            clears_expiry="expiration_date" in body and body["expiration_date"] is None,
            created_at=body.epoch("timestamp"),
        )
        given = (update.text, update.metadata, update.expiration_date, update.created_at)
        if not update.clears_expiry and all(value is None for value in given):
            raise ApiError(400, {"error": "At least one of text, metadata, expiration_date, timestamp is required."})
        return update

    def apply(self, connection: sqlite3.Connection, project: str, identifier: str) -> sqlite3.Row:
        """Change a memory and return its new row.

        Raises:
            ApiError: 404 if the project has no such memory, 400 if it is immutable.
        """
        row = memories.find(connection, project, identifier)
        if row is None:
            raise memory_not_found()
        if row["immutable"]:
            raise ApiError(400, {"error": "Memory is immutable and cannot be updated."})
        text = row["memory"] if self.text is None else self.text
        metadata = json.loads(row["metadata"]) if row["metadata"] is not None else None
        unchanged = text == row["memory"]
        custom = projects.custom_categories(connection, project)
        change = memories.Edit(
            text=text,
            categories=tuple(json.loads(row["categories"])) if unchanged else categorize(text, custom),
            metadata=metadata if self.metadata is None else self.metadata,
            expiration_date=None if self.clears_expiry else self.expiration_date or row["expiration_date"],
            created_at=row["created_at"] if self.created_at is None else self.created_at,
        )
        return memories.edit(connection, row, change)


def _memory_id(request: Request) -> str:
    return parse_memory_id(request.path_params["memory_id"])


_PATH = "/v1/memories/{memory_id}/"
ROUTES = [
    route("GET", _PATH, _get),
    route("PUT", _PATH, _update),
    route("DELETE", _PATH, _delete),
    route("GET", f"{_PATH}history/", _history),
    route("DELETE", "/v1/memories/", _delete_by_filter),
]
JOBS = {"DELETE_ALL": _delete_all}
