"""One change in a memory's history."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from modulex_mem0.mem0.replies.records import Record
from modulex_mem0.mem0.replies.values import text, text_list

__all__ = ["HistoryRecord", "history_record"]


class SaidMessage(Record):
    """A message that led to a change."""

    role: str | None = Field(default=None, description="Who said it.")
    content: str | None = Field(default=None, description="What was said.")


class HistoryRecord(Record):
    """A change of a memory."""

    id: str | None = Field(default=None, description="The change's id.")
    memory_id: str | None = Field(default=None, description="The memory's id.")
    event: str | None = Field(default=None, description="ADD, UPDATE or DELETE.")
    old_memory: str | None = Field(default=None, description="The text before.")
    new_memory: str | None = Field(default=None, description="The text after.")
    input: list[SaidMessage] = Field(default_factory=list, description="The conversation that led to the change.")
    metadata: dict[str, Any] | None = Field(default=None, description="The metadata after.")
    categories: list[str] = Field(default_factory=list, description="The categories after.")
    created_at: str | None = Field(default=None, description="When the change was made, ISO 8601.")
    updated_at: str | None = Field(default=None, description="When the entry was last touched, ISO 8601.")


def history_record(item: Mapping[str, Any]) -> HistoryRecord:
    """Read one change."""
    said = item.get("input")
    metadata = item.get("metadata")
    return HistoryRecord(
        id=text(item.get("id")),
        memory_id=text(item.get("memory_id")),
        event=text(item.get("event")),
        old_memory=text(item.get("old_memory")),
        new_memory=text(item.get("new_memory")),
        input=[
            SaidMessage(role=text(m.get("role")), content=text(m.get("content"))) for m in said if isinstance(m, dict)
        ]
        if isinstance(said, list)
        else [],
        metadata=metadata if isinstance(metadata, dict) else None,
        categories=text_list(item.get("categories")),
        created_at=text(item.get("created_at")),
        updated_at=text(item.get("updated_at")),
    )
