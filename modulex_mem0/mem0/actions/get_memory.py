"""`GET /v1/memories/{id}/`: one memory in full."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.ids import MemoryId, OwnerId
from modulex_mem0.mem0.ownership import get_owned_memory
from modulex_mem0.mem0.profile import MEMORY, MEMORY_ID, USER
from modulex_mem0.mem0.replies import Record, mapping, text, text_list, utc

__all__ = ["get_memory"]


class GetMemoryInput(ActionInput):
    """Which memory."""

    user_id: OwnerId
    memory_id: MemoryId


class FullMemory(Record):
    """A memory with every field that Mem0 sends."""

    id: str | None = Field(default=None, description="ID of the memory.")
    memory: str | None = Field(default=None, description="Its text.")
    user_id: str | None = Field(default=None, description="User that it belongs to; null if it is an agent's.")
    agent_id: str | None = Field(default=None, description="Agent that it belongs to.")
    app_id: str | None = Field(default=None, description="App that it belongs to.")
    run_id: str | None = Field(default=None, description="Run or session that it belongs to.")
    hash: str | None = Field(default=None, description="Hash of the text.")
    metadata: dict[str, Any] | None = Field(default=None, description="Keys and values that were kept with it.")
    categories: list[str] = Field(default_factory=list, description="Its categories.")
    created_at: str | None = Field(default=None, description="When it was created, ISO 8601 in UTC.")
    updated_at: str | None = Field(default=None, description="When it was last changed, ISO 8601 in UTC.")
    expiration_date: str | None = Field(
        default=None, description="Last day on which it is found, YYYY-MM-DD in UTC; null if it stays."
    )
    structured_attributes: dict[str, Any] | None = Field(
        default=None, description="Parts of the time of its creation, such as year and day_of_week, in UTC."
    )
    replaced_by: str | None = Field(default=None, description="ID of the memory that replaced it.")
    synthesized: bool | None = Field(default=None, description="Whether Mem0 derived it from other memories.")
    lifecycle_state: str | None = Field(default=None, description="Its state in Mem0.")
    other: dict[str, Any] = Field(default_factory=dict, description="Further fields, as Mem0 sent them.")


class GetMemoryOutput(ActionOutput):
    """The memory in full."""

    memory: FullMemory | None = Field(default=None, description="The memory.")


@action(
    title="Get memory",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": USER, "memory_id": MEMORY_ID},
        output={
            "success": True,
            "error": None,
            "memory": {
                **MEMORY,
                "expiration_date": "2026-12-31",
                "structured_attributes": None,
                "replaced_by": None,
                "synthesized": False,
                "lifecycle_state": "active",
                "other": {},
            },
        },
    ),
)
async def get_memory(context: Context, input: GetMemoryInput) -> GetMemoryOutput:
    """Get one memory by its id with every field that Mem0 sends, such as its expiration date.

    Raises:
        ActionError: `not_found` for a memory that is not this user's; `bad_response` for a reply about another memory.
    """
    return GetMemoryOutput(
        success=True, memory=_full_memory(await get_owned_memory(context, input.user_id, input.memory_id))
    )


_TEXTS = (
    "id",
    "memory",
    "user_id",
    "agent_id",
    "app_id",
    "run_id",
    "hash",
    "expiration_date",
    "replaced_by",
    "lifecycle_state",
)


def _full_memory(item: Mapping[str, Any]) -> FullMemory:
    fields: dict[str, Any] = {name: text(item.get(name)) for name in _TEXTS}
    # Mem0 calls the run `session_id` here.
    if fields["run_id"] is None:
        fields["run_id"] = text(item.get("session_id"))
    synthesized = item.get("synthesized")
    return FullMemory(
        **fields,
        metadata=mapping(item.get("metadata")),
        categories=text_list(item.get("categories")),
        created_at=utc(item.get("created_at")),
        updated_at=utc(item.get("updated_at")),
        structured_attributes=mapping(item.get("structured_attributes")),
        synthesized=synthesized if isinstance(synthesized, bool) else None,
        other={
            name: value for name, value in item.items() if name not in FullMemory.model_fields and name != "session_id"
        },
    )
