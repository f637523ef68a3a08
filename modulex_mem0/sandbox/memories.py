"""Storing, changing and removing memories."""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox import history
from modulex_mem0.sandbox.clock import now
from modulex_mem0.sandbox.fingerprint import fingerprint
from modulex_mem0.sandbox.history import Change, Message
from modulex_mem0.sandbox.scope import Scope


@dataclass(frozen=True)
class NewMemory:
    """A memory about to be stored.

    Attributes:
        created_at: Microseconds since 1970; ``None`` for the present.
    """

    text: str
    scope: Scope
    categories: tuple[str, ...]
    input: tuple[Message, ...]
    created_at: int | None
    event_id: str
    metadata: dict[str, Any] | None = None
    expiration_date: str | None = None
    immutable: bool = False


@dataclass(frozen=True)
class Edit:
    """What a change leaves on a memory: all are the values after it."""

    text: str
    categories: tuple[str, ...]
    metadata: dict[str, Any] | None
    expiration_date: str | None
    created_at: int


def insert(connection: sqlite3.Connection, project: str, new: NewMemory) -> str:
    """Store a memory and return its id."""
    identifier, moment = str(uuid.uuid4()), now()
    connection.execute(
        "INSERT INTO memories (id, project, user_id, agent_id, app_id, run_id, memory, metadata, categories,"
        " immutable, expiration_date, created_at, updated_at, event_id, fingerprint)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            identifier,
            project,
            *new.scope.values(),
            new.text,
            _json(new.metadata),
            json.dumps(new.categories),
            new.immutable,
            new.expiration_date,
            moment if new.created_at is None else new.created_at,
            moment,
            new.event_id,
            fingerprint(new.text, new.scope),
        ),
    )
    change = Change("ADD", None, new.text, new.input)
    history.record(connection, _existing(connection, project, identifier), change)
    return identifier


def is_known(connection: sqlite3.Connection, project: str, text: str, scope: Scope) -> bool:
    """Whether the same people already have a memory that says the same, give or take case and punctuation."""
    row = connection.execute(
        "SELECT 1 FROM memories WHERE project = ? AND fingerprint = ? LIMIT 1", (project, fingerprint(text, scope))
    ).fetchone()
    return row is not None


def find(connection: sqlite3.Connection, project: str, identifier: str) -> sqlite3.Row | None:
    """The memory with this id, whoever of the project's users it belongs to."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM memories WHERE id = ? AND project = ?", (identifier, project)
    ).fetchone()
    return row


def edit(connection: sqlite3.Connection, memory: sqlite3.Row, change: Edit) -> sqlite3.Row:
    """Change a memory and return it as it is now."""
    scope = Scope(*(memory[field] for field in ("user_id", "agent_id", "app_id", "run_id")))
    connection.execute(
        "UPDATE memories SET metadata = ?, categories = ?, expiration_date = ?, created_at = ?, updated_at = ?"
        " WHERE pk = ?",
        (
            _json(change.metadata),
            json.dumps(change.categories),
            change.expiration_date,
            change.created_at,
            now(),
            memory["pk"],
        ),
    )
    if change.text != memory["memory"]:
        connection.execute(
            "UPDATE memories SET memory = ?, fingerprint = ?, vector = NULL, vector_revision = NULL WHERE pk = ?",
            (change.text, fingerprint(change.text, scope), memory["pk"]),
        )
    changed = _existing(connection, memory["project"], memory["id"])
    history.record(connection, changed, Change("UPDATE", memory["memory"], change.text))
    return changed


def remove(connection: sqlite3.Connection, memory: sqlite3.Row) -> None:
    """Delete a memory; its history stays."""
    history.record(connection, memory, Change("DELETE", memory["memory"], ""))
    connection.execute("DELETE FROM memories WHERE pk = ?", (memory["pk"],))


def linked(connection: sqlite3.Connection, memory: sqlite3.Row) -> list[sqlite3.Row]:
    """The other memories that the same add brought."""
    return connection.execute(
        "SELECT * FROM memories WHERE project = ? AND event_id = ? AND pk <> ?",
        (memory["project"], memory["event_id"], memory["pk"]),
    ).fetchall()


def _existing(connection: sqlite3.Connection, project: str, identifier: str) -> sqlite3.Row:
    row = find(connection, project, identifier)
    if row is None:
        raise LookupError(identifier)
    return row


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)
