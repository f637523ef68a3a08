"""The history of memories: every change, kept after the memory is deleted."""

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox.clock import format_instant, now

__all__ = ["Change", "Message", "count_changes", "history_of", "newest_changes", "origin_of", "record"]

Message = dict[str, Any]
"""A message of an add: `{"role": ..., "content": ...}`."""


@dataclass(frozen=True)
class Change:
    """One change of one memory: an `ADD`, `UPDATE` or `DELETE`."""

    event: str
    old_text: str | None
    new_text: str
    input: tuple[Message, ...] = ()


def record(connection: sqlite3.Connection, memory: sqlite3.Row, change: Change) -> None:
    """Store a change; `memory` is the row after it, or before it for a deletion."""
    moment = now()
    connection.execute(
        "INSERT INTO history (id, project, memory_id, event, input, old_memory, new_memory, user_id, agent_id, app_id,"
        " run_id, categories, metadata, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            str(uuid.uuid4()),
            memory["project"],
            memory["id"],
            change.event,
            json.dumps(change.input),
            change.old_text,
            change.new_text,
            memory["user_id"],
            memory["agent_id"],
            memory["app_id"],
            memory["run_id"],
            memory["categories"],
            memory["metadata"],
            moment,
            moment,
        ),
    )


def history_of(connection: sqlite3.Connection, project: str, memory_id: str) -> list[dict[str, Any]]:
    """Every change of one memory, oldest first; empty if the memory never existed."""
    rows = connection.execute(
        "SELECT * FROM history WHERE project = ? AND memory_id = ? ORDER BY pk", (project, memory_id)
    )
    return [_entry(row) for row in rows]


def count_changes(connection: sqlite3.Connection, project: str) -> int:
    """How many changes a project has had."""
    found: int = connection.execute("SELECT count(*) FROM history WHERE project = ?", (project,)).fetchone()[0]
    return found


def newest_changes(connection: sqlite3.Connection, project: str, limit: int, offset: int) -> list[dict[str, Any]]:
    """A page of a project's changes, newest first."""
    rows = connection.execute(
        "SELECT * FROM history WHERE project = ? ORDER BY pk DESC LIMIT ? OFFSET ?", (project, limit, offset)
    )
    return [_entry(row) for row in rows]


def origin_of(connection: sqlite3.Connection, project: str, memory_id: str) -> tuple[list[Message], bool]:
    """The messages that a memory was made from, and whether its text has been changed since."""
    rows = connection.execute(
        "SELECT event, input FROM history WHERE project = ? AND memory_id = ? ORDER BY pk", (project, memory_id)
    ).fetchall()
    first: list[Message] = next((json.loads(row["input"]) for row in rows if row["event"] == "ADD"), [])
    return first, any(row["event"] == "UPDATE" for row in rows)


def _entry(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "memory_id": row["memory_id"],
        "input": json.loads(row["input"]),
        "old_memory": row["old_memory"],
        "new_memory": row["new_memory"],
        "user_id": row["user_id"],
        "agent_id": row["agent_id"],
        "app_id": row["app_id"],
        "session_id": row["run_id"],
        "categories": json.loads(row["categories"]),
        "event": row["event"],
        "previous_embedding_qwen": None,
        "embedding_qwen": None,
        "metadata": json.loads(row["metadata"]) if row["metadata"] is not None else None,
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
    }
