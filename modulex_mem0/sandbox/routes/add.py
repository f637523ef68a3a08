"""`POST /v3/memories/add/`: facts extracted from messages by a job, or every message stored verbatim at once."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from starlette.requests import Request

from modulex_mem0.sandbox.extraction import Fact, Hints, categorize, extract
from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError, field_error
from modulex_mem0.sandbox.http.requests import REQUIRED, Body, read_body, wrong_type
from modulex_mem0.sandbox.routes.endpoint import Backend, queue, route
from modulex_mem0.sandbox.store import jobs, memories, projects
from modulex_mem0.sandbox.store.entities import ENTITY_FIELDS, Scope
from modulex_mem0.sandbox.store.history import Message
from modulex_mem0.sandbox.store.jobs import Results

__all__ = ["JOBS", "ROUTES", "Add", "store_verbatim"]

_ROLES = ("user", "assistant", "system")


async def _add(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    add = Add.read(body)
    if not add.infer:
        return await backend.run_and_embed(store_verbatim, project.id, add, body)
    event_id = await queue(request, backend, project, "ADD", body)
    return {"event_id": event_id, "status": "PENDING"}


def store_verbatim(connection: sqlite3.Connection, project: str, add: "Add", body: Body) -> dict[str, Any]:
    """Store every message as it is; returns the reply of an add that is done."""
    event_id = jobs.enqueue(connection, project, "ADD", body, delay=0)
    facts = [Fact(message["content"], add.scope, (message,)) for message in add.messages]
    results = _store(connection, project, add, facts, event_id)
    jobs.finish(connection, event_id, results)
    return {"message": "Memories added successfully", "status": "SUCCEEDED", "event_id": event_id, "results": results}


def _add_inferred(connection: sqlite3.Connection, project: str, payload: dict[str, Any], event_id: str) -> Results:
    """Store the facts that are new; there may be none."""
    add = Add.read(Body(payload))
    facts = extract(add.messages, add.scope, add.hints)
    new = (fact for fact in facts if not memories.is_known(connection, project, fact.text, fact.scope))
    return _store(connection, project, add, new, event_id)


def _store(connection: sqlite3.Connection, project: str, add: "Add", facts: Iterable[Fact], event_id: str) -> Results:
    categories = projects.custom_categories(connection, project) if add.categories is None else add.categories
    results = []
    for fact in facts:
        new = memories.NewMemory(
            text=fact.text,
            scope=fact.scope,
            categories=categorize(fact.text, categories),
            input=fact.input,
            created_at=add.created_at,
            event_id=event_id,
            metadata=add.metadata,
            expiration_date=add.expiration_date,
            immutable=add.immutable,
        )
        identifier = memories.insert(connection, project, new)
        results.append({"id": identifier, "data": {"memory": fact.text}, "event": "ADD"})
    return results


@dataclass(frozen=True)
class Add:
    """A checked add.

    Attributes:
        categories: Categories to choose from, instead of the project's.
        created_at: Instant to backdate to, in microseconds since 1970; `None` for the time of storing.
    """

    messages: list[Message]
    scope: Scope
    infer: bool
    metadata: dict[str, Any] | None
    expiration_date: str | None
    immutable: bool
    created_at: int | None
    categories: list[dict[str, Any]] | None
    hints: Hints

    @classmethod
    def read(cls, body: Body) -> Self:
        """Check the body of an add.

        Raises:
            ApiError: 400, naming the first field that is wrong.
        """
        infer = body.flag("infer", default=True)
        messages = _read_messages(body, infer=infer)
        scope = _read_scope(body)
        if not scope:
            raise ApiError(400, {"error": "At least one of user_id, agent_id, app_id, run_id is required."})
        return cls(
            messages=messages,
            scope=scope,
            infer=infer,
            metadata=body.metadata(),
            expiration_date=body.date("expiration_date"),
            immutable=body.flag("immutable", default=False),
            created_at=body.epoch("timestamp"),
            categories=body.categories("custom_categories"),
            hints=Hints.parse(body.text("includes"), body.text("excludes")),
        )


def _read_scope(body: Body) -> Scope:
    """The ids at the top level, as in Mem0's document, or else under `filters`, as its own client describes."""
    top = {field: body[field] for field in ENTITY_FIELDS if body.get(field) not in (None, "")}
    return Scope.read(Body((body.mapping("filters") or {}) | top))


def _read_messages(body: Body, *, infer: bool) -> list[Message]:
    value = body.get("messages")
    if value is None:
        raise field_error("messages", REQUIRED)
    if not isinstance(value, list):
        raise wrong_type("messages", value, "list")
    if not value:
        raise field_error("messages", "This list may not be empty.")
    return [_read_message(item, infer=infer) for item in value]


def _read_message(item: object, *, infer: bool) -> Message:
    if not isinstance(item, dict):
        raise field_error("messages", "Each message must be an object with a role and content.")
    role, content = item.get("role"), item.get("content")
    if role not in _ROLES:
        raise field_error("messages", f"Each role must be one of {', '.join(_ROLES)}.")
    if not isinstance(content, str) and not (infer and isinstance(content, list | dict)):
        expected = "text" if not infer else "text or multimodal parts"
        raise field_error("messages", f"Each content must be {expected}.")
    if not content:
        raise field_error("messages", "Each content must not be empty.")
    return {"role": role, "content": content}


ROUTES = [route("POST", "/v3/memories/add/", _add)]
JOBS = {"ADD": _add_inferred}
