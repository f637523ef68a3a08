"""The users, agents, apps and runs that have memories."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from modulex_mem0.sandbox.clock import written
from modulex_mem0.sandbox.scope import ENTITY_KINDS

_NAMESPACE = uuid.UUID("6f1c7d0a-9d0c-5c53-9a5e-0f6f6d656d30")


def every(connection: sqlite3.Connection, project: str, owner: str) -> list[dict[str, Any]]:
    """All of a project's entities, by kind and name."""
    return [entity for kind in ENTITY_KINDS for entity in _of_kind(connection, project, owner, kind)]


def named(connection: sqlite3.Connection, project: str, owner: str, kind: str, name: str) -> list[dict[str, Any]]:
    """The entity of this kind and name in a list, which is empty if it has no memories."""
    return _of_kind(connection, project, owner, kind, name)


def _of_kind(
    connection: sqlite3.Connection, project: str, owner: str, kind: str, name: str | None = None
) -> list[dict[str, Any]]:
    column = ENTITY_KINDS[kind]
    only, parameters = ("IS NOT NULL", (project,)) if name is None else ("= ?", (project, name))
    rows = connection.execute(
        f"SELECT {column} AS name, min(created_at) AS first, max(updated_at) AS last, count(*) AS total"  # noqa: S608
        f" FROM memories WHERE project = ? AND {column} {only} GROUP BY {column} ORDER BY {column}",
        parameters,
    )
    return [
        {
            "id": str(uuid.uuid5(_NAMESPACE, f"{project}/{kind}/{row['name']}")),
            "name": row["name"],
            "created_at": written(row["first"]),
            "updated_at": written(row["last"]),
            "total_memories": row["total"],
            "owner": owner,
            "metadata": None,
            "type": kind,
        }
        for row in rows
    ]
