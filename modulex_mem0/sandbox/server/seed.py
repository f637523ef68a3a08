"""The file of memories that a sandbox starts with.

It is a JSON list of memories, or an object with that list as `memories` or `results`: what an export, a list and a
search reply. Each needs `memory` and an entity id; `metadata`, `categories`, `immutable`, `expiration_date` and
`created_at` are taken if they are there, and anything else is not looked at.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

from modulex_mem0.sandbox.extraction import categorize
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.requests import Body
from modulex_mem0.sandbox.settings import StartError
from modulex_mem0.sandbox.store import memories
from modulex_mem0.sandbox.store.entities import Scope

__all__ = ["SeedError", "load_seed", "sow"]


class SeedError(StartError):
    """The file cannot be used; the message says where and why, as `seed[0].memory: ...`."""


def load_seed(path: Path) -> list[memories.NewMemory]:
    """Read the file.

    Raises:
        SeedError: It cannot be read, is not JSON, or has an invalid memory.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SeedError(f"{path}: {error}") from error
    if isinstance(raw, dict):
        raw = raw.get("memories", raw.get("results"))
    if not isinstance(raw, list):
        raise SeedError(f'{path}: must be a list of memories, or {{"memories": [...]}}')
    return [_read(item, f"{path}: seed[{index}]") for index, item in enumerate(raw)]


def sow(connection: sqlite3.Connection, project: str, seed: list[memories.NewMemory]) -> None:
    """Store what is not there yet, so that a restart on the same data stores nothing twice."""
    for new in seed:
        if not memories.is_known(connection, project, new.text, new.scope):
            memories.insert(connection, project, new)


def _read(item: object, place: str) -> memories.NewMemory:
    if not isinstance(item, dict):
        raise SeedError(f"{place}: must be an object")
    body = Body(item)
    if body.get("run_id") is None:
        body["run_id"] = body.get("session_id")
    try:
        text = body.text("memory", required=True, blank=False) or ""
        scope = Scope.read(body)
        if not scope:
            raise SeedError(f"{place}: needs a user_id, agent_id, app_id or run_id")
        created_at = body.instant("created_at")
        categories = body.texts("categories")
        return memories.NewMemory(
            text=text,
            scope=scope,
            categories=tuple(categories) if categories else categorize(text),
            input=({"role": "user", "content": text},),
            created_at=None if created_at is None else created_at.micros,
            event_id=None,
            metadata=body.metadata(),
            expiration_date=body.date("expiration_date"),
            immutable=body.flag("immutable", default=False),
        )
    except ApiError as error:
        raise SeedError(f"{place}{_reason(error)}") from error


def _reason(error: ApiError) -> str:
    details: Any = error.body
    [(field, reasons), *_] = details.items()
    return f".{field}: {reasons[0] if isinstance(reasons, list) else reasons}"
