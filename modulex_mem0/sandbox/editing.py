"""Changing a memory."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox import fields, memories, project_settings
from modulex_mem0.sandbox.categories import categorize
from modulex_mem0.sandbox.errors import ApiError, memory_not_found
from modulex_mem0.sandbox.memories import Edit


@dataclass(frozen=True)
class Patch:
    """A change that has been checked. Metadata is replaced, not merged.

    Attributes:
        clears_expiry: Whether ``expiration_date`` was given as null.
        created_at: Moment to backdate to, in microseconds since 1970. (``timestamp``; the API's document lacks it, and
            every official client sends it.)
    """

    text: str | None
    metadata: dict[str, Any] | None
    expiration_date: str | None
    clears_expiry: bool
    created_at: int | None

    @classmethod
    def read(cls, body: fields.Body) -> Patch:
        """Check the body of ``PUT /v1/memories/{id}/``.

        Raises:
            ApiError: 400, naming what is wrong; also if there is nothing to change.
        """
        patch = cls(
            text=fields.text(body, "text", blank=False),
            metadata=fields.mapping(body, "metadata"),
            expiration_date=fields.day(body, "expiration_date"),
            clears_expiry="expiration_date" in body and body["expiration_date"] is None,
            created_at=fields.epoch(body, "timestamp"),
        )
        given = (patch.text, patch.metadata, patch.expiration_date, patch.created_at)
        if not patch.clears_expiry and all(value is None for value in given):
            raise ApiError(400, {"error": "At least one of text, metadata, expiration_date, timestamp is required."})
        return patch


def apply(connection: sqlite3.Connection, project: str, identifier: str, patch: Patch) -> sqlite3.Row:
    """Change a memory and return it as it is now.

    Raises:
        ApiError: 404 if there is no such memory in the project, 400 if it is immutable.
    """
    row = memories.find(connection, project, identifier)
    if row is None:
        raise memory_not_found()
    if row["immutable"]:
        raise ApiError(400, {"error": "Memory is immutable and cannot be updated."})
    text = row["memory"] if patch.text is None else patch.text
    kept = json.loads(row["metadata"]) if row["metadata"] is not None else None
    unchanged = text == row["memory"]
    catalogue = project_settings.catalogue(connection, project)
    change = Edit(
        text=text,
        categories=tuple(json.loads(row["categories"])) if unchanged else categorize(text, catalogue),
        metadata=kept if patch.metadata is None else patch.metadata,
        expiration_date=None if patch.clears_expiry else patch.expiration_date or row["expiration_date"],
        created_at=row["created_at"] if patch.created_at is None else patch.created_at,
    )
    return memories.edit(connection, row, change)
