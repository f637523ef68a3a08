"""`GET /v1/memories/{id}/history/`: how a memory came to be what it is."""

from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionError, ActionInput, ActionOutput, Context, ErrorCode, Example, action
from modulex_mem0.mem0.parameters.ids import OwnedMemoryId, OwnerId
from modulex_mem0.mem0.replies.answer import json_of
from modulex_mem0.mem0.replies.history import HistoryRecord, history_record
from modulex_mem0.mem0.replies.values import text
from modulex_mem0.mem0.samples import MEMORY_ID, USER
from modulex_mem0.mem0.service.client import request_reply

__all__ = ["get_memory_history"]


class GetMemoryHistoryInput(ActionInput):
    """Which memory."""

    user_id: OwnerId
    memory_id: OwnedMemoryId


class GetMemoryHistoryOutput(ActionOutput):
    """The memory's changes, in the order in which Mem0 gives them."""

    history: list[HistoryRecord] = Field(default_factory=list, description="The changes.")


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
    """Get the history of a memory: what was said, and what was added, updated or deleted because of it.

    Raises:
        ActionError: `not_found` for a memory that is not this user's; what `request_reply` and `json_of` raise.
    """
    body = json_of(await request_reply(context, "GET", f"/v1/memories/{input.memory_id}/history/"))
    entries = _entries(body)
    # Each entry names its user, so that the history of a memory that was deleted can be read by its user as well.
    own = [entry for entry in entries if text(entry.get("user_id")) == input.user_id]
    if not own:
        raise ActionError(ErrorCode.NOT_FOUND, "this user has no memory with this id")
    return GetMemoryHistoryOutput(success=True, history=[history_record(entry) for entry in own])


def _entries(body: object) -> list[dict[str, Any]]:
    items = body.get("results") if isinstance(body, dict) else body
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ActionError(ErrorCode.BAD_RESPONSE, "Mem0 answered without a list of changes")
    return items
