"""`GET /v1/memories/{id}/history/`: read the changes of a memory."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.ids import MemoryId, OwnerId, same_id
from modulex_mem0.mem0.ownership import Owner, hide_existence, not_owned
from modulex_mem0.mem0.profile import MEMORY_ID, USER
from modulex_mem0.mem0.replies import Record, bad_response, mapping, read_json, refuse_foreign_404, text, text_list, utc

__all__ = ["get_memory_history"]


class GetMemoryHistoryInput(ActionInput):
    """Which memory."""

    user_id: OwnerId
    memory_id: MemoryId


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
    created_at: str | None = Field(default=None, description="When the change was made, ISO 8601 in UTC.")
    updated_at: str | None = Field(default=None, description="When the entry was last changed, ISO 8601 in UTC.")


class GetMemoryHistoryOutput(ActionOutput):
    """The changes of the memory."""

    history: list[HistoryRecord] = Field(default_factory=list, description="The changes, in Mem0's order.")


@action(
    title="Get memory history",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"user_id": USER, "memory_id": MEMORY_ID},
        output={
            "success": True,
            "error": None,
            "history": [
                {
                    "id": "b0b6a9a2-6a0c-4f3f-9c40-0b9f0c0a7d15",
                    "memory_id": MEMORY_ID,
                    "event": "ADD",
                    "old_memory": None,
                    "new_memory": "User is a vegetarian",
                    "input": [{"role": "user", "content": "I am a vegetarian."}],
                    "metadata": None,
                    "categories": ["food"],
                    "created_at": "2026-01-15T10:30:00Z",
                    "updated_at": "2026-01-15T10:30:00Z",
                }
            ],
        },
    ),
)
async def get_memory_history(context: Context, input: GetMemoryHistoryInput) -> GetMemoryHistoryOutput:
    """Get all changes of a memory, with the messages that led to them; a deleted memory keeps its history.

    Raises:
        ActionError: `not_found` for a memory that is not this user's; `bad_response` for a reply without a list, or
            with changes of another memory.
    """
    reply = await context.http.send("GET", f"/v1/memories/{input.memory_id}/history/")
    refuse_foreign_404(reply)
    with hide_existence("memory", input.memory_id):
        # Documented as a bare list; an object with `results` is accepted too.
        entries = reply.objects() if isinstance(read_json(reply), list) else reply.objects("results")
    if not all(same_id(entry.get("memory_id"), input.memory_id) for entry in entries):
        raise bad_response("the service answered with changes of another memory than the requested one")
    # Each entry names its user, so that the history of a memory that was deleted can be read by its user as well.
    owner = Owner(input.user_id)
    own = [entry for entry in entries if owner.owns(entry)]
    if not own:
        raise not_owned("memory", input.memory_id)
    return GetMemoryHistoryOutput(success=True, history=[_history_record(entry) for entry in own])


def _history_record(item: Mapping[str, Any]) -> HistoryRecord:
    messages = item.get("input")
    if not isinstance(messages, list):
        messages = []
    return HistoryRecord(
        id=text(item.get("id")),
        memory_id=text(item.get("memory_id")),
        event=text(item.get("event")),
        old_memory=text(item.get("old_memory")),
        new_memory=text(item.get("new_memory")),
        input=[
            SaidMessage(role=text(message.get("role")), content=text(message.get("content")))
            for message in messages
            if isinstance(message, dict)
        ],
        metadata=mapping(item.get("metadata")),
        categories=text_list(item.get("categories")),
        created_at=utc(item.get("created_at")),
        updated_at=utc(item.get("updated_at")),
    )
