"""Entities: the users, agents, apps and runs that memories belong to."""

import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any, Self

from modulex_mem0.sandbox.clock import format_instant
from modulex_mem0.sandbox.http.errors import field_error
from modulex_mem0.sandbox.http.requests import Body

__all__ = ["ENTITY_FIELDS", "ENTITY_TYPES", "Scope", "find_entity", "list_entities"]

ENTITY_FIELDS = ("user_id", "agent_id", "app_id", "run_id")
ENTITY_TYPES = {"user": "user_id", "agent": "agent_id", "app": "app_id", "run": "run_id"}
_LONGEST_ID = 255  # characters, as the service is reported to limit them
_NAMESPACE = uuid.UUID("6f1c7d0a-9d0c-5c53-9a5e-0f6f6d656d30")


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
            value = body.text(field)
            if value is not None and len(value) > _LONGEST_ID:
                raise field_error(field, f"Ensure this field has no more than {_LONGEST_ID} characters.")
            found[field] = value or None
        return cls(**found)


def list_entities(connection: sqlite3.Connection, project: str, owner: str) -> list[dict[str, Any]]:
    """All entities of a project, by type and name."""
    return [entity for kind in ENTITY_TYPES for entity in _select(connection, project, owner, kind)]


def find_entity(connection: sqlite3.Connection, project: str, owner: str, kind: str, name: str) -> list[dict[str, Any]]:
    """A list with the entity of this type and name; empty if it has no memories."""
    return _select(connection, project, owner, kind, name)


def _select(
    connection: sqlite3.Connection, project: str, owner: str, kind: str, name: str | None = None
) -> list[dict[str, Any]]:
    column = ENTITY_TYPES[kind]
    condition, parameters = ("IS NOT NULL", (project,)) if name is None else ("= ?", (project, name))
    rows = connection.execute(
        f"SELECT {column} AS name, min(created_at) AS first, max(updated_at) AS last, count(*) AS total"  # noqa: S608
        f" FROM memories WHERE project = ? AND {column} {condition} GROUP BY {column} ORDER BY {column}",
        parameters,
    )
    return [
        {
            "id": str(uuid.uuid5(_NAMESPACE, f"{project}/{kind}/{row['name']}")),
            "name": row["name"],
            "created_at": format_instant(row["first"]),
            "updated_at": format_instant(row["last"]),
            "total_memories": row["total"],
            "owner": owner,
            "metadata": None,
            "type": kind,
        }
        for row in rows
    ]
