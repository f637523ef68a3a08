"""The settings of a project. The rules follow `custom_categories`; everything else is stored and shown."""

import json
import sqlite3
from typing import Any

from modulex_mem0.sandbox.clock import format_instant, now
from modulex_mem0.sandbox.http.auth import ORGANIZATION

__all__ = ["CHANGEABLE", "change_settings", "custom_categories", "read_settings"]

_DEFAULTS: dict[str, Any] = {
    "name": "Sandbox",
    "description": "A project of the local sandbox",
    "usecase": None,
    "memory_depth": "default",
    "inclusion_prompt": None,
    "exclusion_prompt": None,
    "custom_categories": [],
    "custom_instructions": "",
    "agent_custom_instructions": None,
    "update_custom_instructions": None,
    "summary_custom_instructions": None,
    "summary_batch_size": 20,
    "summary_max_tokens": None,
    "expiration_date": None,
    "enable_graph": False,
    "multilingual": False,
    "version": "v3",
    "active_prompt_profile": None,
    "decay": False,
}
CHANGEABLE = tuple(name for name in _DEFAULTS if name not in {"usecase", "expiration_date", "active_prompt_profile"})


def read_settings(connection: sqlite3.Connection, project: str) -> dict[str, Any]:
    """The settings of a project, with `created_at` and `updated_at`."""
    row = connection.execute("SELECT * FROM projects WHERE project = ?", (project,)).fetchone()
    if row is None:
        moment = now()
        # A created project has its row from the start; this is the one that a key opens.
        own = (project, project, ORGANIZATION, "{}", moment, moment)
        connection.execute("INSERT INTO projects VALUES (?,?,?,?,?,?)", own)
        return {**_DEFAULTS, "created_at": format_instant(moment), "updated_at": format_instant(moment)}
    return {
        **_DEFAULTS,
        **json.loads(row["settings"]),
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
    }


def change_settings(connection: sqlite3.Connection, project: str, changes: dict[str, Any]) -> None:
    """Store new values of some settings."""
    current = read_settings(connection, project)
    kept = {name: changes.get(name, current[name]) for name in CHANGEABLE}
    connection.execute(
        "UPDATE projects SET settings = ?, updated_at = ? WHERE project = ?", (json.dumps(kept), now(), project)
    )


def custom_categories(connection: sqlite3.Connection, project: str) -> list[dict[str, Any]] | None:
    """The project's own categories; `None` if it has none."""
    row = connection.execute("SELECT settings FROM projects WHERE project = ?", (project,)).fetchone()
    own = None if row is None else json.loads(row["settings"]).get("custom_categories")
    return own or None
