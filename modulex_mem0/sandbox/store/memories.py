"""Memories: stored, changed and deleted, and as each route shows them."""

import hashlib
import json
import re
import sqlite3
import unicodedata
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modulex_mem0.sandbox.clock import format_instant, now
from modulex_mem0.sandbox.store import history, webhooks
from modulex_mem0.sandbox.store.entities import ENTITY_FIELDS, Scope
from modulex_mem0.sandbox.store.history import Change, Message

__all__ = [
    "Edit",
    "NewMemory",
    "Record",
    "added_together",
    "delete",
    "edit",
    "find",
    "insert",
    "is_known",
    "only_fields",
    "record_by_id",
    "record_in_list",
    "record_in_search",
]

Record = dict[str, Any]
"""A memory as a route shows it."""

_WORD = re.compile(r"\w+")
_FILLERS = frozenset({"a", "an", "the", "really", "very", "also", "just", "that", "so", "and", "well", "actually"})


@dataclass(frozen=True)
class NewMemory:
    """A memory to store.

    Attributes:
        created_at: Microseconds since 1970; `None` for now.
    """

    text: str
    scope: Scope
    categories: tuple[str, ...]
    input: tuple[Message, ...]
    created_at: int | None
    event_id: str | None
    metadata: dict[str, Any] | None = None
    expiration_date: str | None = None
    immutable: bool = False


@dataclass(frozen=True)
class Edit:
    """The values of a memory after a change."""

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
            _fingerprint(new.text, new.scope),
        ),
    )
    stored = _existing(connection, project, identifier)
    history.record(connection, stored, Change("ADD", None, new.text, new.input))
    _announce(connection, stored, "ADD")
    _announce_categories(connection, stored)
    return identifier


def is_known(connection: sqlite3.Connection, project: str, text: str, scope: Scope) -> bool:
    """Whether the same entities already have a near-duplicate of this text."""
    row = connection.execute(
        "SELECT 1 FROM memories WHERE project = ? AND fingerprint = ? LIMIT 1", (project, _fingerprint(text, scope))
    ).fetchone()
    return row is not None


def find(connection: sqlite3.Connection, project: str, identifier: str) -> sqlite3.Row | None:
    """The memory with this id, whichever entity of the project it belongs to."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM memories WHERE id = ? AND project = ?", (identifier, project)
    ).fetchone()
    return row


def edit(connection: sqlite3.Connection, memory: sqlite3.Row, change: Edit) -> sqlite3.Row:
    """Change a memory and return its new row."""
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
        scope = Scope(*(memory[field] for field in ENTITY_FIELDS))
        connection.execute(
            "UPDATE memories SET memory = ?, fingerprint = ? WHERE pk = ?",
            (change.text, _fingerprint(change.text, scope), memory["pk"]),
        )
    changed = _existing(connection, memory["project"], memory["id"])
    history.record(connection, changed, Change("UPDATE", memory["memory"], change.text))
    _announce(connection, changed, "UPDATE")
    if changed["categories"] != memory["categories"]:
        _announce_categories(connection, changed)
    return changed


def delete(connection: sqlite3.Connection, memory: sqlite3.Row) -> None:
    """Delete a memory; its history stays."""
    history.record(connection, memory, Change("DELETE", memory["memory"], ""))
    _announce(connection, memory, "DELETE")
    connection.execute("DELETE FROM memories WHERE pk = ?", (memory["pk"],))


def added_together(connection: sqlite3.Connection, memory: sqlite3.Row) -> list[sqlite3.Row]:
    """The other memories that the same add stored."""
    return connection.execute(
        "SELECT * FROM memories WHERE project = ? AND event_id = ? AND pk <> ?",
        (memory["project"], memory["event_id"], memory["pk"]),
    ).fetchall()


def record_in_list(row: sqlite3.Row) -> Record:
    """A memory in the shape of `POST /v3/memories/`: the run is called `session_id`."""
    return {
        "id": row["id"],
        "memory": row["memory"],
        "user_id": row["user_id"],
        "agent_id": row["agent_id"],
        "app_id": row["app_id"],
        "session_id": row["run_id"],
        "metadata": json.loads(row["metadata"]) if row["metadata"] is not None else None,
        "categories": json.loads(row["categories"]),
        "structured_attributes": _calendar(row["created_at"]),
        "replaced_by": None,
        "synthesized": False,
        "expiration_date": row["expiration_date"],
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
    }


def record_by_id(row: sqlite3.Row) -> Record:
    """A memory in the shape of `GET /v1/memories/{id}/`."""
    return {**record_in_list(row), "lifecycle_state": "active"}


def record_in_search(row: sqlite3.Row, score: float, breakdown: dict[str, float]) -> Record:
    """A memory in the shape of `POST /v3/memories/search/`: the run is called `run_id`."""
    return {
        "id": row["id"],
        "memory": row["memory"],
        "user_id": row["user_id"],
        "agent_id": row["agent_id"],
        "app_id": row["app_id"],
        "run_id": row["run_id"],
        "score": score,
        "score_breakdown": breakdown,
        "metadata": json.loads(row["metadata"]) if row["metadata"] is not None else None,
        "categories": json.loads(row["categories"]),
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
        "expiration_date": row["expiration_date"],
    }


def only_fields(record: Record, fields: Collection[str] | None) -> Record:
    """The record reduced to these fields; the whole record if there are none."""
    return {key: value for key, value in record.items() if key in fields} if fields else record


def _fingerprint(text: str, scope: Scope) -> str:
    """A value that near-duplicates of the same entities share: finding one is a lookup in an index.

    Near-duplicates hold the same words in the same order, apart from case, accents, punctuation and filler words.
    """
    # Apostrophes are dropped rather than split at, so that "I'm" and "Im" are one word.
    plain = unicodedata.normalize(
        "NFKD", text.casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )
    words = _WORD.findall("".join(character for character in plain if not unicodedata.combining(character)))
    significant = [word for word in words if word not in _FILLERS] or words or [text]
    return hashlib.sha256(json.dumps([*scope.values(), *significant]).encode()).hexdigest()


def _calendar(micros: int) -> dict[str, Any]:
    moment = datetime.fromisoformat(format_instant(micros))
    return {
        "year": moment.year,
        "month": moment.month,
        "day": moment.day,
        "hour": moment.hour,
        "minute": moment.minute,
        "day_of_week": moment.strftime("%A").lower(),
        "day_of_year": moment.timetuple().tm_yday,
        "week_of_year": moment.isocalendar().week,
        "quarter": (moment.month - 1) // 3 + 1,
        "is_weekend": moment.isoweekday() >= 6,
    }


def _announce(connection: sqlite3.Connection, memory: sqlite3.Row, event: str) -> None:
    details = {"id": memory["id"], "data": {"memory": memory["memory"]}, "event": event}
    webhooks.announce(connection, memory["project"], f"memory_{event.lower()}", details)


def _announce_categories(connection: sqlite3.Connection, memory: sqlite3.Row) -> None:
    details = {"memory_id": memory["id"], "event": "CATEGORIZE", "categories": json.loads(memory["categories"])}
    webhooks.announce(connection, memory["project"], "memory_categorize", details)


def _existing(connection: sqlite3.Connection, project: str, identifier: str) -> sqlite3.Row:
    row = find(connection, project, identifier)
    if row is None:
        raise LookupError(identifier)
    return row


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)
