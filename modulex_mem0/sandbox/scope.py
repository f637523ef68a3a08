"""Whom a memory belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox import fields
from modulex_mem0.sandbox.errors import field_error

ENTITY_FIELDS = ("user_id", "agent_id", "app_id", "run_id")
ENTITY_KINDS = {"user": "user_id", "agent": "agent_id", "app": "app_id", "run": "run_id"}
LONGEST_ID = 1024


@dataclass(frozen=True)
class Scope:
    """The entity ids on a memory; any may be missing."""

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None

    def __bool__(self) -> bool:
        return any(self.values())

    def values(self) -> tuple[str | None, ...]:
        """The ids in the order of ``ENTITY_FIELDS``."""
        return (self.user_id, self.agent_id, self.app_id, self.run_id)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Scope:
        """Take the ids from the top level of a request's body; null and "" count as missing."""
        found: dict[str, str | None] = {}
        for field in ENTITY_FIELDS:
            value = fields.text(body, field)
            if value is not None and len(value) > LONGEST_ID:
                raise field_error(field, f"Ensure this field has no more than {LONGEST_ID} characters.")
            found[field] = value or None
        return cls(**found)
