"""Entities: the users, agents, apps and runs that memories belong to."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Self

from modulex_mem0.sandbox.clock import format_instant, now
from modulex_mem0.sandbox.http.errors import field_error
from modulex_mem0.sandbox.http.requests import Body

__all__ = [
    "ENTITY_FIELDS",
    "ENTITY_TYPES",
    "Scope",
    "check_id",
    "find_entity",
    "forget_entity",
    "list_entities",
    "name_of_entity",
    "register_entity",
]

ENTITY_FIELDS = ("user_id", "agent_id", "app_id", "run_id")
ENTITY_TYPES = {"user": "user_id", "agent": "agent_id", "app": "app_id", "run": "run_id"}
_LONGEST_ID = 255  # characters, as the service is reported to limit them


@dataclass(frozen=True)
class Scope:
    """The entity ids of a memory; any of them may be missing."""

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None

    def __bool__(self) -> bool:
        return any(self.values())

    def values(self) -> tuple[str | None, ...]:
        """The ids in the order of `ENTITY_FIELDS`."""
        return (self.user_id, self.agent_id, self.app_id, self.run_id)

    @classmethod
    def read(cls, body: Body) -> Self:
        """Read the ids from the top level of a body; null and "" count as missing."""
        found: dict[str, str | None] = {}
        for field in ENTITY_FIELDS:
            found[field] = check_id(field, body.text(field)) or None
        return cls(**found)


def check_id(field: str, value: str | None) -> str | None:
    """Return `value`.

    Raises:
        ApiError: 400 if it is too long for an id.
    """
    if value is not None and len(value) > _LONGEST_ID:
        raise field_error(field, f"Ensure this field has no more than {_LONGEST_ID} characters.")
    return value


def register_entity(
    connection: sqlite3.Connection, project: str, kind: str, name: str, *, title: str, metadata: dict[str, Any]
) -> dict[str, Any]:
    """Store an entity, which needs no memories, or change the one of this name; returns it as its route shows it."""
    moment = now()
    connection.execute(
        "INSERT INTO entities VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET title = excluded.title,"
        " metadata = excluded.metadata, updated_at = excluded.updated_at",
        (project, kind, name, title, json.dumps(metadata), moment, moment),
    )
    row = connection.execute(
        "SELECT * FROM entities WHERE project = ? AND type = ? AND name = ?", (project, kind, name)
    ).fetchone()
    shown = {
        "id": _number(project, kind, name),
        ENTITY_TYPES[kind]: name,
        "metadata": metadata,
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
        "graph_entities": None,
        "is_deleted": False,
        "project": _number(project),
    }
    return shown if kind == "user" else {**shown, "name": title}


def forget_entity(connection: sqlite3.Connection, project: str, kind: str, name: str) -> None:
    """Delete what was registered for an entity. Its memories are another matter."""
    connection.execute("DELETE FROM entities WHERE project = ? AND type = ? AND name = ?", (project, kind, name))


def list_entities(connection: sqlite3.Connection, project: str, owner: str) -> list[dict[str, Any]]:
    """All entities of a project, by type and name."""
    return [entity for kind in ENTITY_TYPES for entity in _select(connection, project, owner, kind)]


def find_entity(connection: sqlite3.Connection, project: str, owner: str, kind: str, name: str) -> list[dict[str, Any]]:
    """A list with the entity of this type and name; empty if it has no memories and was not registered."""
    return _select(connection, project, owner, kind, name)


def name_of_entity(connection: sqlite3.Connection, project: str, kind: str, number: int) -> str | None:
    """The name of the entity with this numeric id."""
    names = (entity["name"] for entity in _select(connection, project, "", kind) if entity["id"] == str(number))
    return next(names, None)


def _select(
    connection: sqlite3.Connection, project: str, owner: str, kind: str, name: str | None = None
) -> list[dict[str, Any]]:
    column = ENTITY_TYPES[kind]
    named, parameters = ("", ()) if name is None else (" AND name = ?", (name,))
    rows = connection.execute(
        "SELECT name, min(first) AS first, max(last) AS last, sum(total) AS total, max(metadata) AS metadata FROM ("  # noqa: S608
        f"SELECT {column} AS name, min(created_at) AS first, max(updated_at) AS last, count(*) AS total,"
        f" NULL AS metadata FROM memories WHERE project = ? AND {column} IS NOT NULL GROUP BY {column}"
        " UNION ALL SELECT name, created_at, updated_at, 0, metadata FROM entities WHERE project = ? AND type = ?"
        f") WHERE 1{named} GROUP BY name ORDER BY name",
        (project, project, kind, *parameters),
    )
    return [
        {
            "id": str(_number(project, kind, row["name"])),
            "name": row["name"],
            "created_at": format_instant(row["first"]),
            "updated_at": format_instant(row["last"]),
            "total_memories": row["total"],
            "owner": owner,
            "metadata": None if row["metadata"] is None else json.loads(row["metadata"]),
            "type": kind,
        }
        for row in rows
    ]


def _number(*parts: str) -> int:
    """A number that stands for these texts; one that JavaScript holds exactly."""
    return int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:6])
