"""Turning an add into memories, at once or from the queue."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox import fields, memories, project_settings
from modulex_mem0.sandbox.categories import categorize
from modulex_mem0.sandbox.errors import ApiError, field_error
from modulex_mem0.sandbox.extraction import Fact, Hints, extract
from modulex_mem0.sandbox.history import Message
from modulex_mem0.sandbox.memories import NewMemory
from modulex_mem0.sandbox.scope import Scope

ROLES = ("user", "assistant", "system")


@dataclass(frozen=True)
class Add:
    """An add that has been checked.

    Attributes:
        catalogue: Categories to choose from instead of the usual ones.
        created_at: Moment to backdate to, in microseconds since 1970; ``None`` for when it is stored.
    """

    messages: list[Message]
    scope: Scope
    infer: bool
    metadata: dict[str, Any] | None
    expiration_date: str | None
    immutable: bool
    created_at: int | None
    catalogue: list[dict[str, Any]] | None
    hints: Hints

    @classmethod
    def read(cls, body: fields.Body) -> Add:
        """Check the body of ``POST /v3/memories/add/``.

        Raises:
            ApiError: 400, naming what is wrong.
        """
        infer = fields.flag(body, "infer", default=True)
        messages = _messages(body, infer=infer)
        scope = Scope.read(body)
        if not scope:
            raise ApiError(400, {"error": "At least one of user_id, agent_id, app_id, run_id is required."})
        return cls(
            messages=messages,
            scope=scope,
            infer=infer,
            metadata=fields.mapping(body, "metadata"),
            expiration_date=fields.day(body, "expiration_date"),
            immutable=fields.flag(body, "immutable", default=False),
            created_at=fields.epoch(body, "timestamp"),
            catalogue=read_catalogue(body),
            hints=Hints.read(fields.text(body, "includes"), fields.text(body, "excludes")),
        )


def store_verbatim(connection: sqlite3.Connection, project: str, add: Add, event_id: str) -> list[dict[str, Any]]:
    """Store every message word for word and return what the reply tells of each."""
    facts = [Fact(message["content"], add.scope, (message,)) for message in add.messages]
    return _stored(connection, project, add, facts, event_id)


def store_inferred(connection: sqlite3.Connection, project: str, add: Add, event_id: str) -> list[dict[str, Any]]:
    """Store the facts that are new and return what the event tells of each; none of it may be new."""
    found = extract(add.messages, add.scope, add.hints)
    new = (fact for fact in found if not memories.is_known(connection, project, fact.text, fact.scope))
    return _stored(connection, project, add, new, event_id)


def read_catalogue(body: fields.Body) -> list[dict[str, Any]] | None:
    """Check ``custom_categories``: objects of category name to description."""
    value = body.get("custom_categories")
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise field_error("custom_categories", "Expected a list of objects of category name to description.")
    return value


def _stored(
    connection: sqlite3.Connection, project: str, add: Add, facts: Iterable[Fact], event_id: str
) -> list[dict[str, Any]]:
    catalogue = project_settings.catalogue(connection, project) if add.catalogue is None else add.catalogue
    results = []
    for fact in facts:
        new = NewMemory(
            text=fact.text,
            scope=fact.scope,
            categories=categorize(fact.text, catalogue),
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


def _messages(body: fields.Body, *, infer: bool) -> list[Message]:
    value = body.get("messages")
    if value is None:
        raise field_error("messages", fields.REQUIRED)
    if not isinstance(value, list):
        raise field_error("messages", f'Expected a list of items but got type "{type(value).__name__}".')
    if not value:
        raise field_error("messages", "This list may not be empty.")
    return [_message(item, infer=infer) for item in value]


def _message(item: object, *, infer: bool) -> Message:
    if not isinstance(item, dict):
        raise field_error("messages", "Each message must be an object with a role and content.")
    role, content = item.get("role"), item.get("content")
    if role not in ROLES:
        raise field_error("messages", f"Each role must be one of {', '.join(ROLES)}.")
    if not isinstance(content, str) and not (infer and isinstance(content, list | dict)):
        wanted = "text" if not infer else "text or multimodal parts"
        raise field_error("messages", f"Each content must be {wanted}.")
    if not content:
        raise field_error("messages", "Each content must not be empty.")
    return {"role": role, "content": content}
