"""Exports: a copy of the chosen memories at the time of asking.

Mem0 fills the caller's schema by language model. There is none here: an export holds the memories themselves.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any

from modulex_mem0.sandbox import records, selection
from modulex_mem0.sandbox.clock import now
from modulex_mem0.sandbox.conditions import Node, conditions
from modulex_mem0.sandbox.scope import ENTITY_FIELDS
from modulex_mem0.sandbox.selection import Selection


def create(connection: sqlite3.Connection, project: str, tree: Node) -> str:
    """Make an export and return its id."""
    identifier = str(uuid.uuid4())
    rows = selection.newest_first(connection, Selection.make(project, tree))
    named = {
        condition.field: condition.value
        for condition, positive in conditions(tree)
        if positive and condition.field in ENTITY_FIELDS and condition.operator == "eq"
    }
    connection.execute(
        "INSERT INTO exports (id, project, entities, body, created_at) VALUES (?,?,?,?,?)",
        (
            identifier,
            project,
            json.dumps(named, sort_keys=True),
            json.dumps({"memories": [records.listed(row) for row in rows]}),
            now(),
        ),
    )
    return identifier


def by_id(connection: sqlite3.Connection, project: str, identifier: str) -> dict[str, Any] | None:
    """The export with this id."""
    return _body(
        connection.execute("SELECT body FROM exports WHERE id = ? AND project = ?", (identifier, project)).fetchone()
    )


def latest(connection: sqlite3.Connection, project: str, named: Mapping[str, str]) -> dict[str, Any] | None:
    """The newest export that was made for exactly these entity ids."""
    return _body(
        connection.execute(
            "SELECT body FROM exports WHERE project = ? AND entities = ? ORDER BY pk DESC LIMIT 1",
            (project, json.dumps(dict(named), sort_keys=True)),
        ).fetchone()
    )


def _body(row: sqlite3.Row | None) -> dict[str, Any] | None:
    if row is None:
        return None
    body: dict[str, Any] = json.loads(row["body"])
    return body
