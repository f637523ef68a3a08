"""Deleting many memories, from the queue."""

from __future__ import annotations

import sqlite3
from typing import Any

from modulex_mem0.sandbox import memories, selection
from modulex_mem0.sandbox.conditions import Condition, Node
from modulex_mem0.sandbox.filters import parse_filters
from modulex_mem0.sandbox.scope import ENTITY_KINDS
from modulex_mem0.sandbox.selection import Selection

Results = list[dict[str, Any]]


def by_filter(connection: sqlite3.Connection, project: str, filters: dict[str, Any]) -> Results:
    """Delete what ``filters`` match, expired or not, and tell which memories those were.

    Several entity ids are ANDed. (The service does not promise that; this is the reading that deletes least.)
    """
    return _remove(connection, project, parse_filters(filters))


def by_entity(connection: sqlite3.Connection, project: str, entity: dict[str, Any]) -> Results:
    """Delete an entity's memories. Its name is a name here, also where it is a lone asterisk."""
    return _remove(connection, project, Condition(ENTITY_KINDS[entity["entity_type"]], "eq", entity["entity_id"]))


def _remove(connection: sqlite3.Connection, project: str, tree: Node) -> Results:
    rows = selection.newest_first(connection, Selection.make(project, tree, show_expired=True))
    for row in rows:
        memories.remove(connection, row)
    return [{"id": row["id"], "event": "DELETE"} for row in rows]
